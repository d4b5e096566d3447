"""One inspection of one drawn object: notified, completed, its result recorded and published in time."""

from __future__ import annotations

from typing import Any

from domain.base import Fact, Recorded
from domain.errors import Conflict, Invalid
from domain.roles import Cause
from domain.words import STEPS
from verify.calendar import Calendar, UnknownYear
from verify.kinds import ALONE, CATEGORIES, METHODS, NOT_CHECKABLE, are_methods

STATES = {
    "": "尚未通知",
    "notified": "已通知",
    "completed": "已完成检查",
    "recorded": "已录入结果",
    "published": "已公示",
}


class Inspection(Recorded):
    """The life of one inspection, in this order and never back."""

    state = ""

    def notify(self, cause: Cause, data: dict[str, Any]) -> None:
        """Record the notice: the drawn object, the assigned inspectors, the day of the visit."""
        self.record("inspection.notified", cause, data)

    def complete(self, cause: Cause, today: str, completed_on: str, methods: list[str]) -> None:
        """Record that the inspection is finished; `completed_on` is what the inspectors say, never after `today`."""
        self._require("notified", "inspection.completed")
        if not self.visit_on <= completed_on <= today:
            raise Invalid(
                f"检查完成日期 {completed_on} 须在通知的检查日 {self.visit_on} 与今日 {today} 之间",
                f"completed_on {completed_on} must lie between the visit on {self.visit_on} and today, {today}",
                "方案第五(五)条",
            )
        if not are_methods(methods):
            raise Invalid(
                f"须写明检查方式，不得重复（{'、'.join(METHODS)}）",
                f"the methods are some of {', '.join(METHODS)}, each once",
                "方案第五(四)条",
            )
        data = {"completed_on": completed_on, "inspectors": self.inspectors, "methods": methods}
        self.record("inspection.completed", cause, data)

    def record_result(
        self, cause: Cause, categories: list[str], not_checkable: str | None, follow_up: str | None
    ) -> None:
        """Record what was found: one or more of the eight categories, or why the object could not be checked."""
        self._require("completed", "result.recorded")
        known = len(set(categories)) == len(categories) and all(code in CATEGORIES for code in categories)
        known = known and (ALONE not in categories or len(categories) == 1)
        if not known or bool(categories) == (not_checkable is not None):
            raise Invalid(
                f"检查结果须为八类结果之一或多项，或一种无法检查情形：{categories}、{not_checkable}",
                f"a result has categories or a not-checkable state, not {categories} and {not_checkable}",
                "方案第五(五)条",
            )
        if not_checkable is not None and not_checkable not in NOT_CHECKABLE:
            raise Invalid(f"未知情形 {not_checkable}", f"unknown state {not_checkable}", "方案第五(五)条")
        data = {"categories": categories, "not_checkable": not_checkable, "follow_up": follow_up}
        self.record("result.recorded", cause, data)

    def publish_result(self, cause: Cause, today: str, calendar: Calendar, channel: str, reference: str) -> None:
        """Record the publication with its deadline, the 7th working day; a late one stays late for ever."""
        self._require("recorded", "result.published")
        try:
            deadline: str | None = calendar.deadline(self.completed_on)
        except UnknownYear:
            deadline = None
        data = {
            "channel": channel,
            "reference": reference,
            "deadline": deadline,
            "late": deadline is not None and today > deadline,
            "provisional": deadline is None,
        }
        self.record("result.published", cause, data)

    def apply(self, fact: Fact) -> None:
        match fact.kind:
            case "inspection.notified":
                self.state, self.draw, self.inspectors = "notified", fact.data["draw"], fact.data["inspectors"]
                self.visit_on = fact.data["visit_on"]
            case "inspection.completed":
                self.state, self.completed_on = "completed", fact.data["completed_on"]
            case "result.recorded":
                self.state = "recorded"
            case "result.published":
                self.state = "published"

    def _require(self, state: str, kind: str) -> None:
        if self.state != state:
            raise Conflict(
                f"{self.id} {STATES[self.state]}，不能{STEPS[kind]}：须为{STATES[state]}",
                f"{self.id} is {self.state or 'not notified'}; {kind} needs {state}",
                "方案第五(五)条",
            )
