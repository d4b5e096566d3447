"""What is known: the facts of a log that later entries rest on, noted when they were verified, and used instead of a replay.

Who was sent where by a draw, what an inspector's row said at an index, and what a registry held: the last in a file of the
cache under its hash. A log that was verified whole and one that was watched note the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from verify.calendar import OUTER_DAYS
from verify.ceremony import Draw
from verify.checks.draws import Draws, Outcome
from verify.checks.repeats import LYING
from verify.checks.results import Years, deadline_of
from verify.documents import Row
from verify.history import History
from verify.holdings import Gap, Holding
from verify.rows import Rows
from verify.watch.copy import Copy
from verify.watch.excerpt import Excerpt, Gathering
from verify.watch.register import Register

DAY = 86_400
BEIJING = 8 * 3600


@dataclass
class Remembered(Holding):
    """A registry of inspectors of which only that is asked what somebody's row was; the register knows."""

    register: Register | None = field(default=None, repr=False)
    stream: str = ""

    def inspector_at(self, inspector: str, index: int) -> Row | None:
        """Return an inspector's row as it was before entry `index`."""
        known = self.register.fact("person", self.stream, inspector) if self.register else None
        rows = [row for at, row in known or () if at < index]
        return rows[-1] if rows else None


def known_outcomes(history: Excerpt, register: Register) -> Iterator[tuple[str, Outcome]]:
    """Yield (draw, what inspections need of it) of the draws that are here only for their inspections."""
    inspected: dict[str, list[str]] = {}
    for entry in history.of_kind("inspection.notified"):
        inspected.setdefault(entry.data["draw"], []).append(entry.data["object"])
    for stream, entries in history.of("draw"):
        if stream in history.asked or entries[0].kind != "draw.opened":
            continue
        draw = Draw(stream, list(entries))
        signed = draw.one("draw.witness-signed-off")
        outcome = Outcome(draw, signed_off=signed.index if signed else None)
        if register.fact("teams", stream):
            teams = {name: register.fact("team", stream, name) for name in inspected.get(stream, ())}
            outcome.teams = {name: team for name, team in teams.items() if team is not None}
        yield stream, outcome


def known_registries(draws: Draws, gathered: Gathering) -> Iterator[tuple[str, Holding]]:
    """Yield (registry, what is remembered of its inspectors) of those that are not whole in the excerpt."""
    register = gathered.register
    named = {outcome.draw.opened.data["inspectors"] for outcome in draws.outcomes.values()}
    for stream in sorted(named | draws.holdings.by_stream.keys()):
        fact = register.fact("registry", stream)
        if fact is not None and not gathered.has(stream):
            yield stream, Remembered(fact["type"], known=fact["known"], register=register, stream=stream)


def saved_holdings(history: Excerpt, gathered: Gathering, copy: Copy) -> dict[str, Holding]:
    """Return what registries held when they were last folded, of those where that was before every freeze that is asked."""
    asked = [entry.index for entry in history.of_kind("draw.frozen") if entry.stream in gathered.asked]
    before = min(asked, default=None)
    found = {}
    for stream, _ in history.of("registry"):
        fact = gathered.register.fact("registry", stream)
        if fact is None or not gathered.has(stream) or (before is not None and fact["reached"] >= before):
            continue
        content = copy.kept(fact["file"])
        if content is not None:  # else it is folded from its first batch
            found[stream] = _read(content)
    return found


def _spell(holding: Holding) -> bytes:
    """Return a holding as a file: one line of what is known besides the rows, then the rows in their order."""
    gaps = [[gap.id, gap.left, gap.returned] for gap in holding.gaps]
    parts = [holding.type, holding.item, holding.known, holding.reached, gaps, holding.people]
    head = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return b"".join(line.encode() + b"\n" for line in (head, *holding.state.texts()))


def _read(content: bytes) -> Holding:
    head, *lines = content.decode().split("\n")[:-1]
    kind, item, known, reached, gaps, people = json.loads(head)
    rows = Rows()
    for line in lines:
        rows.add(json.loads(line)["id"], line)
    holding = Holding(kind, item, rows, known, reached, [Gap(*gap) for gap in gaps])
    holding.open_gaps = {gap.id: gap for gap in holding.gaps if gap.returned is None}
    holding.people = {name: [(at, row) for at, row in them] for name, them in people.items()}
    return holding


def note_draws(draws: Draws, register: Register) -> None:
    """Note who was sent where, and the first inspection of each draw."""
    for stream, outcome in draws.outcomes.items():
        if draws.asked is not None and stream not in draws.asked:
            continue
        register.note(outcome.teams is not None, "teams", stream)
        for name, team in (outcome.teams or {}).items():
            if register.fact("team", stream, name) != team:
                register.note(team, "team", stream, name)
    for entry in draws.history.of_kind("inspection.notified"):
        if register.fact("notified", entry.data["draw"]) is None:
            register.note(entry.stream, "notified", entry.data["draw"])


def note_registries(draws: Draws, register: Register, copy: Copy) -> list[str]:
    """Note what every registry that was folded holds; return the files that are needed no more."""
    old = []
    for stream, holding in draws.holdings.by_stream.items():
        fact = register.fact("registry", stream)
        if isinstance(holding, Remembered) or (fact and fact["reached"] == holding.reached):
            continue
        done = -1 if fact is None else fact["reached"]
        for name, rows in holding.people.items():
            if rows[-1][0] > done:
                register.note(rows, "person", stream, name)
        file = copy.keep(_spell(holding))
        made = {"type": holding.type, "known": holding.known, "reached": holding.reached, "file": file}
        register.note(made, "registry", stream)
        old += [fact["file"]] if fact and fact["file"] != made["file"] else []
    return old


def remind(draws: Draws, register: Register, asked: Iterable[str]) -> None:
    """Note on which days streams are to be looked at again: when a deadline or a plan has passed."""
    history = draws.history
    today = history.last_day
    years: Any = None
    for stream in asked:
        days: list[str | None] = []
        if stream in draws.outcomes:
            days = [*_of_draw(history, draws.outcomes[stream].draw)]
        elif stream.startswith("inspection/") and not history.has(stream, "result.published"):
            completed = history.one(stream, "inspection.completed")
            if completed is not None:
                years = years or Years(history, draws.library)
                day, calendar = completed.data["completed_on"], years.latest()
                days = [_after(deadline_of(calendar, day)), _after(deadline_of(calendar, day, OUTER_DAYS))]
        for day in sorted({day for day in days if day is not None and day > today})[:1]:
            register.remind(day, stream)


def _of_draw(history: History, draw: Draw) -> Iterator[str | None]:
    """Yield the days on which a draw may turn out to be left lying, or to have objects without a result."""
    if draw.freeze and draw.one("draw.objects-drawn") is None:
        seconds = draw.freeze["t_reveal"] + draw.freeze["delta"] + LYING + BEIJING
        due = _after("1970-01-01", seconds // DAY)
        yield from (due, _after(due))
    plan = history.one(draw.opened.data["plan"], "plan.drafted")
    if plan is not None:
        yield _after(plan.data["period"]["to"])


def _after(day: str | None, days: int = 1) -> str | None:
    """Return the day so many days later."""
    try:
        return None if day is None else (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    except OverflowError:  # there is no day after 9999-12-31
        return None
