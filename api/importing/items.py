"""A file of check items, JSON or CSV, read into lines of a check item list (方案第五(一)条)."""

from __future__ import annotations

import io
import re
from typing import Any

from api.importing import cells, item_words
from api.importing.report import Report
from api.importing.table import Form, Row, by_language, rows
from verify import canonical
from verify.kinds import ITEM_LINE
from verify.shape import misfit

FORM = Form(
    names={
        "id": ("item_code", "id", "事项编码", "事项编号", "编号"),
        "source": ("source_id",),
        "name": ("抽查事项", "抽查事项名称", "事项名称", "检查事项", "name"),
        "category": ("抽查类别", "抽查领域"),
        "object": ("检查对象", "抽查对象"),
        "class": ("事项类别", "item_class", "class"),
        "object_type": ("对象类型", "object_type"),
        "lead_office": ("牵头处室", "牵头处(科)室", "lead_office"),
        "legal_basis": ("检查依据", "抽查依据", "法律依据", "legal_basis"),
        "methods": ("检查方式", "抽查方式", "methods"),
        "tag": ("监管标签", "对应专项库监管标签", "tag"),
    },
    required=("name",),
    unused=frozenset(
        {
            *("检查主体", "抽查主体", "检查内容", "抽查比例", "抽查频次", "抽查子项", "检查人员要求", "序号", "备注"),
            *("source_title", "source_date", "source_url", "source_note"),
        }
    ),
)
RATIOS_BP = {"key": (2000, 10000), "general": (500, 2000)}  # 方案第五(一)条
UNSTATED = "未列明"
_RESEARCH = {"item_code": "id", "item_class": "class", "lead_office_example": "lead_office", "check_methods": "methods"}
_RESEARCH |= {"registry_tag": "tag"}


def read_items(data: bytes, name: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return (lines, faults): lines of the shape ITEM_LINE without a fault, and every fault.

    A file whose `name` ends in .json is a list of our own lines, or of the research list, of which only these fields
    are read; its faults count items, not lines. Any other file is CSV with the columns of a published list; there the
    ratios are the bounds of the item's class, an unstated legal basis says so, unstated methods are an empty list, and
    the tag is found in the words of the item.
    """
    report = Report()
    if name.lower().endswith(".json"):
        return _from_json(data, report), report.faults()
    taken, seen = set[str](), cells.Seen()
    read = [
        _from_row(row, number, taken, seen) for number, row in enumerate(rows(io.BytesIO(data), FORM, report), start=1)
    ]
    return [line for line in read if line is not None], report.faults()


def _from_json(data: bytes, report: Report) -> list[dict[str, Any]]:
    try:
        # A byte order mark is what editors add to a file; nothing else is forgiven.
        listed = canonical.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except canonical.NotCanonical as error:
        report.add(1, "", "", f"不是本系统能读的JSON:{error}", f"not JSON that can be read: {error}")
        return []
    if not isinstance(listed, list) or not listed:
        report.add(1, "", "", "应是抽查事项的列表", "should be a list of check items")
        return []
    lines: list[dict[str, Any]] = []
    first: dict[str, int] = {}
    for number, item in enumerate(listed, start=1):
        line = _line(item) if isinstance(item, dict) else {}
        reason = misfit(line, ITEM_LINE, "item") if isinstance(item, dict) else "not an object"
        if reason:
            column = next((key for key in ITEM_LINE if f".{key}" in reason or f"'{key}'" in reason), "")
            shown = str(line.get(column, "")) if column else ""
            report.add(number, column, shown, f"第{number}个事项不合格式:{reason}", f"item {number}: {reason}")
        elif first.setdefault(line["id"], number) != number:
            earlier = first[line["id"]]
            report.add(number, "id", line["id"], f"与第{earlier}个事项重复", f"the same id as item {earlier}")
        else:
            lines.append(line)
    return lines


def _line(item: dict[str, Any]) -> dict[str, Any]:
    """Return what an item list says of an item, without the notes of those who collected it."""
    renamed = {_RESEARCH.get(key, key): value for key, value in item.items()}
    for bound in ("min", "max"):
        percent = renamed.get(f"ratio_{bound}_pct")
        if isinstance(percent, int) and not isinstance(percent, bool):
            renamed[f"ratio_{bound}_bp"] = percent * 100
    return {key: renamed[key] for key in ITEM_LINE if key in renamed}


def _from_row(row: Row, number: int, taken: set[str], seen: cells.Seen) -> dict[str, Any] | None:
    item_class = "key" if "重点" in row.get("class") or row.get("class").lower() == "key" else "general"
    lowest, highest = RATIOS_BP[item_class]
    given = cells.code(row, "id")
    cells.refuse_repeated(row, "id", given or "", seen)
    identity = given or _identity(row.get("source"), number, taken)
    taken.add(identity)
    kind = cells.word(row, "object_type", item_words.OBJECT_TYPES)
    line = {
        "id": identity,
        "name": cells.needed(row, "name"),
        "class": item_class,
        "ratio_min_bp": lowest,
        "ratio_max_bp": highest,
        "object_type": kind or "market_entity",
        "lead_office": cells.text(row, "lead_office"),
        "legal_basis": cells.text(row, "legal_basis") or UNSTATED,
        "methods": _methods(row),
        "tag": cells.text(row, "tag") or item_words.tag(row.get("category"), row.get("name"), row.get("object")),
    }
    return None if row.refused else line


def _identity(source: str, number: int, taken: set[str]) -> str:
    """Return a code for an item of a list that numbers none: its source and its place."""
    prefix = re.sub(r"[^A-Za-z0-9]", "", source)[:32] or "ITEM"
    identity = f"{prefix}-{number:03d}"
    while identity in taken:
        identity += "x"
    return identity


def _methods(row: Row) -> list[str]:
    found: list[str] = []
    for part in re.split("[、，,；;/]", row.get("methods")):
        stated = part.strip().removesuffix("等")
        if not stated or stated in item_words.NOT_A_METHOD:
            continue
        method = item_words.METHODS.get(stated)
        if method is None:
            zh, en = by_language(item_words.METHODS)
            row.refuse("methods", f"不认识的检查方式,可用:{zh}", f"an unknown method; known are: {en}", stated)
        elif method not in found:
            found.append(method)
    return found
