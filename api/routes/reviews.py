"""The reviews and the publication that check item lists and annual plans have in common."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.auth import Caller
from api.bodies import Body, Text, example
from api.commands import Command, Receipt
from api.context import TheLedger
from domain.core import Receipt as Done

Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,120}$")]


class Legality(Body):
    """What the legal office decided, and why."""

    model_config = example(passed=True, reason="依据充分，比例合法")
    passed: bool
    reason: Text


class Justice(Body):
    """What the justice bureau decided, why, and in which paper."""

    model_config = example(passed=True, reason="审核通过", reference="长司审〔2026〕12号")
    passed: bool
    reason: Text
    reference: Text


class Publication(Body):
    """Where it was published, and under which reference."""

    model_config = example(channel="国家企业信用信息公示系统(吉林)", reference="公示-2026-0001")
    channel: Text
    reference: Text


def add_reviews(router: APIRouter, noun: str) -> None:
    """Add the three routes of the procedure to the router of `noun`."""

    @router.post(
        "/{name}/legality-review", status_code=201, response_model=Receipt, summary="合法性审核 / review legality"
    )
    def review_legality(name: Name, body: Legality, by: Caller, command: Command, ledger: TheLedger) -> Done:
        """Record the review of legality."""
        return ledger.review_legality(by, command, stream=f"{noun}/{name}", passed=body.passed, reason=body.reason)

    @router.post(
        "/{name}/justice-review",
        status_code=201,
        response_model=Receipt,
        summary="司法行政部门审核 / record the review of the justice bureau",
    )
    def review_justice(name: Name, body: Justice, by: Caller, command: Command, ledger: TheLedger) -> Done:
        """Record the review of the justice bureau."""
        facts = body.model_dump()
        return ledger.review_justice(by, command, stream=f"{noun}/{name}", **facts)

    @router.post(
        "/{name}/publication", status_code=201, response_model=Receipt, summary="公布 / record the publication"
    )
    def publish(name: Name, body: Publication, by: Caller, command: Command, ledger: TheLedger) -> Done:
        """Record the publication."""
        facts = body.model_dump()
        return ledger.publish(by, command, stream=f"{noun}/{name}", **facts)
