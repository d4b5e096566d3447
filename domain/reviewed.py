"""What a check item list and a plan have in common: drafted, reviewed for legality, reviewed by the justice bureau, published.

方案第五(一)1条 and 第五(二)1条: the drafter never reviews, and nothing is published before both reviews passed.
"""

from __future__ import annotations

from typing import Any

from domain.base import Fact, Recorded
from domain.errors import Conflict, Forbidden
from domain.roles import Cause, require_unit
from domain.words import STEPS

STATES = {
    "drafted": "已起草",
    "legality-passed": "已通过合法性审查",
    "justice-passed": "已通过司法局审核",
    "published": "已公布",
    "rejected": "已退回",
}


class Reviewed(Recorded):
    """A draft on its way to publication."""

    noun = ""
    rule = "方案第五(一)1条"
    state = ""
    unit = ""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._hands: list[tuple[str, str]] = []

    def review_legality(self, cause: Cause, passed: bool, reason: str) -> None:
        """Record the legal office's decision on the draft."""
        self._require(("drafted",), "legality-reviewed")
        self._require_other_hands(cause)
        self.record(f"{self.noun}.legality-reviewed", cause, {"passed": passed, "reason": reason})

    def review_justice(self, cause: Cause, passed: bool, reason: str, reference: str) -> None:
        """Record the justice bureau's decision; `reference` names its document."""
        self._require(("legality-passed",), "justice-reviewed")
        self._require_other_hands(cause)
        data = {"passed": passed, "reason": reason, "reference": reference}
        self.record(f"{self.noun}.justice-reviewed", cause, data)

    def publish(self, cause: Cause, channel: str, reference: str) -> None:
        """Record the publication: where, and under which address or receipt."""
        self._require(("justice-passed",), "published")
        require_unit(cause.actor, self.unit)
        self.record(f"{self.noun}.published", cause, {"channel": channel, "reference": reference})

    def apply(self, fact: Fact) -> None:
        match fact.kind.partition(".")[2]:
            case "drafted":
                self.state, self.unit = "drafted", fact.data["unit"]
                self.draft_from(fact.data)
            case "published":
                self.state = "published"
            case step:
                passed = fact.data["passed"]
                self.state = step.replace("reviewed", "passed") if passed else "rejected"
        self._hands.append((fact.actor.account, fact.actor.unit))

    def draft_from(self, data: dict[str, Any]) -> None:
        """Take over what the draft says."""

    def require_published(self) -> None:
        """Refuse what may follow only after publication."""
        if self.state != "published":
            raise Conflict(
                f"{self.id} 尚未公布（{STATES.get(self.state, '不存在')}）",
                f"{self.id} is not published, it is {self.state or 'missing'}",
                self.rule,
            )

    def _require(self, states: tuple[str, ...], step: str) -> None:
        if self.state not in states:
            kind = f"{self.noun}.{step}"
            raise Conflict(
                f"{self.id} {STATES.get(self.state, '不存在')}，不能{STEPS[kind]}：须为{STATES[states[0]]}",
                f"{self.id} is {self.state or 'missing'}; {kind} needs {states[0]}",
                self.rule,
            )

    def _require_other_hands(self, cause: Cause) -> None:
        for account, unit in self._hands:
            if cause.actor.account == account or cause.actor.unit == unit:
                raise Forbidden(
                    f"审查人不得是起草人或前一审查人：账号 {cause.actor.account}、单位 {cause.actor.unit} 已参与 {self.id}",
                    f"a reviewer is neither the drafter nor an earlier reviewer: account {cause.actor.account} "
                    f"of unit {cause.actor.unit} already took part in {self.id}",
                    self.rule,
                )
