"""Commands of an inspection: notice, completion, result, publication."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from domain.commands.command import command
from domain.commands.draws import DrawCommands
from domain.core import Decision, Intent
from domain.draws import Draw
from domain.errors import Conflict, Invalid, NotFound
from domain.inspections import Inspection
from domain.plans import Plan
from domain.registries import Registry
from domain.roles import Actor, Cause
from verify.pool import standing_ground

TEAMS = 8
"""The teams of so many draws are kept at hand."""


class InspectionCommands(DrawCommands):
    """Inspections of drawn objects."""

    def __init__(self, folder: Path, create: bool = False) -> None:
        super().__init__(folder, create)
        self._teams: dict[str, dict[str, list[str]]] = {}

    @command
    def notify(self, by: Actor, command: str, *, draw: str, object_id: str, visit_on: str) -> Intent:
        """Record the notice to a drawn object: its team is the assigned one, never a chosen one."""

        def decide(cause: Cause) -> Decision:
            found = self._look(Draw, draw)
            if found.state != "signed-off":
                raise Conflict(f"{draw} 尚未经纪检签字", f"{draw} is not signed off", "方案第五(三)1条")
            team = self._team(found, object_id)
            plan = self._look(Plan, found.opening["plan"])
            today = self._today()
            if visit_on < today:
                raise Invalid(
                    f"检查日期 {visit_on} 早于今日", f"the visit on {visit_on} lies in the past", "方案第五(四)条"
                )
            plan.require_within(visit_on)
            fresh = self._fresh(Inspection, f"inspection/{draw.partition('/')[2]}/{object_id}")
            data = {"draw": draw, "object": object_id, "item": found.opening["item"], "inspectors": team}
            fresh.notify(cause, {**data, "visit_on": visit_on})
            return Decision(fresh)

        facts = {"draw": draw, "object_id": object_id, "visit_on": visit_on}
        return Intent(by, command, "inspection.notified", facts, decide)

    @command
    def complete(self, by: Actor, command: str, *, inspection: str, completed_on: str, methods: list[str]) -> Intent:
        """Record that the inspection was carried out by its two inspectors, whose certificates were valid that day."""
        facts = {"inspection": inspection, "completed_on": completed_on, "methods": methods}

        def step(found: Inspection, cause: Cause) -> None:
            found.complete(cause, self._today(), completed_on, methods)
            self._refuse_unfit(found, completed_on)

        return self._inspect(by, command, "inspection.completed", facts, step)

    @command
    def record_result(
        self,
        by: Actor,
        command: str,
        *,
        inspection: str,
        categories: list[str],
        not_checkable: str | None,
        follow_up: str | None,
    ) -> Intent:
        """Record what the inspection found."""
        facts = {
            "inspection": inspection,
            "categories": categories,
            "not_checkable": not_checkable,
            "follow_up": follow_up,
        }
        return self._inspect(
            by, command, "result.recorded", facts, lambda i, c: i.record_result(c, categories, not_checkable, follow_up)
        )

    @command
    def publish_result(self, by: Actor, command: str, *, inspection: str, channel: str, reference: str) -> Intent:
        """Record the publication of the result, with its deadline and whether it is late."""
        facts = {"inspection": inspection, "channel": channel, "reference": reference}

        def step(found: Inspection, cause: Cause) -> None:
            found.publish_result(cause, self._today(), self.calendar(), channel, reference)

        return self._inspect(by, command, "result.published", facts, step)

    def _inspect(
        self, by: Actor, command: str, kind: str, facts: dict[str, Any], step: Callable[[Inspection, Cause], None]
    ) -> Intent:
        def decide(cause: Cause) -> Decision:
            found = self._get(Inspection, facts["inspection"])
            step(found, cause)
            return Decision(found)

        return Intent(by, command, kind, facts, decide)

    def _team(self, draw: Draw, object_id: str) -> list[str]:
        """Return the inspectors assigned to a drawn object. NotFound where it was not drawn, Conflict where none is."""
        teams = self._teams.pop(draw.id, None)
        if teams is None:
            teams = {line["id"]: line["inspectors"] for line in self.lines(draw.assigned)}
        self._teams[draw.id] = teams  # the last of them
        if len(self._teams) > TEAMS:
            del self._teams[next(iter(self._teams))]
        team = teams.get(object_id)
        if team is None:
            raise NotFound(
                f"{object_id} 未被 {draw.id} 抽中", f"{object_id} was not drawn in {draw.id}", "方案第五(三)1条"
            )
        if not team:
            raise Conflict(f"{object_id} 尚无检查人员", f"{object_id} has no inspectors", "行政处罚法第四十二条")
        return team

    def _refuse_unfit(self, inspection: Inspection, day: str) -> None:
        """Refuse visitors who could not act as inspectors on the day: suspended, retired, or without a valid certificate."""
        draw = self._look(Draw, inspection.draw)
        with self.shelf.rows(self._look(Registry, draw.opening["inspectors"])) as state:
            rows = {name: state.get(name) for name in inspection.inspectors}
        for name, row in rows.items():
            ground = standing_ground(row, day) if row is not None else "removed"
            if ground:
                raise Conflict(
                    f"检查人员 {name} 在 {day} 不具备执法资格（{ground}）",
                    f"{name} could not act as an inspector on {day}: {ground}",
                    "行政处罚法第四十二条",
                )
