"""Draws: opened, frozen, committed, revealed, drawn, assigned and signed off, each step one command."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field

from api.auth import Caller
from api.bodies import After, Body, Code, Hex, Hex32, Limit, PlanStream, RegistryStream, StrictRoute, Text, example
from api.commands import Command, Receipt
from api.context import TheLedger
from api.reading import Page, behind, existing, named, page, up_to_date
from api.routes.freezing import Terms
from api.routes.reviews import Name
from domain.core import Receipt as Done
from projections import draws

router = APIRouter(prefix="/draws", tags=["draws 随机抽取"], route_class=StrictRoute)
_ZERO = "00" * 32


class Opening(Body):
    """What is drawn: one item of a published plan, from two filed and paired registries."""

    model_config = example(
        plan="plan/220100-2026-1",
        item="CCSW-001",
        objects="registry/220100-CCSW-001",
        inspectors="registry/220100-inspectors",
    )
    plan: PlanStream
    item: Code
    objects: RegistryStream
    inspectors: RegistryStream


class CheckIn(Body):
    """The phase that the discipline office watches."""

    model_config = example(phase="freeze")
    phase: Literal["freeze", "commit", "reveal", "beacon", "result"]


class Commitment(Body):
    """SHA-256("FAIRDRAW-COMMIT/1\\0" || C0 || LP(party) || secret), in hex."""

    model_config = example(party="organiser", commitment=_ZERO)
    party: Code
    commitment: Hex32


class Reveal(Body):
    """The 32 bytes behind a commitment, in hex."""

    model_config = example(party="organiser", secret=_ZERO)
    party: Code
    secret: Hex32


class Withheld(Body):
    """The party that did not reveal in time."""

    model_config = example(party="organiser")
    party: Code


class Beacon(Body):
    """The outcome of the beacon at a position of the freeze: a key string, or the signature of a drand round in hex."""

    model_config = example(position=0, key_string="9.2.7.5.4.0.0.3.5.7/9.6/")
    position: Annotated[int, Field(ge=0, le=99)]
    key_string: Text | None = None
    signature: Hex | None = None


class Statement(Body):
    """What the discipline office states about the whole draw."""

    model_config = example(statement="全程在场监督，未发现异常")
    statement: Text


@router.post("", status_code=201, response_model=Receipt, summary="立项 / open a draw")
def open_draw(body: Opening, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Open a draw; the ledger numbers it without a gap."""
    facts = body.model_dump()
    return ledger.open_draw(by, command, **facts)


@router.get("", summary="随机抽取列表 / list the draws")
def list_draws(by: Caller, ledger: TheLedger, after: After = "", limit: Limit = 100) -> Page:
    """Return the draws in the order of their ids."""
    return page(ledger, lambda c: draws.draws(c, behind("draw", after), limit), limit)


@router.get("/{name}", summary="一次随机抽取 / show a draw")
def get_draw(name: Name, by: Caller, ledger: TheLedger, after: After = "", limit: Limit = 1000) -> dict[str, Any]:
    """Return one draw with every step, and who was drawn and who inspects whom, that list page by page."""
    stream = f"draw/{name}"
    with up_to_date(ledger) as snapshot:
        found = named(existing(draws.draw(snapshot.connection, stream)))
        drawn = draws.drawn(snapshot.connection, stream, after, limit)
        steps = draws.steps(snapshot.connection, stream)
    more = drawn[-1]["object"] if len(drawn) == limit else None
    return {"index": snapshot.index, "item": found, "steps": steps, "drawn": drawn, "next": more}


@router.post(
    "/{name}/check-ins",
    status_code=201,
    response_model=Receipt,
    summary="纪检到场 / record that the discipline office is present",
)
def check_in(name: Name, body: CheckIn, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Record that the discipline office is present for a phase."""
    return ledger.check_in(by, command, draw=f"draw/{name}", phase=body.phase)


@router.get("/{name}/freeze-preview", summary="冻结预览 / preview a freeze")
def preview_freeze(name: Name, by: Caller, ledger: TheLedger) -> dict[str, Any]:
    """Return what a freeze would find now: eligible objects per stratum, waivers needed, eligible inspectors."""
    return ledger.preview_freeze(f"draw/{name}")


@router.post(
    "/{name}/freeze", status_code=201, response_model=Receipt, summary="冻结名录与规则 / freeze the pool and the terms"
)
def freeze(name: Name, body: Terms, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Freeze the pool and the terms, before anything random exists."""
    facts = body.facts()
    return ledger.freeze(by, command, draw=f"draw/{name}", **facts)


@router.post("/{name}/commitments", status_code=201, response_model=Receipt, summary="提交承诺 / record a commitment")
def commit(name: Name, body: Commitment, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Record a party's commitment."""
    return ledger.commit(by, command, draw=f"draw/{name}", party=body.party, commitment=body.commitment)


@router.post(
    "/{name}/commitments-closing", status_code=201, response_model=Receipt, summary="承诺截止 / close the commitments"
)
def close_commitments(name: Name, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Close the set of commitments."""
    return ledger.close_commitments(by, command, draw=f"draw/{name}")


@router.post("/{name}/reveals", status_code=201, response_model=Receipt, summary="揭示 / record a reveal")
def reveal(name: Name, body: Reveal, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Record what a party had committed to."""
    return ledger.reveal(by, command, draw=f"draw/{name}", party=body.party, secret=body.secret)


@router.post(
    "/{name}/withheld", status_code=201, response_model=Receipt, summary="记录未揭示 / record a withheld reveal"
)
def withhold(name: Name, body: Withheld, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Record that a party did not reveal in time."""
    return ledger.withhold(by, command, draw=f"draw/{name}", party=body.party)


@router.post("/{name}/reveals-closing", status_code=201, response_model=Receipt, summary="揭示截止 / close the reveals")
def close_reveals(name: Name, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Close the set of reveals."""
    return ledger.close_reveals(by, command, draw=f"draw/{name}")


@router.post("/{name}/beacons", status_code=201, response_model=Receipt, summary="录入公共信标 / record a beacon")
def record_beacon(name: Name, body: Beacon, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Record the outcome of a beacon."""
    facts = body.model_dump()
    return ledger.record_beacon(by, command, draw=f"draw/{name}", **facts)


@router.post("/{name}/seed", status_code=201, response_model=Receipt, summary="生成种子 / derive the seed")
def derive_seed(name: Name, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Derive the seed."""
    return ledger.derive_seed(by, command, draw=f"draw/{name}")


@router.post("/{name}/objects", status_code=201, response_model=Receipt, summary="抽取检查对象 / draw the objects")
def draw_objects(name: Name, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Draw the objects that follow from the pool and the seed."""
    return ledger.draw_objects(by, command, draw=f"draw/{name}")


@router.post(
    "/{name}/assignment", status_code=201, response_model=Receipt, summary="选派检查人员 / assign the inspectors"
)
def assign_inspectors(name: Name, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Assign the inspectors that follow from the pool and the seed."""
    return ledger.assign_inspectors(by, command, draw=f"draw/{name}")


@router.post("/{name}/sign-off", status_code=201, response_model=Receipt, summary="纪检签字 / sign a draw off")
def sign_off(name: Name, body: Statement, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Sign the draw off: the discipline office."""
    return ledger.sign_off(by, command, draw=f"draw/{name}", statement=body.statement)
