"""Calendars: which days are worked, as the State Council announced them, so that a deadline can be counted."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from api.auth import Caller
from api.bodies import Body, Day, StrictRoute, Text, example
from api.commands import Command, Receipt
from api.context import TheLedger
from api.reading import Page, up_to_date
from domain.core import Receipt as Done
from projections import inspections

router = APIRouter(prefix="/calendars", tags=["calendars 工作日历"], route_class=StrictRoute)


class Year(Body):
    """One year: public holidays, and weekend days that are worked."""

    model_config = example(
        year=2026, holidays=["2026-01-01"], makeup_workdays=["2026-01-04"], papers=["国办发明电〔2025〕7号"]
    )
    year: Annotated[int, Field(ge=2000, le=2199)]
    holidays: list[Day]
    makeup_workdays: list[Day]
    papers: list[Text]


@router.post("", status_code=201, response_model=Receipt, summary="录入一年的工作日历 / record the calendar of a year")
def record_calendar(body: Year, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Record the calendar of a year; a later record of the same year replaces it from then on."""
    return ledger.record_calendar(by, command, record=body.model_dump())


@router.get("", summary="工作日历 / list the calendars")
def list_calendars(by: Caller, ledger: TheLedger) -> Page:
    """Return every calendar recorded, the first record first."""
    with up_to_date(ledger) as snapshot:
        return Page(index=snapshot.index, items=inspections.calendars(snapshot.connection))
