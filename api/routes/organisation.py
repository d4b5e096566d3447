"""Units and accounts, their tokens, the stepped clock of a demonstration, and which verifier the log hands out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.auth import Caller, require_admin
from api.bodies import After, Body, Code, Limit, StrictRoute, Text, example
from api.commands import Command, Receipt
from api.context import TheLedger
from api.reading import One, Page, one, page, up_to_date
from domain.core import Receipt as Done
from projections import organisation

router = APIRouter(tags=["organisation 机构"], route_class=StrictRoute)

UnitKind = Literal["bureau", "office", "legal", "coordination", "discipline", "justice", "enforcement", "county"]
Role = Literal["admin", "organiser", "legal", "justice", "coordinator", "discipline", "inspector", "clerk"]


class NewUnit(Body):
    """A unit, below its parent."""

    model_config = example(unit="220100-jw", name="市纪委监委派驻组", kind="discipline", parent="220100")
    unit: Code
    name: Text
    kind: UnitKind
    parent: Code | None = None


class NewAccount(Body):
    """An account with its one role in its one unit; never a person's name."""

    model_config = example(account="organiser-1", role="organiser", unit="220100")
    account: Code
    role: Role
    unit: Code


class Closing(Body):
    """Why an account is closed."""

    model_config = example(reason="岗位调整")
    reason: Text


class Step(Body):
    """How far a stepped clock is moved on."""

    model_config = example(advance_seconds=3600)
    advance_seconds: Annotated[int, Field(ge=0, le=400 * 86_400)]


class Token(BaseModel):
    """A new access token, shown this once."""

    model_config = ConfigDict(json_schema_extra={"example": {"token": "Qm9…k3w"}})
    token: str


@router.get("/me", summary="当前账号 / show whose token this is")
async def who_am_i(by: Caller) -> dict[str, str]:
    """Return the account, role and unit of the token."""
    return {"account": by.account, "role": by.role, "unit": by.unit}


@router.post("/units", status_code=201, response_model=Receipt, summary="登记单位 / register a unit")
def register_unit(body: NewUnit, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Register a unit."""
    return ledger.register_unit(by, command, unit=body.unit, name=body.name, kind=body.kind, parent=body.parent)


@router.get("/units", summary="单位列表 / list the units")
def list_units(by: Caller, ledger: TheLedger, after: After = "", limit: Limit = 100) -> Page:
    """Return units in the order of their codes."""
    return page(ledger, lambda c: organisation.units(c, after, limit), limit, key="unit")


@router.get("/units/{unit}", summary="一个单位 / show a unit")
def get_unit(unit: str, by: Caller, ledger: TheLedger) -> One:
    """Return one unit."""
    return one(ledger, lambda c: organisation.unit(c, unit))


@router.post("/accounts", status_code=201, response_model=Receipt, summary="开立账号 / open an account")
def open_account(body: NewAccount, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Open an account."""
    return ledger.open_account(by, command, account=body.account, role=body.role, unit=body.unit)


@router.get("/accounts", summary="账号列表 / list the accounts")
def list_accounts(by: Caller, ledger: TheLedger, after: After = "", limit: Limit = 100) -> Page:
    """Return accounts in the order of their names."""
    return page(ledger, lambda c: organisation.accounts(c, after, limit), limit, key="account")


@router.get("/accounts/{account}", summary="一个账号 / show an account")
def get_account(account: str, by: Caller, ledger: TheLedger) -> One:
    """Return one account."""
    return one(ledger, lambda c: organisation.account(c, account))


@router.post(
    "/accounts/{account}/closing", status_code=201, response_model=Receipt, summary="注销账号 / close an account"
)
def close_account(account: Code, body: Closing, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Close an account."""
    return ledger.close_account(by, command, account=account, reason=body.reason)


@router.post("/accounts/{account}/tokens", status_code=201, summary="发放访问令牌 / issue a token")
def issue_token(account: Code, by: Caller, ledger: TheLedger) -> Token:
    """Issue an access token of an open account: administrators only, and nothing of it enters the log."""
    require_admin(by)
    return Token(token=ledger.private.issue_token(ledger.actor(account).account))


@router.post("/clock", summary="拨动演示时钟 / move the clock of a demonstration on")
def advance_clock(body: Step, by: Caller, ledger: TheLedger) -> dict[str, Any]:
    """Move the stepped clock of a demonstration on: administrators only, and nothing of it enters the log."""
    require_admin(by)
    return {"now": ledger.advance_clock(body.advance_seconds)}


@router.post("/verifier", status_code=201, response_model=Receipt, summary="公布校验程序 / release the verifier")
def release_verifier(by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Record the hash of the verifier that this service hands out; refused where it is recorded already."""
    return ledger.release_verifier(by, command)


@router.get("/verifier", summary="已公布的校验程序 / list the released verifiers")
def list_verifiers(by: Caller, ledger: TheLedger) -> Page:
    """Return every verifier whose hash was recorded, the last one first."""
    with up_to_date(ledger) as snapshot:
        return Page(index=snapshot.index, items=organisation.releases(snapshot.connection))
