"""The witnesses of the log: how each stands, whether draws can go on, and what was refused, for whoever wants to know."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from api.auth import PUBLIC, Caller
from api.context import TheLedger

router = APIRouter(prefix="/witnesses", tags=["witnesses 见证"])


class Witness(BaseModel):
    """A witness: its key, where it is asked, what it cosigned last and when, what is wrong since, and its refusals."""

    name: str
    vkey: str
    url: str
    size: int
    at: str
    fault: str
    refusals: int


class Witnesses(BaseModel):
    """The quorum by its name in the policy, the sizes that were published and cosigned by it, and whether it is missing."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "quorum": "two-of-three",
                "published": 1000,
                "cosigned": 1000,
                "missing": False,
                "witnesses": [
                    {
                        "name": "commission",
                        "vkey": "witness.example.cn/220100+2a…+BG…",
                        "url": "https://witness.example.cn",
                        "size": 1000,
                        "at": "2026-03-02T09:00:00.000+08:00",
                        "fault": "",
                        "refusals": 0,
                    }
                ],
                "refusals": 0,
            }
        }
    )
    quorum: str
    published: int
    cosigned: int
    missing: bool
    witnesses: list[Witness]
    refusals: int


@router.get("", dependencies=[PUBLIC], summary="见证状态 / how the witnesses stand")
def witnesses(ledger: TheLedger) -> Witnesses:
    """Return how the witnesses stand. While `missing`, draws are suspended and all else goes on."""
    if ledger.cosigning is None:
        size = ledger.published_size
        return Witnesses(quorum="none", published=size, cosigned=0, missing=False, witnesses=[], refusals=0)
    return Witnesses.model_validate(ledger.cosigning.state(ledger.published_size))


@router.get("/refusals", summary="见证的拒绝 / what witnesses have refused")
def refusals(by: Caller, ledger: TheLedger) -> list[dict[str, Any]]:
    """Return the refusals of witnesses to an account, the oldest first: what was sent and answered, both in base64."""
    return ledger.cosigning.kept.refusals() if ledger.cosigning else []
