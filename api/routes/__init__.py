"""The routes, one file per noun: each names its input, calls one command or one query, and names the answer."""

from __future__ import annotations

from fastapi import APIRouter

from api import problems
from api.routes import (
    calendars,
    draws,
    inspections,
    itemlists,
    keys,
    organisation,
    plans,
    receipts,
    registries,
    views,
    witnesses,
)

API_PREFIX = "/api/v1"


def api_router() -> APIRouter:
    """Return everything below /api/v1."""
    router = APIRouter(prefix=API_PREFIX, responses=problems.RESPONSES)
    # First: each request is compared with one route after the other, which costs more than a command.
    router.include_router(inspections.hot_router)
    for noun in (
        organisation,
        keys,
        calendars,
        itemlists,
        plans,
        registries,
        draws,
        inspections,
        receipts,
        views,
        witnesses,
    ):
        router.include_router(noun.router)
    router.include_router(registries.csv_router)
    return router
