"""Repeats: an item is drawn once in a period, and a draw whose outcome can be known is finished, never left lying.

F17, 方案第五(三)1条: whoever may draw again until the outcome pleases, or leave a draw that displeases, steers it. Source: draw
specification, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from verify.ceremony import Draw
from verify.checks import concluded
from verify.entries import Entry
from verify.findings import Finding, broken, holds
from verify.history import History

RULE = "方案第五(三)1条"
LYING = 72 * 3600
"""So many seconds after the time of the beacon the objects are drawn; and before the plan ends."""


def check_repeats(history: History, draws: Sequence[Draw]) -> Iterator[Finding]:
    """All draws, in the order in which they were opened."""
    opened = sorted(draws, key=lambda each: each.opened.index)
    zh = f"{len(draws)} 次抽取中没有重抽，也没有搁置不抽的。"
    en = f"Of {len(draws)} draws none repeats another, and none whose outcome can be known was left lying."
    found = [*_again(history, opened), *(each for draw in opened for each in _lying(history, draw))]
    yield from concluded(found, lambda: holds("F17", zh, en), len(draws))


def _again(history: History, draws: Sequence[Draw]) -> Iterator[Finding]:
    before: dict[tuple[str, str], list[tuple[Draw, Entry | None]]] = {}
    for draw in draws:
        data = draw.opened.data
        plan = history.one(data["plan"], "plan.drafted")
        others = before.setdefault((data["unit"], data["item"]), [])
        again = next((other for other, its in others if _overlap(draw, plan, other, its)), None)
        others.append((draw, plan))
        if again is not None:
            zh = f"{draw.stream} 是事项 {data['item']} 在同一期间的又一次抽取，此前已有 {again.stream}：不得重抽（{RULE}）。"
            en = f"{draw.stream} draws {data['item']} of the same period again, after {again.stream}: no redraw."
            yield broken("F17", zh, en, draw.opened.index)


def _overlap(draw: Draw, plan: Entry | None, other: Draw, its: Entry | None) -> bool:
    """Whether both draws are of one plan, or of plans whose periods overlap."""
    if plan is None or its is None:
        return bool(draw.opened.data["plan"] == other.opened.data["plan"])
    a, b = plan.data["period"], its.data["period"]
    return bool(plan.stream == its.stream or (a["from"] <= b["to"] and b["from"] <= a["to"]))


def _lying(history: History, draw: Draw) -> Iterator[Finding]:
    closed = draw.one("draw.reveals-closed")
    if closed is None or not draw.freeze or draw.one("draw.objects-drawn") is not None:
        return
    last = history.entries[-1]
    due = draw.freeze["t_reveal"] + draw.freeze["delta"] + LYING
    plan = history.one(draw.opened.data["plan"], "plan.drafted")
    end = plan.data["period"]["to"] if plan is not None else "9999-12-31"
    if last.seconds > due or last.day > end:
        zh = f"{draw.stream} 的揭示已截止，结果可以知晓，截至 {last.day} 仍未抽取对象：不得搁置（{RULE}）。"
        en = f"{draw.stream}: its outcome can be known, but by {last.day} nothing was drawn: it was left lying."
        yield broken("F17", zh, en, closed.index)
