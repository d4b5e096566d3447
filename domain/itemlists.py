"""The check item list (抽查事项清单): what may be inspected at all, at which ratio, on which legal basis."""

from __future__ import annotations

from typing import Any

from domain.errors import Invalid
from domain.reviewed import Reviewed
from domain.roles import Cause, require_unit
from verify.kinds import ITEM_LINE
from verify.ratios import bounds
from verify.shape import misfit


class ItemList(Reviewed):
    """One version of a unit's check item list; once published it never changes."""

    noun = "itemlist"
    rule = "方案第五(一)条"
    document = ""

    def draft(self, cause: Cause, unit: str, title: str, listing: dict[str, Any]) -> None:
        """Record the draft; `listing` is `{"document","count","root"}` over the items."""
        require_unit(cause.actor, unit)
        self.record("itemlist.drafted", cause, {"title": title, "unit": unit, **listing})

    def draft_from(self, data: dict[str, Any]) -> None:
        self.document = data["document"]["sha256"]


def refuse_illegal_items(items: list[dict[str, Any]]) -> None:
    """Refuse items that are malformed, occur twice, or whose ratio range leaves the legal bounds. Names every one."""
    errors: list[dict[str, Any]] = []
    seen: set[str] = set()
    for number, item in enumerate(items, start=1):
        reason = misfit(item, ITEM_LINE, "item") or _out_of_bounds(item)
        if reason is None and item["id"] in seen:
            reason = f"the item {item['id']} occurs twice"
        if reason:
            zh = f"第 {number} 项（{item.get('id', '无编号')}）不符合要求"
            errors.append({"line": number, "column": "items", "reason_zh": zh, "reason": reason})
        else:
            seen.add(item["id"])
    if errors or not items:
        raise Invalid("抽查事项清单有误", "the item list is not acceptable", "方案第五(一)条", errors)


def _out_of_bounds(item: dict[str, Any]) -> str | None:
    low, high = bounds(item["class"])
    if low <= item["ratio_min_bp"] <= item["ratio_max_bp"] <= (high or 10000):
        return None
    return (
        f"{item['id']} ({item['class']}) has the ratios {item['ratio_min_bp']} to {item['ratio_max_bp']} basis points, "
        f"the law allows {low} to {high or 10000}"
    )
