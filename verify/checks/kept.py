"""What was kept: for each code of the draws one finding that says in how many of them it was asked and holds.

A reader who looks for F05 finds a sentence about F05. Counted is only what was really checked: a code of which anything is
BROKEN or UNCHECKED gets no sentence, nor does any code where a draw could not be read whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from verify.ceremony import Draw
from verify.checks import FAULTS
from verify.findings import Finding, holds

SAYINGS: dict[str, tuple[str, str]] = {
    "V2": (
        "{draws} 次冻结的条款、期限、参与方和 C0 都经重算（参与方共 {things} 个）。",
        "The terms, deadlines, parties and C0 of {draws} freezes were recomputed ({things} parties).",
    ),
    "V3": (
        "{draws} 次抽取的承诺集 C1 重算一致（{things} 份承诺）。",
        "C1 was recomputed for {draws} draws ({things} commitments).",
    ),
    "V4": (
        "{draws} 次抽取的揭示都与承诺相符，在信标之前固定（{things} 份揭示）。",
        "In {draws} draws every reveal opens its commitment, and all was closed before the beacon ({things} reveals).",
    ),
    "V5": (
        "{draws} 次抽取的信标都是冻结时约定的，形式和哈希相符（{things} 个）。",
        "The beacons of {draws} draws are those that were named, in form and hash ({things} beacons).",
    ),
    "V6": ("{draws} 次抽取的种子重算一致。", "The seed of {draws} draws was recomputed."),
    "V7": (
        "{draws} 次抽取的票号、名次和分层重算一致（{things} 个被抽中的对象）。",
        "Tickets, ranks and strata of {draws} draws were recomputed ({things} objects drawn).",
    ),
    "V9": (
        "{draws} 次选派没有应回避的人员，公开的回避与冻结时的承诺相符（{things} 个对象）。",
        "In {draws} draws nobody recused was sent, and every opened recusal is the frozen one ({things} objects).",
    ),
    "V10": (
        "{draws} 次选派重放一致（{things} 个席位）。",
        "The teams of {draws} draws were replayed ({things} seats).",
    ),
    "F03": (
        "{draws} 次抽取的比例是计划的比例，在法定范围内（{things} 层）。",
        "The ratios of {draws} draws are those of the plan and within the law ({things} strata).",
    ),
    "F04": (
        "全部 {draws} 次抽取都在计划发布、名录库备案并对应之后开启。",
        "All {draws} draws were opened after the plan was published and the registries were filed and paired.",
    ),
    "F05": (
        "在全部 {draws} 次抽取中纪检全程在场（签到和签字 {things} 次）。",
        "The discipline office was present in every phase of all {draws} draws ({things} check-ins and sign-offs).",
    ),
    "F06": (
        "{draws} 次抽取的承诺、揭示和信标都在其依据公开之后、期限之内（{things} 个所引检查点）。",
        "In {draws} draws every part of the seed came in its time, after what it rests on was public ({things} anchors).",
    ),
    "F07": (
        "{draws} 次冻结的名单就是当时名录库的全部，没有隐去、加入或另设专门名单（{things} 行）。",
        "The pools of {draws} draws are the whole registries: nobody hidden, added or chosen before ({things} lines).",
    ),
    "F09": (
        "{draws} 次抽取中没有抽中被排除的对象，也没有无据排除（排除 {things} 个）。",
        "In {draws} draws no excluded object was drawn and none was excluded without ground ({things} excluded).",
    ),
}
RESTS_ON = {"V7": "F02", "F09": "F02"}
"""Code -> the code without which it was not asked: a drawn list that is not here has no ranks to compare."""


class Kept:
    """The codes of which something is wrong, and how much was checked of the others."""

    def __init__(self) -> None:
        self.faulty: set[str] = set()
        self.draws: Counter[str] = Counter()
        self.things: Counter[str] = Counter()

    def watch(self, found: Iterable[Finding]) -> Iterator[Finding]:
        """Pass findings on, and remember of which codes something is wrong."""
        for finding in found:
            self.remember([finding])
            yield finding

    def remember(self, found: Iterable[Finding]) -> None:
        """Remember of which codes something is wrong."""
        self.faulty |= {finding.check for finding in found if finding.outcome in FAULTS}

    def count(self, draw: Draw) -> None:
        """Add what was checked of a draw."""
        for code, things in (*_ceremony(draw), *_lists(draw)):
            self.draws[code] += 1
            self.things[code] += things

    def conclusions(self) -> Iterator[Finding]:
        """Yield one finding for each code that was asked and holds."""
        for code, (zh, en) in SAYINGS.items():
            if self.draws[code] and not {code, RESTS_ON.get(code)} & self.faulty:
                numbers = {"draws": self.draws[code], "things": self.things[code]}
                yield holds(code, zh.format(**numbers), en.format(**numbers))


def _ceremony(draw: Draw) -> Iterator[tuple[str, int]]:
    """Yield (code, number of things) of what was checked of the acts."""
    yield "F04", 1
    if draw.frozen is None:
        return
    yield "F05", len([*draw.all("draw.witness-checked-in"), *draw.all("draw.witness-signed-off")])
    yield "V2", len(draw.freeze["parties"])
    if draw.c1 is not None:
        yield "V3", len(draw.all("draw.contribution-committed"))
    if draw.c2 is not None:
        yield "V4", len(draw.all("draw.contribution-revealed"))
    if draw.beacons:
        yield "V5", len(draw.beacons)
    if draw.seed is not None:
        yield "V6", 1
    anchored = sum("covered" in entry.data for entry in draw.entries)
    if anchored:
        yield "F06", anchored


def _lists(draw: Draw) -> Iterator[tuple[str, int]]:
    """Yield (code, number of things) of what was checked of the lists, while they are at hand."""
    if draw.objects is None or draw.tally is None or draw.inspectors is None:
        return
    yield "F03", len(draw.tally.strata)
    if draw.eligible is not None:
        yield "F07", len(draw.objects) + len(draw.inspectors)
    if draw.drawn is None or draw.seed is None:
        return
    yield "F09", draw.tally.by_ground.total()
    yield "V7", len(draw.drawn)
    if draw.teams is None or draw.recused is None:
        return
    yield "V9", len(draw.teams)
    yield "V10", sum(len(line["inspectors"]) for line in draw.teams)
    if draw.eligible is not None:
        yield "F12", sum(bool(line["inspectors"]) for line in draw.teams)
