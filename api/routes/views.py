"""The views as a whole: made anew from the log by the service itself, while it goes on serving."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from api.auth import Caller, require_admin
from api.context import TheLedger
from api.reading import rebuild_views

router = APIRouter(prefix="/views", tags=["views 视图"])


class Rebuilt(BaseModel):
    """The digest over all rows of all views before and after: equal, unless somebody changed a row by hand."""

    model_config = ConfigDict(json_schema_extra={"example": {"before": "5f1c…", "after": "5f1c…", "equal": True}})
    before: str
    after: str
    equal: bool


@router.post("/rebuild", summary="重建视图 / make every view anew")
def rebuild(by: Caller, ledger: TheLedger) -> Rebuilt:
    """Make every view anew from the log: administrators only, and nothing of it enters the log."""
    require_admin(by)
    before, after = rebuild_views(ledger)
    return Rebuilt(before=before, after=after, equal=before == after)
