"""The reading: a log that was verified, from its first registry to its last draw, folded once into evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from verify.audit.evidence import RECENT, Away, Evidence, Sent
from verify.documents import parse
from verify.entries import Entry
from verify.facts import NUMBERS
from verify.history import History
from verify.library import Library, rows_of
from verify.pool import UNCLASSIFIED
from verify.replay import assign_inspectors, draw_objects

ENDED = {"draw.aborted": "aborted", "draw.beacon-failed": "beacon failed", "plan.voided": "plans voided"}
"""Kinds that a log may have or not, and what they are counted as."""
FEW = frozenset({"id", "row", "stratum", "excluded"})


@dataclass
class Known:
    """What is known of the rows of a registry of objects, as far as the log was read; `left`: when and from which stratum."""

    rows: dict[str, tuple[bool, str, tuple[str, ...]]] = field(default_factory=dict)
    left: dict[str, tuple[Entry, str]] = field(default_factory=dict)
    frozen: list[float] = field(default_factory=list)
    gaps: list[tuple[str, float, float]] = field(default_factory=list)


@dataclass
class Reader:
    """Reads one log into `evidence`; `prefix` goes before the names that are a log's own."""

    history: History
    library: Library
    evidence: Evidence
    prefix: str = ""
    since: str = ""
    known: dict[str, Known] = field(default_factory=dict)
    freezes: list[tuple[int, str]] = field(default_factory=list)

    def read(self) -> None:
        """Fold batches and draws in the order of the log."""
        self.freezes = [(entry.index, entry.day) for entry in self.history.of_kind("draw.frozen")]
        attempts = {entry.index: part for part in self._attempts() for entry in part if entry.kind == "draw.frozen"}
        for entry in self.history.of_kind("registry.imported", "draw.frozen"):
            if entry.kind == "registry.imported":
                self._fold(entry)
            elif entry.index in attempts:
                self._draw(attempts[entry.index], entry)
        self._gaps()
        self._calendar()
        for kind in ENDED.keys() & NUMBERS.keys():
            for entry in self.history.of_kind(kind):
                if entry.day >= self.since:
                    began = self.history.streams.get(entry.stream)[0]  # the log itself may have ended it
                    self.evidence.conduct[self._who(began)][ENDED[kind]] += 1

    def _attempts(self) -> Iterator[list[Entry]]:
        """Yield the entries of each attempt of each draw, from its freeze to the next one."""
        for _, entries in self.history.of("draw"):
            part: list[Entry] = []
            for entry in entries:
                if entry.kind == "draw.frozen" and part:
                    yield part
                    part = []
                if entry.kind == "draw.frozen" or part:
                    part.append(entry)
            if part:
                yield part

    def _who(self, entry: Entry) -> str:
        return self.prefix + entry.actor["account"]

    def _fold(self, entry: Entry) -> None:
        created = self.history.one(entry.stream, "registry.created")
        kind = created.data["type"] if created else ""
        counts = self.evidence.churn[self._who(entry)]
        near = any(entry.index < index and 0 <= _days(entry.day, day) <= RECENT for index, day in self.freezes)
        if entry.day >= self.since:
            for key in ("added", "changed", "removed"):
                counts[f"{key} {'before a freeze' if near else 'else'}"] += entry.data[key]
        if kind != "objects":
            return
        known = self.known.setdefault(entry.stream, Known())
        for change in self.library.changes(entry.data, "objects"):
            before = known.rows.get(change.id)
            row = json.loads(change.text) if change.text else None
            groups = [f"{name}:{row[name]}" for name in ("district", "type") if row[name]] if row else []
            stratum = (row["risk"] or UNCLASSIFIED) if row else UNCLASSIFIED
            if before is not None and before[0] and not change.active:
                known.left[change.id] = entry, before[1]
            elif change.active and change.id in known.left:
                left, _ = known.left.pop(change.id)
                if left.day >= self.since:
                    known.gaps.append((change.id, _moment(left), _moment(entry)))
            known.rows[change.id] = change.active, stratum, tuple(groups)

    def _draw(self, entries: list[Entry], frozen: Entry) -> None:
        freeze, evidence = frozen.data["freeze"], self.evidence
        known = self.known.setdefault(freeze["objects"]["registry"], Known())
        known.frozen.append(_moment(frozen))
        if frozen.day < self.since:
            return
        by_kind = {entry.kind: entry for entry in entries}
        self._conduct(entries, frozen)
        seeded, drawn = by_kind.get("draw.seed-derived"), by_kind.get("draw.objects-drawn")
        if seeded is None or drawn is None:
            return
        named = {"document": frozen.data["documents"]["objects"], **_counted(freeze["objects"])}
        pool = self.library.listing(named)
        seed = bytes.fromhex(seeded.data["seed"])
        if any(line.keys() - FEW for line in pool):
            self._leave_out(frozen, "名单另有封存内容，无法重算", "its pool is sealed")
            return
        replayed = draw_objects(seed, freeze, pool)
        if sorted(line["id"] for line in replayed.lines) != [line["id"] for line in self.library.lines(drawn.data)]:
            self._leave_out(frozen, "抽取名单不是按种子直接得出", "its list is not the plain draw of its seed")
            return
        gone = {
            name: (stratum, f"{self._who(entry)}: removed before a freeze")
            for name, (entry, stratum) in known.left.items()
            if 0 <= _days(entry.day, frozen.day) <= RECENT
        }
        evidence.add_draw(seed, pool, replayed, {name: row[2] for name, row in known.rows.items()}, gone)
        if (assigned := by_kind.get("draw.inspectors-assigned")) is not None:
            self._teams(frozen, seed, [line["id"] for line in replayed.lines], assigned)

    def _teams(self, frozen: Entry, seed: bytes, drawn: list[str], assigned: Entry) -> None:
        freeze = frozen.data["freeze"]
        named = {"document": frozen.data["documents"]["inspectors"], **_counted(freeze["inspectors"])}
        people = self.library.listing(named)
        opened = rows_of(parse(self.library.pieces(assigned.data["opened"])))
        recused = {line["id"]: line["inspectors"] for line in opened}
        again = assign_inspectors(seed, freeze, people, drawn, recused).lines
        teams = {line["id"]: line["inspectors"] for line in again}
        if teams != {line["id"]: line["inspectors"] for line in self.library.lines(assigned.data)}:
            self._leave_out(frozen, "选派不是按种子直接得出", "its teams are not the plain assignment of its seed")
            return
        sent = Sent(frozen.stream, seed, freeze, people, drawn, recused, teams)
        self.evidence.sent.setdefault(self.prefix, []).append(sent)

    def _conduct(self, entries: list[Entry], frozen: Entry) -> None:
        freeze, conduct = frozen.data["freeze"], self.evidence.conduct
        conduct[self._who(frozen)]["frozen"] += 1
        accounts = {party["id"]: self.prefix + party["account"] for party in freeze["parties"]}
        for entry in entries:
            if entry.kind == "draw.contribution-committed":
                conduct[accounts[entry.data["party"]]]["contributions"] += 1
            elif entry.kind == "draw.contribution-withheld":
                conduct[accounts[entry.data["party"]]]["withheld"] += 1
            elif entry.kind == "draw.objects-drawn":
                conduct[self._who(frozen)]["drawn"] += 1
            late = {"draw.commitments-closed": freeze["t_commit"], "draw.reveals-closed": freeze["t_reveal"]}
            if entry.kind in late and _moment(entry) > late[entry.kind] + 1:
                conduct[self._who(frozen)]["closed after the deadline"] += 1

    def _calendar(self) -> None:
        """Count the days of the log within ten days before a freeze, and the others: the baseline of changes."""
        first, last = (date.fromisoformat(self.history.entries[place].day) for place in (0, -1))
        first = max(first, date.fromisoformat(self.since)) if self.since else first
        days = range(first.toordinal(), last.toordinal() + 1)
        frozen = [date.fromisoformat(day).toordinal() for _, day in self.freezes]
        near = sum(any(0 <= each - day <= RECENT for each in frozen) for day in days)
        self.evidence.days[self.prefix] = near, len(days) - near

    def _gaps(self) -> None:
        """How likely a gap of this length, at any moment of the log, would have met a freeze of its registry."""
        first, last = (_moment(self.history.entries[place]) for place in (0, -1))
        for known in self.known.values():
            for name, left, back in known.gaps:
                met, reach = 0.0, first
                for frozen in sorted(known.frozen):
                    start = max(reach, frozen - (back - left))
                    met += max(0.0, frozen - start)
                    reach = max(reach, frozen)
                room = max(last - first - (back - left), 1.0)
                missed = any(left < frozen < back for frozen in known.frozen)
                self.evidence.away.append(Away(name, back - left, min(1.0, met / room), missed))

    def _leave_out(self, frozen: Entry, zh: str, en: str) -> None:
        name = f"{self.prefix}{frozen.stream} #{frozen.index}"
        self.evidence.left_out.append((f"{name} 未计入：{zh}", f"{name} is left out: {en}"))


def _counted(population: dict[str, object]) -> dict[str, object]:
    return {"count": population["count"], "root": population["root"]}


def _days(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def _moment(entry: Entry) -> float:
    return datetime.fromisoformat(entry.at).timestamp()
