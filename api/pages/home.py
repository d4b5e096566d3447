"""The first page: what this log is, how far it has grown, and how to check it in one minute."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.context import TheLedger
from api.pages.rendering import render
from api.reading import named, up_to_date
from projections import draws, organisation, plans

router = APIRouter()
SHOWN = 100


@router.api_route("/", methods=["GET", "HEAD"], response_class=HTMLResponse)
def home(request: Request, ledger: TheLedger) -> HTMLResponse:
    """Show the log, its latest draws and its latest published plans."""
    with up_to_date(ledger) as snapshot:
        values: dict[str, Any] = {
            "draws": [named(draw) for draw in draws.latest(snapshot.connection, SHOWN)],
            "plans": [named(plan) for plan in plans.published(snapshot.connection, SHOWN)],
            "incidents": organisation.incidents(snapshot.connection),
            "released": organisation.releases(snapshot.connection)[:1],
        }
    values["cosigning"] = ledger.cosigning.state(ledger.published_size) if ledger.cosigning else None
    return render(request, ledger, "home.html", snapshot.index, **values)
