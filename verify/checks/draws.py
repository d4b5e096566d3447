"""The draws: each one replayed from its opening to the teams, in the order in which the pools were frozen.

What every part checks stands in the file of that part; this one hands a draw through them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import partial

from verify.ceremony import STEPS, STEPS_ZH, Draw
from verify.checks import concluded
from verify.checks.assigned import check_assigned
from verify.checks.contributions import check_anchors, check_contributions
from verify.checks.cosigned import check_cosigned, conclude_cosigned
from verify.checks.drawn import check_drawn
from verify.checks.kept import Kept
from verify.checks.opening import check_opening
from verify.checks.order import check_order, check_witness
from verify.checks.plans import Items
from verify.checks.pools import check_pool
from verify.checks.registries import check_pairings
from verify.checks.repeats import check_repeats
from verify.checks.seeds import check_beacons, check_seed
from verify.checks.terms import check_terms
from verify.findings import Finding, holds, unchecked
from verify.history import History
from verify.holdings import Holdings
from verify.library import Library
from verify.rotation import Ring


@dataclass
class Outcome:
    """What inspections need of a draw: its teams, its plan and item, and when it was signed off."""

    draw: Draw
    teams: dict[str, list[str]] | None = None
    signed_off: int | None = None

    @property
    def names(self) -> list[str] | None:
        """The drawn objects, whether or not they have teams yet; None where they cannot be told."""
        return None if self.draw.drawn is None else [line["id"] for line in self.draw.drawn]


@dataclass
class Draws:
    """All draws of a log; `outcomes` is filled while they are checked, `kept` with what holds in them.

    `asked`: the ones that are checked, where not all of them are; then `outcomes` has of the others what inspections need.
    """

    history: History
    library: Library
    holdings: Holdings
    items: Items
    ring: Ring
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    kept: Kept = field(default_factory=Kept)
    asked: Collection[str] | None = None

    def check(self) -> Iterator[Finding]:
        """Replay every draw; the registries are folded on the way, up to each freeze."""
        draws: list[Draw] = []
        for stream, entries in self.history.of("draw"):
            if entries[0].kind == "draw.opened":
                draws.append(Draw(stream, list(entries)))
            else:
                zh = f"{stream} 的开启记录不可读，无法重放。"
                yield unchecked("V1", zh, f"{stream}: its opening is not readable, no replay.", entries[0].index)
        notified, checked = self._notified(), list[Draw]()
        for draw in sorted(draws, key=lambda each: each.frozen.index if each.frozen else each.opened.index):
            if self.asked is not None and draw.stream not in self.asked:
                continue
            found = self.kept.watch(self._one(draw, notified.get(draw.stream)))
            yield from concluded(found, partial(_conclusion, draw))
            self.kept.count(draw)
            checked.append(draw)
            draw.let_go()
        self.kept.remember(check_pairings(self.history))  # they are told with the registries
        if self.whole:
            yield from self.kept.conclusions()
            yield from conclude_cosigned(checked, self.kept.faulty)
        yield from check_repeats(self.history, draws)

    @property
    def whole(self) -> bool:
        """Whether every entry of every draw could be read."""
        return not any(stream.startswith("draw/") for stream in self.history.unread)

    def _one(self, draw: Draw, notified: int | None) -> Iterator[Finding]:
        if draw.stream in self.history.unread:
            zh = f"{draw.stream} 有不合格的记录未计入，重放不完整。"
            yield unchecked("V1", zh, f"{draw.stream} has entries that were left out.", draw.opened.index)
        outcome = self.outcomes[draw.stream] = Outcome(draw)
        yield from check_opening(draw, self.history)
        yield from check_order(draw)
        yield from check_witness(draw, notified)
        if draw.frozen is not None:
            self.holdings.advance(draw.frozen.index)
            yield from check_terms(draw, draw.frozen, self.history, self.items)
            yield from check_pool(draw, draw.frozen, self.history, self.holdings, self.library)
        yield from check_contributions(draw)
        yield from check_anchors(draw, self.history, self.ring)
        yield from check_cosigned(draw, self.history, self.ring)
        yield from check_beacons(draw)
        yield from check_seed(draw)
        yield from check_drawn(draw, self.library)
        yield from check_assigned(draw, self.library)
        signed = draw.one("draw.witness-signed-off")
        outcome.signed_off = signed.index if signed else None
        if draw.teams is not None:
            outcome.teams = {line["id"]: line["inspectors"] for line in draw.teams}

    def _notified(self) -> dict[str, int]:
        """Return draw -> the first entry that notified one of its inspections."""
        first: dict[str, int] = {}
        for entry in self.history.of_kind("inspection.notified"):
            first.setdefault(entry.data["draw"], entry.index)
        return first


def _conclusion(draw: Draw) -> Finding:
    drawn = draw.one("draw.objects-drawn")
    if drawn is None:
        zh = f"{draw.stream} 进行到{STEPS_ZH[draw.progress]}，到此为止全部合规。"
        en = f"{draw.stream} has come to: {STEPS[draw.progress]}; so far all of it holds."
        return holds("F02", zh, en, draw.opened.index)
    eligible = sum(stratum["n"] for stratum in drawn.data["strata"].values())
    people = len({name for line in draw.teams or () for name in line["inspectors"]})
    number = drawn.data["count"]
    zh = f"{draw.stream} 重放一致：{eligible} 个对象中抽取 {number} 个，选派 {people} 名检查人员，逐字节相同。"
    en = f"{draw.stream} replayed: {number} of {eligible} objects and {people} inspectors, byte by byte the same."
    return holds("F02", zh, en, draw.opened.index)
