"""The frozen pool: rebuilt from the registries as they were, line by line, so that nobody is hidden and nobody added.

F07: 方案第五(三)条, all objects and all eligible inspectors, no special roster. F09: nobody is left out without ground.
F03: a stratum too small for the ratios has a recorded waiver. V2: roots, counts, exclusions and recusals.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from typing import Any

from verify import pool, ratios
from verify.ceremony import Draw
from verify.checks.compared import Some, paired
from verify.documents import Listing, Row
from verify.entries import Entry
from verify.findings import Finding, broken, noted, unchecked
from verify.history import History
from verify.holdings import Holding, Holdings
from verify.kinds import COMMITMENT
from verify.library import Absent, Library, Listed, Unlike
from verify.pool import Tally

RULES = {"objects": "方案第五(三)1条", "inspectors": "方案第五(三)2条"}
NAMES_ZH = {"objects": "检查对象", "inspectors": "检查人员"}
LINES = {
    "objects": {"id": "id", "row": "hex32", "stratum": "=A|=B|=C|=D", "excluded?": "text"},
    "inspectors": {"id": "code", "row": "hex32", "excluded?": "text"},
}
REASON = 200
RECUSAL_LINE = {"id": "id", "recused": COMMITMENT}


def check_pool(draw: Draw, frozen: Entry, history: History, holdings: Holdings, library: Library) -> Iterator[Finding]:
    """Fill `objects`, `tally`, `inspectors`, `eligible` and `recused`; `holdings` stand where the freeze stood."""
    freeze, tally = frozen.data["freeze"], Tally()
    for kind in ("objects", "inspectors"):
        yield from _version(draw, frozen, kind, history)
    known = _holding(holdings, freeze, "objects")
    right = Listing.of(tally.over(pool.object_lines(known.state))) if known else None
    draw.objects = yield from _compare(draw, frozen, "objects", right, library)
    if draw.objects is not None:
        draw.tally = tally if draw.objects is right else _tallied(draw.objects)
    known = _holding(holdings, freeze, "inspectors")
    lines = pool.inspector_lines(known.state, freeze["item"], freeze["as_of"]) if known else ()
    right = Listing.of(lines) if known else None
    inspectors = yield from _compare(draw, frozen, "inspectors", right, library)
    draw.inspectors = None if inspectors is None else list(inspectors)
    draw.eligible = None if right is None else {line["id"]: line.get("excluded") for line in right}
    yield from _elsewhere(draw, frozen, holdings)
    if draw.tally is not None:
        yield from _exclusions(draw, frozen, draw.tally)
        yield from _waivers(draw, frozen, draw.tally)
    yield from _recusals(draw, frozen, library)


def _version(draw: Draw, frozen: Entry, kind: str, history: History) -> Iterator[Finding]:
    stated = frozen.data["freeze"][kind]
    entries = history.before(stated["registry"], frozen.index)
    version = entries[-1].version if entries else 0
    if stated["version"] != version:
        zh = f"{draw.stream} 冻结的是 {stated['registry']} 第 {stated['version']} 版，当时已是第 {version} 版。"
        yield broken("V2", zh, f"{draw.stream} froze version {stated['version']}, it was {version}.", frozen.index)


def _holding(holdings: Holdings, freeze: dict[str, Any], kind: str) -> Holding | None:
    """Return the registry that a freeze names; None where it is none of that kind, or nobody knows what it held."""
    holding = holdings.by_stream.get(freeze[kind]["registry"])
    return holding if holding is not None and holding.type == kind and holding.known else None


def _tallied(objects: Listed | Listing) -> Tally:
    tally = Tally()
    deque(tally.over(objects), maxlen=0)
    return tally


def _elsewhere(draw: Draw, frozen: Entry, holdings: Holdings) -> Iterator[Finding]:
    """Whoever could be drawn by another registry of the log is in the pool too: a registry of chosen ones is a special roster."""
    freeze = frozen.data["freeze"]
    for kind, lines in (("objects", draw.objects), ("inspectors", draw.inspectors)):
        for stream, holding in holdings.by_stream.items():
            if lines is None or holding.type != kind or stream == freeze[kind]["registry"]:
                continue
            left_out = Some()
            for row, line in paired(_drawable(holding, freeze), lines):
                if row is not None and line is None:
                    left_out.add(row["id"])
            if left_out:
                zh = f"{draw.stream} 的名单没有 {stream} 里可抽取的{NAMES_ZH[kind]} {left_out}（{RULES[kind]}）。"
                en = f"{draw.stream}: a special roster, without these {kind} of {stream}: {left_out}."
                yield broken("F07", zh, en, frozen.index)


def _drawable(holding: Holding, freeze: dict[str, Any]) -> Iterator[Row]:
    """Yield the rows of another registry that could be drawn under this freeze, sorted by id."""
    if holding.type == "inspectors":
        item, day = freeze["item"], freeze["as_of"]
        yield from (row for row in holding.state if pool.inspector_ground(row, item, day) is None)
    elif holding.item == freeze["item"]:
        yield from (row for row in holding.state if pool.object_ground(row) is None)


def _compare(
    draw: Draw, frozen: Entry, kind: str, right: Listing | None, library: Library
) -> Generator[Finding, None, Listing | Listed | None]:
    """Return the lines that were frozen, None where nobody can tell; and say how they differ from the `right` ones."""
    stated, name = frozen.data["freeze"][kind], NAMES_ZH[kind]
    if right is not None and right.fingerprint == {"count": stated["count"], "root": stated["root"]}:
        yield from _same_bytes(draw, frozen, kind, right)
        return right
    if right is None:
        zh = f"{draw.stream}：当时的{name}名录库无法重建，冻结名单是否完整未能核验。"
        yield unchecked(
            "F07", zh, f"{draw.stream}: the {kind} registry cannot be rebuilt, the pool is unchecked.", frozen.index
        )
    else:
        zh = f"{draw.stream} 冻结的{name}名单与名录库不符：写明 {stated['count']} 行，应有 {len(right)} 行（{RULES[kind]}）。"
        en = f"{draw.stream}: the frozen {kind} are not the registry: {stated['count']} lines stated, {len(right)} due."
        yield broken("F07", zh, en, frozen.index)
    reference = frozen.data["documents"][kind]
    try:
        deque(library.lines({**stated, "document": reference}, LINES[kind]), maxlen=0)
    except Absent:
        zh = f"{draw.stream} 的{name}名单文档缺失，抽取无法重放。"
        yield unchecked("V7", zh, f"{draw.stream}: the document of the {kind} is not here, no replay.", frozen.index)
        return None
    except Unlike as error:
        zh = f"{draw.stream} 的{name}名单{error.zh}。"
        yield broken("V2", zh, f"{draw.stream}, frozen {kind}: {error}.", frozen.index)
        return None
    lines = Listed(library, reference, stated["count"])
    if right is not None:
        yield from _differences(draw, frozen, kind, right, lines)
    return lines


def _same_bytes(draw: Draw, frozen: Entry, kind: str, right: Listing) -> Iterator[Finding]:
    """The named document is the list whose root stands in the freeze: compared by its hash, not read."""
    reference = frozen.data["documents"][kind]
    if right.reference["sha256"] != reference["sha256"]:
        zh = f"{draw.stream} 的{kind}文档 {reference['sha256']} 不是冻结的名单。"
        yield broken("V2", zh, f"{draw.stream}: the document of {kind} is not the frozen list.", frozen.index)


def _differences(
    draw: Draw, frozen: Entry, kind: str, right: Iterable[Row], stated: Iterable[Row]
) -> Iterator[Finding]:
    rule, name = RULES[kind], NAMES_ZH[kind]
    hidden, added, grounds, others = Some(), Some(), Some(), Some()
    for due, have in paired(right, stated):
        if have is None and due is not None:
            hidden.add(due["id"])
        elif due is None and have is not None:
            added.add(have["id"])
        elif due is not None and have is not None and due != have:
            (others if due.get("excluded") == have.get("excluded") else grounds).add(due["id"])
    if hidden:
        zh = f"{draw.stream} 隐去了名录库中的{name} {hidden}（{rule}）。"
        yield broken("F07", zh, f"{draw.stream} hides {kind} of the registry: {hidden}.", frozen.index)
    if added:
        zh = f"{draw.stream} 加入了名录库中没有的{name} {added}（{rule}）。"
        yield broken("F07", zh, f"{draw.stream} adds {kind} that the registry lacks: {added}.", frozen.index)
    if grounds:
        check = "F09" if kind == "objects" else "F07"
        zh = f"{draw.stream} 对{name} {grounds} 的排除与名录库不符：无据排除或应排除而未排除（{rule}）。"
        en = f"{draw.stream}: {kind} excluded without ground, or not excluded though there is one: {grounds}."
        yield broken(check, zh, en, frozen.index)
    if others:
        zh = f"{draw.stream} 中{name} {others} 的内容与名录库不符。"
        yield broken("F07", zh, f"{draw.stream}: lines that differ from the registry: {others}.", frozen.index)


def _exclusions(draw: Draw, frozen: Entry, tally: Tally) -> Iterator[Finding]:
    right, stated = tally.exclusions, frozen.data["freeze"]["exclusions"]
    due = {**right.fingerprint, "by_ground": dict(tally.by_ground)}
    if stated != due or right.reference["sha256"] != frozen.data["documents"]["exclusions"]["sha256"]:
        zh = f"{draw.stream} 的排除清单应为 {right.count} 行 {due['by_ground']}，与记录不符（{stated['count']} 行）。"
        en = f"{draw.stream}: the exclusions follow from the pool: {right.count} lines, {stated['count']} are stated."
        yield broken("V2", zh, en, frozen.index)


def _waivers(draw: Draw, frozen: Entry, tally: Tally) -> Iterator[Finding]:
    freeze, counts = frozen.data["freeze"], tally.strata
    tiny = {name for name, n in counts.items() if ratios.is_tiny(freeze["item_class"], n)}
    for name in sorted(tiny - freeze["waivers"].keys()):
        zh = f"{draw.stream} 的 {name} 层只有 {counts[name]} 个对象，没有记录豁免理由（方案第五(一)条）。"
        en = f"{draw.stream}: stratum {name} has only {counts[name]} objects and no recorded waiver."
        yield broken("F03", zh, en, frozen.index)
    for name in sorted(freeze["waivers"].keys() - tiny):
        zh = f"{draw.stream} 的 {name} 层有 {counts.get(name, 0)} 个对象，不需要豁免，却记录了豁免。"
        en = f"{draw.stream}: stratum {name} has {counts.get(name, 0)} objects, its waiver has no ground."
        yield broken("F03", zh, en, frozen.index)
    if freeze["waivers"]:
        given = sorted(freeze["waivers"].items())
        zh = "；".join(f"{name} 层 {counts.get(name, 0)} 个对象：{reason[:REASON]}" for name, reason in given)
        en = "; ".join(f"stratum {name}, {counts.get(name, 0)} objects: {reason[:REASON]}" for name, reason in given)
        yield noted("F03", f"{draw.stream} 的比例豁免：{zh}。", f"{draw.stream}, ratios waived: {en}.", frozen.index)


def _recusals(draw: Draw, frozen: Entry, library: Library) -> Iterator[Finding]:
    stated = frozen.data["freeze"]["recusals"]
    try:
        lines = library.listing({**stated, "document": frozen.data["documents"]["recusals"]}, RECUSAL_LINE)
    except Absent:
        zh = f"{draw.stream} 的回避清单缺失，选派无法重放。"
        yield unchecked("V9", zh, f"{draw.stream}: the list of recusals is not here, no replay.", frozen.index)
        return
    except Unlike as error:
        yield broken("V2", f"{draw.stream} 的回避清单{error.zh}。", f"{draw.stream}, recusals: {error}.", frozen.index)
        return
    draw.recused = {line["id"]: line["recused"]["commitment"] for line in lines}
    strange = set(draw.recused) if draw.objects is not None else set()
    if strange:
        strange.difference_update(line["id"] for line in draw.objects or ())
    if strange:
        zh = f"{draw.stream} 的回避清单有名单外的对象 {Some.of(strange)}。"
        en = f"{draw.stream}: recusals for objects outside the pool: {Some.of(strange)}."
        yield broken("V2", zh, en, frozen.index)
