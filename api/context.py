"""What a route is handed besides its input: the ledger and the settings of the application it belongs to."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import Request

from api.settings import Settings
from domain.ledger import Ledger


def settings_of(request: Request) -> Settings:
    """Return the settings of the application."""
    return cast(Settings, request.app.state.settings)


async def the_ledger(request: Request) -> Ledger:
    """Return the ledger of the application."""
    return cast(Ledger, request.app.state.ledger)


TheLedger = Annotated[Ledger, Depends(the_ledger)]
