"""Inspections of drawn objects: notice, completion, result, publication, and what is overdue."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from api.auth import PUBLIC, Caller
from api.bodies import After, Body, Code, Day, DrawStream, Limit, ObjectId, StrictRoute, Text, example
from api.commands import Command, Receipt
from api.context import TheLedger
from api.hot import HotRoute, Receipts
from api.problems import Problem
from api.reading import One, Page, behind, one, page
from api.routes.reviews import Name, Publication
from domain.core import Intent
from domain.ledger import Ledger
from domain.roles import Actor
from projections import inspections

router = APIRouter(tags=["inspections 检查"], route_class=StrictRoute)
hot_router = APIRouter(tags=["inspections 检查"], route_class=HotRoute)

Category = Literal[
    "NO_PROBLEM",
    "NOT_DISCLOSED",
    "FALSE_DISCLOSURE",
    "UNREACHABLE",
    "CORRECTED",
    "REFUSED",
    "NOT_OPERATING",
    "PROBLEM_PENDING",
]
NotCheckable = Literal["CLOSED_LIQUIDATING", "DEREGISTERED", "LICENCE_REVOKED", "REGISTRATION_CANCELLED", "MOVED_AWAY"]
Outcome = Literal[Category, NotCheckable]
InspectionStream = Annotated[
    str, Field(pattern=r"^inspection/[A-Za-z0-9._-]{1,120}/[A-Za-z0-9._-]{1,120}$", max_length=131)
]
_EXAMPLE = "inspection/220100-2026-0001/91220101YY01WT508U"
Before = Annotated[str, Query(pattern=r"^(0|[1-9][0-9]{0,14})?$", description="`next` of the page before")]


class Notice(Body):
    """Which drawn object is visited on which day; its team is the assigned one."""

    model_config = example(draw="draw/220100-2026-0001", object="91220101YY01WT508U", visit_on="2026-03-16")
    draw: DrawStream
    object: ObjectId
    visit_on: Day


class Completion(Body):
    """The day the inspection was completed on, and how it was made."""

    model_config = example(completed_on="2026-03-16", methods=["onsite"])
    completed_on: Day
    methods: list[Code]


class Result(Body):
    """What was found: categories, or why nothing could be checked."""

    model_config = example(categories=["NO_PROBLEM"], not_checkable=None, follow_up=None)
    categories: list[Category]
    not_checkable: NotCheckable | None = None
    follow_up: Text | None = None


@hot_router.post("/inspections", status_code=201, response_model=Receipt, summary="通知检查对象 / record a notice")
def notify(body: Notice, by: Caller, command: Command, ledger: TheLedger) -> Intent:
    """Record the notice to a drawn object."""
    return ledger.notify.intent(by, command, draw=body.draw, object_id=body.object, visit_on=body.visit_on)


@router.get("/inspections", summary="检查列表 / list the inspections")
def list_inspections(by: Caller, ledger: TheLedger, after: After = "", limit: Limit = 100) -> Page:
    """Return the inspections in the order of their ids."""
    return page(ledger, lambda c: inspections.inspections(c, behind("inspection", after), limit), limit)


@router.get("/inspections/{draw}/{name}", summary="一次检查 / show an inspection")
def get_inspection(draw: Name, name: Name, by: Caller, ledger: TheLedger) -> One:
    """Return one inspection."""
    return one(ledger, lambda c: inspections.inspection(c, f"inspection/{draw}/{name}"))


@hot_router.post(
    "/inspections/{draw}/{name}/completion",
    status_code=201,
    response_model=Receipt,
    summary="记录检查完成 / record a completion",
)
def complete(draw: Name, name: Name, body: Completion, by: Caller, command: Command, ledger: TheLedger) -> Intent:
    """Record that an inspection was carried out."""
    stream = f"inspection/{draw}/{name}"
    return ledger.complete.intent(by, command, inspection=stream, completed_on=body.completed_on, methods=body.methods)


@hot_router.post(
    "/inspections/{draw}/{name}/result",
    status_code=201,
    response_model=Receipt,
    summary="录入检查结果 / record a result",
)
def record_result(draw: Name, name: Name, body: Result, by: Caller, command: Command, ledger: TheLedger) -> Intent:
    """Record what an inspection found."""
    facts = body.model_dump()
    return ledger.record_result.intent(by, command, inspection=f"inspection/{draw}/{name}", **facts)


@hot_router.post(
    "/inspections/{draw}/{name}/publication",
    status_code=201,
    response_model=Receipt,
    summary="记录结果公示 / record the publication of a result",
)
def publish(draw: Name, name: Name, body: Publication, by: Caller, command: Command, ledger: TheLedger) -> Intent:
    """Record that a result was published; a late one is marked late for ever."""
    facts = body.model_dump()
    return ledger.publish_result.intent(by, command, inspection=f"inspection/{draw}/{name}", **facts)


class OneNotice(Notice):
    """A notice, as one step of a batch."""

    model_config = example(
        do="notify", draw="draw/220100-2026-0001", object="91220101YY01WT508U", visit_on="2026-03-16"
    )
    do: Literal["notify"]

    def intent(self, by: Actor, command: str, ledger: Ledger) -> Intent:
        """Return what is wanted."""
        return ledger.notify.intent(by, command, draw=self.draw, object_id=self.object, visit_on=self.visit_on)


class OneCompletion(Completion):
    """A completion, as one step of a batch."""

    model_config = example(do="complete", inspection=_EXAMPLE, completed_on="2026-03-16", methods=["onsite"])
    do: Literal["complete"]
    inspection: InspectionStream

    def intent(self, by: Actor, command: str, ledger: Ledger) -> Intent:
        """Return what is wanted."""
        return ledger.complete.intent(by, command, **self.model_dump(exclude={"do"}))


class OneResult(Result):
    """A result, as one step of a batch."""

    model_config = example(do="record-result", inspection=_EXAMPLE, categories=["NO_PROBLEM"])
    do: Literal["record-result"]
    inspection: InspectionStream

    def intent(self, by: Actor, command: str, ledger: Ledger) -> Intent:
        """Return what is wanted."""
        return ledger.record_result.intent(by, command, **self.model_dump(exclude={"do"}))


class OnePublication(Publication):
    """A publication, as one step of a batch."""

    model_config = example(do="publish", inspection=_EXAMPLE, channel="门户网站", reference="公示-2026-0001")
    do: Literal["publish"]
    inspection: InspectionStream

    def intent(self, by: Actor, command: str, ledger: Ledger) -> Intent:
        """Return what is wanted."""
        return ledger.publish_result.intent(by, command, **self.model_dump(exclude={"do"}))


Step = Annotated[OneNotice | OneCompletion | OneResult | OnePublication, Field(discriminator="do")]


class Batch(Body):
    """Up to 500 steps, in the order in which they are carried out: all of them, or none."""

    model_config = example(
        steps=[
            {"do": "complete", "inspection": _EXAMPLE, "completed_on": "2026-03-16", "methods": ["onsite"]},
            {"do": "record-result", "inspection": _EXAMPLE, "categories": ["NO_PROBLEM"]},
        ]
    )
    steps: Annotated[list[Step], Field(min_length=1, max_length=500)]


@hot_router.post(
    "/inspections:batch", status_code=201, response_model=Receipts, summary="批量记录 / record many at once"
)
def record_batch(body: Batch, by: Caller, command: Command, ledger: TheLedger) -> list[Intent]:
    """Record many steps of inspections in one request and one transaction, all or none.

    Step n of m is the command `<Idempotency-Key>.<n>.<m>`, n counted from 0: the same request sent again does nothing
    twice, and one of other steps under the same key is not taken for it.
    """
    if len(command) > 56:
        raise Problem(400, "Idempotency-Key 最长 56 个字符", "the key of a batch has at most 56 characters", "LEDGER 2")
    of = len(body.steps)
    return [step.intent(by, f"{command}.{number}.{of}", ledger) for number, step in enumerate(body.steps)]


@router.get("/overdue", summary="逾期未公示 / list what is overdue")
def list_overdue(by: Caller, ledger: TheLedger, after: After = "", limit: Limit = 100) -> Page:
    """Return the inspections whose result was due before today and is not public, the oldest debt first."""
    today = ledger.clock.now()[:10]
    return page(ledger, lambda c: inspections.overdue(c, today, behind("inspection", after), limit), limit)


@router.get("/due-soon", summary="即将到期 / list what is due soon")
def list_due_soon(
    by: Caller,
    ledger: TheLedger,
    days: Annotated[int, Query(ge=0, le=60)] = 7,
    after: After = "",
    limit: Limit = 100,
) -> Page:
    """Return the inspections whose result is due within some days, or on a day that no recorded calendar tells."""
    today = ledger.clock.now()[:10]
    until = (date.fromisoformat(today) + timedelta(days=days)).isoformat()
    return page(ledger, lambda c: inspections.due_soon(c, today, until, behind("inspection", after), limit), limit)


@router.get("/results", dependencies=[PUBLIC], summary="公示结果 / list the published results")
def list_results(ledger: TheLedger, category: Outcome | None = None, after: Before = "", limit: Limit = 100) -> Page:
    """Return published results, the latest first."""
    before = int(after) if after else None
    return page(ledger, lambda c: inspections.results(c, category or "", before, limit), limit, key="published")
