"""The annual plan (年度抽查计划): which items are inspected when, at which ratio per credit-risk class."""

from __future__ import annotations

from typing import Any

from domain.errors import Conflict, Invalid
from domain.reviewed import Reviewed
from domain.roles import Cause, require_unit
from verify.pool import STRATA
from verify.ratios import illegal_quota


class Plan(Reviewed):
    """A plan on its way from draft to publication; draws are opened under a published plan only."""

    noun = "plan"
    rule = "方案第五(二)1条"
    year = 0

    def draft(self, cause: Cause, data: dict[str, Any], items: dict[str, dict[str, Any]]) -> None:
        """Record the draft. `items`: the lines of the published list it cites, by item code."""
        require_unit(cause.actor, data["unit"])
        _refuse_period(data)
        for planned in data["items"]:
            _refuse_item(planned, items)
        self.record("plan.drafted", cause, data)

    def draft_from(self, data: dict[str, Any]) -> None:
        self.year, self.itemlist, self.period = data["year"], data["itemlist"], data["period"]
        self.items = {planned["item"]: planned["quota_bp"] for planned in data["items"]}

    def overlaps(self, other: Plan) -> bool:
        """Whether the periods of two plans share a day."""
        return bool(self.period["from"] <= other.period["to"] and other.period["from"] <= self.period["to"])

    def require_item(self, item: str) -> dict[str, int]:
        """Return the ratios of a planned item in basis points per stratum; refuse one that is not planned."""
        if item not in self.items:
            raise Conflict(f"事项 {item} 不在计划 {self.id} 内", f"{item} is not in {self.id}", "方案第五(二)1条")
        return dict(self.items[item])

    def require_within(self, day: str) -> None:
        """Refuse a day outside the period of the plan."""
        if not self.period["from"] <= day <= self.period["to"]:
            raise Conflict(
                f"{day} 不在计划实施期间 {self.period['from']} 至 {self.period['to']} 内",
                f"{day} is outside the period of {self.id}, {self.period['from']} to {self.period['to']}",
                "方案第五(二)1条",
            )


def _refuse_period(data: dict[str, Any]) -> None:
    period, year = data.get("period"), data.get("year")
    if not isinstance(period, dict) or set(period) != {"from", "to"} or not isinstance(year, int):
        return  # the form is refused where the fact is recorded
    if not f"{year}-01-01" <= str(period["from"]) <= str(period["to"]) <= f"{year}-12-31":
        raise Invalid(
            f"实施期间 {period['from']} 至 {period['to']} 须在 {year} 年内，跨年应分拆",
            f"the period {period['from']} to {period['to']} must lie within {year}",
            "方案第五(二)1条",
        )


def _refuse_item(planned: dict[str, Any], items: dict[str, dict[str, Any]]) -> None:
    line = items.get(planned["item"])
    if line is None:
        raise Invalid(
            f"事项 {planned['item']} 不在所引用的清单内，清单之外无监管",
            f"{planned['item']} is not in the cited item list",
            "方案第五(一)1条",
        )
    quota = planned["quota_bp"]
    if set(quota) != set(STRATA):
        raise Invalid(
            f"事项 {planned['item']} 须为信用风险 A、B、C、D 各类分别写明抽查比例",
            f"{planned['item']} needs a ratio for each of the classes A, B, C and D",
            "方案第五(二)1条",
        )
    outside = illegal_quota(line["class"], quota) or next(
        (s for s in STRATA if not line["ratio_min_bp"] <= quota[s] <= line["ratio_max_bp"]), None
    )
    if outside:
        raise Invalid(
            f"事项 {planned['item']} 的 {outside} 类抽查比例 {quota[outside] / 100:g}% 超出法定范围"
            f"（{line['ratio_min_bp'] / 100:g}%–{line['ratio_max_bp'] / 100:g}%）",
            f"{planned['item']}, class {outside}: {quota[outside]} basis points are outside "
            f"{line['ratio_min_bp']} to {line['ratio_max_bp']}",
            "方案第五(一)条",
        )
