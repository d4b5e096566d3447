"""A registry file of inspectors (方案第五(三)2条), whose names and certificates the ledger will keep to itself."""

from __future__ import annotations

from typing import IO, Any

from api.importing import cells
from api.importing.report import Report
from api.importing.table import Form, Row, rows

FORM = Form(
    names={
        "id": ("inspector_no", "id", "检查人员编号", "人员编号", "单位工号", "工号", "编号"),
        "name": ("display_name", "name", "姓名", "检查人员姓名"),
        "unit": ("unit_code", "单位代码", "单位编码", "机构代码", "工作单位代码"),
        "office": ("office", "科室", "处室", "处(科)室", "部门", "部门/机构"),
        "kind": ("kind", "人员类别", "人员类型"),
        "expert": ("expert", "是否专家"),
        "certificate": ("certificate_no", "certificate", "执法证", "执法证号", "执法证号码", "执法证件号"),
        "valid_to": ("certificate_valid_to", "有效期", "有效期至", "执法证有效期", "执法证有效期至"),
        "lines": ("business_lines", "lines", "业务领域", "业务条线"),
        "items": ("item_codes", "items", "执法事项范围", "执法事项编码", "关联事项"),
        "conflicts": ("declared_conflicts", "conflicts", "申报回避", "回避对象", "利害关系对象"),
        "status": ("status", "状态", "在岗状态", "人员状态"),
    },
    required=("id", "name", "unit", "certificate", "valid_to", "items"),
    unused=frozenset(
        {
            *("unit", "序号", "备注", "学历", "岗位大类", "岗位管辖片区", "从事本岗起始日期", "岗位资质资格", "地区"),
            *("层级", "担任职务", "工作单位"),
        }
    ),
)
KINDS = {
    **dict.fromkeys(("civil_servant", "公务员", "行政执法类公务员"), "civil_servant"),
    **dict.fromkeys(
        ("enforcement_officer", "执法人员", "行政执法人员", "执法检查人员", "具有行政执法资格的人员"),
        "enforcement_officer",
    ),
    **dict.fromkeys(("expert", "专家"), "expert"),
}
EXPERT = {
    **dict.fromkeys(("是", "yes", "true", "1"), "expert"),
    **dict.fromkeys(("否", "no", "false", "0"), "enforcement_officer"),
}
STATUSES = {
    **dict.fromkeys(("active", "在岗", "在职", "正常"), "active"),
    **dict.fromkeys(("suspended", "暂停", "停职", "离岗", "借调"), "suspended"),
    **dict.fromkeys(("retired", "退休", "离职", "调离", "退出"), "retired"),
}


def read_inspectors(file: IO[bytes]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return (rows, faults) of a CSV file: rows of the shape INSPECTOR_ROW, but with `name` a plain text, `certificate`
    a plain text or None, and `conflicts`, the ids of the objects that the inspector recuses himself from.

    A fault is `{"line","column","value","reason_zh","reason"}`. An import takes the rows only where there is no fault.
    """
    report, seen = Report(), cells.Seen()
    read = [_inspector(row, seen) for row in rows(file, FORM, report)]
    return [row for row in read if row is not None], report.faults()


def _inspector(row: Row, seen: cells.Seen) -> dict[str, Any] | None:
    number = cells.public_number(row, "id")
    cells.refuse_repeated(row, "id", number, seen)
    cells.needed(row, "unit")
    read = {
        "id": number,
        "unit": cells.code(row, "unit"),
        "office": cells.text(row, "office"),
        "kind": _kind(row),
        "name": cells.needed(row, "name"),
        "certificate": cells.text(row, "certificate"),
        "certificate_valid_to": cells.day(row, "valid_to"),
        "lines": cells.several(row, "lines"),
        "items": cells.several_codes(row, "items"),
        "status": cells.word(row, "status", STATUSES) or "active",
        "conflicts": cells.several_objects(row, "conflicts"),
    }
    # Whether somebody can be drawn hangs on the date alone, so a date without a certificate must not get in.
    if read["certificate_valid_to"] and not read["certificate"]:
        row.refuse("certificate", "有有效期而没有执法证号", "there is an expiry date, but no certificate")
    if read["certificate"] and not row.cells.get("valid_to"):
        row.refuse("valid_to", "有执法证号而没有有效期", "there is a certificate, but no expiry date")
    return None if row.refused else read


def _kind(row: Row) -> str:
    """Return who an inspector is; who only says that he is no expert, or says nothing, is an enforcement officer."""
    kind = cells.word(row, "kind", KINDS)
    expert = cells.word(row, "expert", EXPERT)
    if kind and expert and (kind == "expert") != (expert == "expert"):
        row.refuse("expert", "与人员类别不一致", "does not agree with the kind")
    return kind or expert or "enforcement_officer"
