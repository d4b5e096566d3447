"""Annual plans: which items are drawn when and in which share, reviewed twice and published before any draw."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from api.auth import Caller
from api.bodies import After, BasisPoints, Body, Code, Day, ItemListStream, Limit, StrictRoute, Text, example
from api.commands import Command, Receipt
from api.context import TheLedger
from api.reading import One, Page, behind, existing, named, page, up_to_date
from api.routes.reviews import Name, add_reviews
from domain.core import Receipt as Done
from projections import plans

router = APIRouter(prefix="/plans", tags=["plans 抽查计划"], route_class=StrictRoute)


class Period(Body):
    """From and to, both days included, within the year of the plan."""

    model_config = ConfigDict(strict=True, extra="forbid", serialize_by_alias=True)
    begin: Annotated[Day, Field(alias="from")]
    end: Annotated[Day, Field(alias="to")]


class Quota(Body):
    """One item and the share to draw of each risk class, in basis points."""

    item: Code
    quota_bp: dict[Literal["A", "B", "C", "D"], BasisPoints]


class PlanDraft(Body):
    """A draft of a plan."""

    model_config = example(
        title="长春市商务局2026年度“双随机、一公开”抽查计划",
        year=2026,
        form="F2",
        mode="double_random",
        purpose="规范单用途商业预付卡经营",
        itemlist="itemlist/220100-1",
        period={"from": "2026-03-01", "to": "2026-11-30"},
        joint_departments=[],
        items=[{"item": "CCSW-001", "quota_bp": {"A": 500, "B": 1000, "C": 1500, "D": 2000}}],
    )
    title: Text
    year: Annotated[int, Field(ge=2000, le=2199)]
    form: Literal["F1", "F2", "F3", "F4", "F5"]
    mode: Literal["double_random", "key", "credit"]
    purpose: Text
    itemlist: ItemListStream
    period: Period
    joint_departments: list[Text]
    items: Annotated[list[Quota], Field(min_length=1)]


@router.post("", status_code=201, response_model=Receipt, summary="起草年度抽查计划 / draft a plan")
def draft(body: PlanDraft, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Draft a plan; the ledger numbers it."""
    facts = body.model_dump()
    return ledger.draft_plan(by, command, **facts)


@router.get("", summary="年度抽查计划列表 / list the plans")
def list_plans(by: Caller, ledger: TheLedger, after: After = "", limit: Limit = 100) -> Page:
    """Return the plans in the order of their ids."""
    return page(ledger, lambda c: plans.plans(c, behind("plan", after), limit), limit)


@router.get("/{name}", summary="一份年度抽查计划 / show a plan")
def get_plan(name: Name, by: Caller, ledger: TheLedger) -> One:
    """Return one plan with its items."""
    with up_to_date(ledger) as snapshot:
        found = named(existing(plans.plan(snapshot.connection, f"plan/{name}")))
        return One(index=snapshot.index, item=found | {"items": plans.items(snapshot.connection, f"plan/{name}")})


add_reviews(router, "plan")
