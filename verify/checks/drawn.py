"""The drawn list: replayed from the frozen pool and the seed, and compared byte by byte.

F02: the replay gives another list. V7: tickets, numbers and thresholds. F03: 方案第五(一)条, the share that was drawn.
F09: an excluded object was drawn. Source: draw specification, section 4.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

from verify import ratios, replay
from verify.ceremony import Draw
from verify.documents import Row
from verify.entries import Entry
from verify.findings import Finding, broken, unchecked
from verify.library import Absent, Library, Unlike

LINE = {"id": "id", "rank": "pos", "stratum": "=A|=B|=C|=D", "ticket": "hex32"}
RATIO_RULE = "方案第五(一)条"

Replayed = Generator[Finding, None, list[Row] | None]


def check_drawn(draw: Draw, library: Library) -> Iterator[Finding]:
    """Fill `drawn` of the draw: the list as recorded, or as replayed where the recorded one is not here."""
    recorded = draw.one("draw.objects-drawn")
    if recorded is None:
        return
    right = yield from _replayed(draw, recorded)
    stated = yield from _recorded(draw, recorded, library)
    draw.drawn = stated if stated is not None else right
    if stated is None or stated == right:  # a replay draws nobody who is excluded
        return
    yield from _excluded(draw, recorded, stated)
    if right is not None:
        yield from _differences(draw, recorded, right, stated)


def _replayed(draw: Draw, recorded: Entry) -> Replayed:
    """Return the lines that the pool and the seed give, sorted by id; None where there is no pool or no seed."""
    if draw.objects is None or draw.seed is None:
        zh = f"{draw.stream}：缺少名单或种子，抽取结果未能重放。"
        yield unchecked(
            "V7", zh, f"{draw.stream}: without pool or seed the drawn list is not replayed.", recorded.index
        )
        return None
    try:
        drawn = replay.draw_objects(draw.seed, draw.freeze, draw.objects)
    except ValueError as error:
        zh = f"{draw.stream}：无法抽取：{error}。"
        yield broken("V7", zh, f"{draw.stream}: nothing can be drawn: {error}.", recorded.index)
        return None
    if drawn.strata != recorded.data["strata"]:
        for name in sorted(drawn.strata.keys() | recorded.data["strata"].keys()):
            due, stated = drawn.strata.get(name), recorded.data["strata"].get(name)
            if due != stated:
                zh = f"{draw.stream} 的 {name} 层应为 {due}，记录写 {stated}。"
                yield broken(
                    "V7", zh, f"{draw.stream}, stratum {name}: {due} is due, {stated} recorded.", recorded.index
                )
    waived = draw.freeze["waivers"].keys()
    for name, stratum in recorded.data["strata"].items():
        if name not in waived and not ratios.is_legal(draw.freeze["item_class"], stratum["n"], stratum["k"]):
            zh = f"{draw.stream} 的 {name} 层从 {stratum['n']} 个中抽取 {stratum['k']} 个，超出法定比例（{RATIO_RULE}）。"
            en = f"{draw.stream}, stratum {name}: {stratum['k']} of {stratum['n']} is outside the legal ratio."
            yield broken("F03", zh, en, recorded.index)
    return sorted(drawn.lines, key=lambda line: str(line["id"]))


def _recorded(draw: Draw, recorded: Entry, library: Library) -> Replayed:
    try:
        return library.listing(recorded.data, LINE)
    except Absent:
        zh = f"{draw.stream} 的抽取名单缺失，未能比较。"
        yield unchecked("F02", zh, f"{draw.stream}: the drawn list is not here to be compared.", recorded.index)
    except Unlike as error:
        zh = f"{draw.stream} 的抽取名单{error.zh}。"
        yield broken("F02", zh, f"{draw.stream}, drawn list: {error}.", recorded.index)
    return None


def _excluded(draw: Draw, recorded: Entry, stated: list[Row]) -> Iterator[Finding]:
    names = {line["id"] for line in stated}
    grounds = {line["id"]: line.get("excluded") for line in draw.objects or () if line["id"] in names}
    for line in stated:
        ground = grounds.get(line["id"])
        if ground is not None:
            zh = f"{draw.stream}：被排除的对象 {line['id']}（{ground}）却被抽中。"
            yield broken(
                "F09", zh, f"{draw.stream}: {line['id']} was drawn though excluded ({ground}).", recorded.index
            )


def _differences(draw: Draw, recorded: Entry, right: list[Row], stated: list[Row]) -> Iterator[Finding]:
    due, have = {line["id"]: line for line in right}, {line["id"]: line for line in stated}
    left_out, put_in = sorted(due.keys() - have.keys()), sorted(have.keys() - due.keys())
    if left_out:
        zh = f"{draw.stream}：重放应抽中而名单里没有：{_some(left_out)}。"
        yield broken(
            "F02", zh, f"{draw.stream}: the replay draws {_some(left_out)}, the list lacks them.", recorded.index
        )
    if put_in:
        zh = f"{draw.stream}：名单里有而重放没有抽中：{_some(put_in)}。"
        yield broken(
            "F02", zh, f"{draw.stream}: the list names {_some(put_in)}, the replay does not draw them.", recorded.index
        )
    for name in sorted(due.keys() & have.keys()):
        if due[name] != have[name]:
            zh = f"{draw.stream}：{name} 应为 {_numbers(due[name])}，名单写 {_numbers(have[name])}。"
            en = f"{draw.stream}: {name} has {_numbers(due[name])}, the list says {_numbers(have[name])}."
            yield broken("V7", zh, en, recorded.index)


def _numbers(line: Row) -> str:
    return f"{line['stratum']}/{line['rank']}/{line['ticket'][:12]}…"


def _some(names: list[str]) -> str:
    more = f" … ({len(names)})" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
