"""A registry file of inspection objects, read into rows of the ledger (方案第五(三)1条)."""

from __future__ import annotations

from typing import IO, Any

from api.importing import cells
from api.importing.report import Report
from api.importing.table import Form, Row, rows
from verify import canonical
from verify.rows import Rows

FORM = Form(
    names={
        "id": (
            "uscc",
            "uscc_as_published",
            "统一社会信用代码",
            "统一社会信用代码/注册号",
            "统一社会信用代码(注册号)",
            "社会信用代码",
            "object_id",
            "id",
            "对象编号",
            "检查对象编号",
        ),
        "name": ("name", "企业名称", "名称", "检查对象名称", "市场主体名称", "单位名称", "检查对象"),
        "established": ("established", "成立日期", "注册日期", "登记日期"),
        "type": ("entity_kind", "entity_type", "type", "主体类型", "市场主体类型", "企业类型", "对象类型"),
        "district": ("district_code", "district", "行政区划代码", "区划代码", "辖区代码", "所属区县代码"),
        "tags": ("commerce_tag", "commerce_tags", "tags", "监管标签", "对应专项库监管标签", "业务标签", "行业标签"),
        "risk": ("credit_risk_class", "risk", "信用风险分类", "企业信用风险分类", "信用风险等级", "风险等级"),
        "status": ("registration_status", "status", "登记状态", "经营状态", "企业状态", "状态"),
    },
    required=("id", "name"),
    unused=frozenset(
        {
            *("registrar_code", "district_name", "problem", "序号", "备注", "专项库名称", "许可证名称", "许可证编号"),
            *("许可批准日期", "有效期至", "许可发证机关", "检查机关", "行政区划", "所属区县"),
        }
    ),
)
TYPES = {
    "企业": "enterprise",
    "个体工商户": "individual_business",
    "个体户": "individual_business",
    "农民专业合作社": "cooperative",
    "合作社": "cooperative",
    "产品": "product",
    "项目": "project",
    "行为": "behaviour",
}
WITHOUT_CREDIT_CODE = ("product", "project", "behaviour")
RISKS = {
    **{letter.lower(): letter for letter in "ABCD"},
    **{f"{letter.lower()}类": letter for letter in "ABCD"},
    **{"低": "A", "低风险": "A", "信用风险低": "A", "一般": "B", "一般风险": "B", "信用风险一般": "B"},
    **{"较高": "C", "较高风险": "C", "信用风险较高": "C", "高": "D", "高风险": "D", "信用风险高": "D"},
    "未分类": None,
}
STATUSES = {
    **dict.fromkeys(("active", "存续", "在业", "在营", "开业", "正常", "在册", "存续(在营、开业、在册)"), "active"),
    **dict.fromkeys(("closed", "停业", "歇业", "关闭", "清算", "已关闭停业或正在组织清算"), "closed"),
    **dict.fromkeys(("deregistered", "注销", "已注销", "吊销,已注销", "吊销已注销"), "deregistered"),
    **dict.fromkeys(("revoked", "吊销", "被吊销", "已吊销", "吊销,未注销", "吊销未注销"), "revoked"),
    **dict.fromkeys(("cancelled", "撤销", "被撤销", "已撤销", "撤销登记"), "cancelled"),
    **dict.fromkeys(("moved", "迁出", "已迁出"), "moved"),
}


def read_objects(file: IO[bytes]) -> tuple[Rows, list[dict[str, Any]]]:
    """Return (rows, faults) of a CSV file: rows of the shape OBJECT_ROW without a fault, and every fault.

    A fault is `{"line","column","value","reason_zh","reason"}`. An import takes the rows only where there is no fault.
    No risk class stays None, no status is `active`. A market entity needs a valid credit code (方案第五(三)1条);
    products, projects and behaviours have a code of the bureau's own.
    """
    report, seen, read = Report(), cells.Seen(), Rows()
    for row in rows(file, FORM, report):
        found = _object(row, seen)
        if found is not None:
            read.add(found["id"], canonical.encode(found).decode())
    return read, report.faults()


def _object(row: Row, seen: cells.Seen) -> dict[str, Any] | None:
    kind = cells.text(row, "type")
    kind = TYPES.get(kind, kind) if kind else None
    name = cells.public_number(row, "id") if kind in WITHOUT_CREDIT_CODE else cells.credit_code(row, "id")
    cells.refuse_repeated(row, "id", name, seen)
    read = {
        "id": name,
        "name": cells.needed(row, "name"),
        "type": kind,
        "district": cells.code(row, "district", cells.DIVISION),
        "tags": cells.several(row, "tags"),
        "established": cells.day(row, "established"),
        "risk": cells.word(row, "risk", RISKS),
        "status": cells.word(row, "status", STATUSES) or "active",
    }
    return None if row.refused else read
