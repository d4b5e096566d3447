"""The published results, late ones shown as late, and the results that are overdue."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.context import TheLedger
from api.pages import words
from api.pages.rendering import render
from api.reading import named, up_to_date
from api.routes.inspections import Before, Outcome
from projections import inspections

router = APIRouter()
SHOWN = 100


@router.api_route("/results", methods=["GET", "HEAD"], response_class=HTMLResponse)
def results(
    request: Request,
    ledger: TheLedger,
    category: Literal[Outcome, ""] = "",
    after: Before = "",
) -> HTMLResponse:
    """Show published results, the latest first, of one category where one is named; first of all what is overdue."""
    today = ledger.clock.now()[:10]
    with up_to_date(ledger) as snapshot:
        before = int(after) if after else None
        found = [named(each) for each in inspections.results(snapshot.connection, category, before, SHOWN)]
        overdue = inspections.overdue(snapshot.connection, today, limit=SHOWN)
        counts = inspections.counts(snapshot.connection)
    values = {
        "results": [{**each, "outcomes": each["categories"] or [each["not_checkable"]]} for each in found],
        "next": found[-1]["published"] if len(found) == SHOWN else None,
        "overdue": [named(each) for each in overdue],
        "today": today,
        "counts": [(code, counts.get(code, 0)) for code in words.CATEGORIES],
        "category": category,
    }
    return render(request, ledger, "results.html", snapshot.index, **values)
