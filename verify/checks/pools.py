"""The frozen pool: rebuilt from the registries as they were, line by line, so that nobody is hidden and nobody added.

F07: 方案第五(三)条, all objects and all eligible inspectors, no special roster. F09: nobody is left out without ground.
F03: a stratum too small for the ratios has a recorded waiver. V2: roots, counts, exclusions and recusals.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from verify import documents, pool, ratios
from verify.ceremony import Draw
from verify.entries import Entry
from verify.findings import Finding, broken, noted, unchecked
from verify.history import History
from verify.holdings import Holding, Holdings
from verify.kinds import COMMITMENT
from verify.library import Absent, Library, Row, Unlike, rows_of

RULES = {"objects": "方案第五(三)1条", "inspectors": "方案第五(三)2条"}
NAMES_ZH = {"objects": "检查对象", "inspectors": "检查人员"}
LINES = {
    "objects": {"id": "id", "row": "hex32", "stratum": "=A|=B|=C|=D", "excluded?": "text"},
    "inspectors": {"id": "code", "row": "hex32", "excluded?": "text"},
}
REASON = 200
RECUSAL_LINE = {"id": "id", "recused": COMMITMENT}


def check_pool(draw: Draw, frozen: Entry, history: History, holdings: Holdings, library: Library) -> Iterator[Finding]:
    """Fill `objects`, `inspectors`, `eligible` and `recused` of the draw; `holdings` stand where the freeze stood."""
    lines: dict[str, list[Row] | None] = {}
    for kind in ("objects", "inspectors"):
        stated = frozen.data["freeze"][kind]
        entries = [each for each in history.streams.get(stated["registry"], ()) if each.index < frozen.index]
        version = entries[-1].version if entries else 0
        if stated["version"] != version:
            zh = f"{draw.stream} 冻结的是 {stated['registry']} 第 {stated['version']} 版，当时已是第 {version} 版。"
            yield broken("V2", zh, f"{draw.stream} froze version {stated['version']}, it was {version}.", frozen.index)
        holding = holdings.by_stream.get(stated["registry"])
        right = rebuilt(holding, kind, frozen.data["freeze"]) if holding and holding.type == kind else None
        lines[kind] = yield from _compare(draw, frozen, kind, right, library)
        if kind == "inspectors" and right is not None:
            draw.eligible = {line["id"]: line.get("excluded") for line in right}
    draw.objects, draw.inspectors = lines["objects"], lines["inspectors"]
    yield from _elsewhere(draw, frozen, holdings)
    if draw.objects is not None:
        yield from _exclusions(draw, frozen, draw.objects, library)
        yield from _waivers(draw, frozen, draw.objects)
    yield from _recusals(draw, frozen, library)


def _elsewhere(draw: Draw, frozen: Entry, holdings: Holdings) -> Iterator[Finding]:
    """Whoever could be drawn by another registry of the log is in the pool too: a registry of chosen ones is a special roster."""
    freeze = frozen.data["freeze"]
    for kind, lines in (("objects", draw.objects), ("inspectors", draw.inspectors)):
        if lines is None:
            continue
        pooled = {line["id"] for line in lines}
        for stream, holding in holdings.by_stream.items():
            if holding.type != kind or stream == freeze[kind]["registry"]:
                continue
            left_out = sorted(row["id"] for row in _drawable(holding, freeze) if row["id"] not in pooled)
            if left_out:
                zh = (
                    f"{draw.stream} 的名单没有 {stream} 里可抽取的{NAMES_ZH[kind]} {_some(left_out)}（{RULES[kind]}）。"
                )
                en = f"{draw.stream}: a special roster, without these {kind} of {stream}: {_some(left_out)}."
                yield broken("F07", zh, en, frozen.index)


def _drawable(holding: Holding, freeze: dict[str, Any]) -> Iterator[Row]:
    """Yield the rows of another registry that could be drawn under this freeze."""
    if holding.type == "inspectors":
        item, day = freeze["item"], freeze["as_of"]
        yield from (row for row in holding.state.values() if pool.inspector_ground(row, item, day) is None)
    elif holding.item == freeze["item"]:
        yield from (row for row in holding.state.values() if row["status"] == "active")


def rebuilt(holding: Holding, kind: str, freeze: dict[str, Any]) -> list[Row] | None:
    """Return the pool lines that follow from a registry, sorted by id; None where nobody knows what it held."""
    if not holding.known:
        return None
    rows = holding.state.values()
    if kind == "objects":
        lines = [pool.object_line(row) for row in rows]
    else:
        lines = [pool.inspector_line(row, freeze["item"], freeze["as_of"]) for row in rows]
    return sorted(lines, key=lambda line: str(line["id"]))


def _compare(
    draw: Draw, frozen: Entry, kind: str, right: list[Row] | None, library: Library
) -> Generator[Finding, None, list[Row] | None]:
    """Return the lines that were frozen, None where nobody can tell; and say how they differ from the `right` ones."""
    stated, name = frozen.data["freeze"][kind], NAMES_ZH[kind]
    expected = documents.listing(right) if right is not None else None
    if expected is not None and (expected.count, expected.root.hex()) == (stated["count"], stated["root"]):
        yield from _same_bytes(draw, frozen, kind, expected.content)
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
    try:
        content = library.read(frozen.data["documents"][kind])
        lines = rows_of(content, stated["count"], stated["root"], LINES[kind])
    except Absent:
        zh = f"{draw.stream} 的{name}名单文档缺失，抽取无法重放。"
        yield unchecked("V7", zh, f"{draw.stream}: the document of the {kind} is not here, no replay.", frozen.index)
        return None
    except Unlike as error:
        zh = f"{draw.stream} 的{name}名单{error.zh}。"
        yield broken("V2", zh, f"{draw.stream}, frozen {kind}: {error}.", frozen.index)
        return None
    if right is not None:
        yield from _differences(
            draw, frozen, kind, {line["id"]: line for line in right}, {line["id"]: line for line in lines}
        )
    return lines


def _same_bytes(draw: Draw, frozen: Entry, kind: str, content: bytes) -> Iterator[Finding]:
    """The named document is the list whose root stands in the freeze: compared by its hash, not read."""
    reference = frozen.data["documents"][kind]
    if documents.reference(content)["sha256"] != reference["sha256"]:
        zh = f"{draw.stream} 的{kind}文档 {reference['sha256']} 不是冻结的名单。"
        yield broken("V2", zh, f"{draw.stream}: the document of {kind} is not the frozen list.", frozen.index)


def _differences(
    draw: Draw, frozen: Entry, kind: str, right: dict[str, Row], stated: dict[str, Row]
) -> Iterator[Finding]:
    rule, name = RULES[kind], NAMES_ZH[kind]
    hidden, added = sorted(right.keys() - stated.keys()), sorted(stated.keys() - right.keys())
    if hidden:
        zh = f"{draw.stream} 隐去了名录库中的{name} {_some(hidden)}（{rule}）。"
        yield broken("F07", zh, f"{draw.stream} hides {kind} of the registry: {_some(hidden)}.", frozen.index)
    if added:
        zh = f"{draw.stream} 加入了名录库中没有的{name} {_some(added)}（{rule}）。"
        yield broken("F07", zh, f"{draw.stream} adds {kind} that the registry lacks: {_some(added)}.", frozen.index)
    both = sorted(right.keys() & stated.keys())
    grounds = [each for each in both if right[each].get("excluded") != stated[each].get("excluded")]
    if grounds:
        check = "F09" if kind == "objects" else "F07"
        zh = f"{draw.stream} 对{name} {_some(grounds)} 的排除与名录库不符：无据排除或应排除而未排除（{rule}）。"
        en = f"{draw.stream}: {kind} excluded without ground, or not excluded though there is one: {_some(grounds)}."
        yield broken(check, zh, en, frozen.index)
    others = [each for each in both if right[each] != stated[each] and each not in grounds]
    if others:
        zh = f"{draw.stream} 中{name} {_some(others)} 的内容与名录库不符。"
        yield broken("F07", zh, f"{draw.stream}: lines that differ from the registry: {_some(others)}.", frozen.index)


def _exclusions(draw: Draw, frozen: Entry, objects: list[Row], library: Library) -> Iterator[Finding]:
    lines = pool.exclusion_lines(objects)
    right, stated = documents.listing(lines), frozen.data["freeze"]["exclusions"]
    due = {"count": right.count, "root": right.root.hex(), "by_ground": pool.by_ground(lines)}
    if (
        stated != due
        or documents.reference(right.content)["sha256"] != frozen.data["documents"]["exclusions"]["sha256"]
    ):
        zh = f"{draw.stream} 的排除清单应为 {right.count} 行 {due['by_ground']}，与记录不符（{stated['count']} 行）。"
        en = f"{draw.stream}: the exclusions follow from the pool: {right.count} lines, {stated['count']} are stated."
        yield broken("V2", zh, en, frozen.index)


def _waivers(draw: Draw, frozen: Entry, objects: list[Row]) -> Iterator[Finding]:
    freeze = frozen.data["freeze"]
    counts = pool.eligible_by_stratum(objects)
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
        content = library.read(frozen.data["documents"]["recusals"])
        lines = rows_of(content, stated["count"], stated["root"], RECUSAL_LINE)
    except Absent:
        zh = f"{draw.stream} 的回避清单缺失，选派无法重放。"
        yield unchecked("V9", zh, f"{draw.stream}: the list of recusals is not here, no replay.", frozen.index)
        return
    except Unlike as error:
        yield broken("V2", f"{draw.stream} 的回避清单{error.zh}。", f"{draw.stream}, recusals: {error}.", frozen.index)
        return
    draw.recused = {line["id"]: line["recused"]["commitment"] for line in lines}
    known = None if draw.objects is None else {line["id"] for line in draw.objects}
    strange = [] if known is None else sorted(draw.recused.keys() - known)
    if strange:
        zh = f"{draw.stream} 的回避清单有名单外的对象 {_some(strange)}。"
        yield broken("V2", zh, f"{draw.stream}: recusals for objects outside the pool: {_some(strange)}.", frozen.index)


def _some(names: list[str]) -> str:
    more = f" …（共 {len(names)}）" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
