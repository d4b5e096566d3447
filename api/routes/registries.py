"""The two registries: created, filled from CSV files, filed with the coordinating office, and paired."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import IO, Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api import importing
from api.auth import Caller
from api.bodies import After, Body, Code, CsvBody, Limit, RegistryStream, StrictRoute, Text, example
from api.commands import Command, Receipt
from api.context import TheLedger
from api.problems import answer
from api.reading import One, Page, behind, existing, named, page, up_to_date
from api.routes.reviews import Name
from domain.core import Receipt as Done
from domain.ledger import Ledger
from projections import registries
from verify.rows import Row, Rows

_PREFIX = "/registries"
router = APIRouter(prefix=_PREFIX, tags=["registries 名录库"], route_class=StrictRoute)
csv_router = APIRouter(prefix=_PREFIX, tags=["registries 名录库"])

CSV_EXAMPLE = (
    "uscc,name,credit_risk_class,registration_status\n"
    "91220101YY01WT508U,示例商贸有限公司,A,active\n"
    "91220101YY0000028A,示例餐饮店,,active\n"
)
_CSV_BODY = {"schema": {"type": "string"}, "example": CSV_EXAMPLE}
_CSV = {"requestBody": {"required": True, "content": {"text/csv": _CSV_BODY}}}
_READERS: dict[str, Callable[[IO[bytes]], tuple[Rows | Sequence[Row], list[dict[str, Any]]]]] = {
    "objects": importing.read_objects,
    "inspectors": importing.read_inspectors,
}


class NewRegistry(Body):
    """A registry of objects belongs to one check item, a registry of inspectors to none."""

    model_config = example(registry="220100-CCSW-001", type="objects", title="预付卡企业名录库", item="CCSW-001")
    registry: Code
    type: Literal["objects", "inspectors"]
    title: Text
    item: Code | None = None


class Filing(Body):
    """The reference under which the coordinating office filed a registry."""

    model_config = example(reference="备案-2026-003")
    reference: Text


class Pairing(Body):
    """The registry of inspectors that belongs to a registry of objects."""

    model_config = example(inspectors="registry/220100-inspectors")
    inspectors: RegistryStream


@router.post("", status_code=201, response_model=Receipt, summary="建立名录库 / create a registry")
def create(body: NewRegistry, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Create an empty registry under a free code."""
    facts = body.model_dump()
    return ledger.create_registry(by, command, **facts)


@router.get("", summary="名录库列表 / list the registries")
def list_registries(by: Caller, ledger: TheLedger, after: After = "", limit: Limit = 100) -> Page:
    """Return the registries in the order of their codes."""
    return page(ledger, lambda c: registries.registries(c, behind("registry", after), limit), limit)


@router.get("/{name}", summary="一个名录库 / show a registry")
def get_registry(name: Name, by: Caller, ledger: TheLedger) -> One:
    """Return one registry with its imports and pairings, without its rows."""
    stream = f"registry/{name}"
    with up_to_date(ledger) as snapshot:
        found = named(existing(registries.registry(snapshot.connection, stream)))
        batches = registries.batches(snapshot.connection, stream)
        pairings = registries.pairings(snapshot.connection, stream)
        return One(index=snapshot.index, item=found | {"imports": batches, "paired": pairings})


@router.get("/{name}/rows", summary="名录库的行 / list the rows of a registry")
def list_rows(name: Name, by: Caller, ledger: TheLedger, after: After = "", limit: Limit = 100) -> Page:
    """Return the rows that a registry holds now, in the order of their ids."""
    return page(ledger, lambda c: registries.rows(c, f"registry/{name}", after, limit), limit)


@router.post("/{name}/filing", status_code=201, response_model=Receipt, summary="名录库备案 / file a registry")
def file(name: Name, body: Filing, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """File a registry: the coordinating office, never the account that imported."""
    return ledger.file_registry(by, command, registry=f"registry/{name}", reference=body.reference)


@router.post(
    "/{name}/pairing",
    status_code=201,
    response_model=Receipt,
    summary="名录库配对 / pair a registry of objects with one of inspectors",
)
def pair(name: Name, body: Pairing, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Pair a registry of objects with its registry of inspectors."""
    return ledger.pair_registries(by, command, registry=f"registry/{name}", inspectors=body.inspectors)


@csv_router.post(
    "/{name}/imports",
    status_code=201,
    response_model=Receipt,
    openapi_extra=_CSV,
    summary="导入 CSV 文件 / import a CSV file",
)
def import_csv(
    request: Request,
    name: Name,
    by: Caller,
    command: Command,
    ledger: TheLedger,
    upload: CsvBody,
    mode: Literal["merge", "replace"] = "merge",
    dry_run: Annotated[bool, Query(description="只检查，不导入 / check only, no entry")] = False,
) -> Done | Response:
    """Import a CSV file, all of it or nothing: any faulty row is answered with its line, column, value and reason."""
    stream = f"registry/{name}"
    with up_to_date(ledger) as snapshot:
        kind = existing(registries.registry(snapshot.connection, stream))["type"]
    rows, faults = _READERS[kind](upload.file)
    if faults:
        zh, en = f"有 {len(faults)} 处不合要求，未导入任何一行", f"{len(faults)} faults, nothing was imported"
        return answer(request, 422, zh, en, "方案第五(三)条", faults)
    if dry_run:
        return JSONResponse(_forecast(ledger, stream, rows, mode))
    source = {"sha256": upload.sha256, "bytes": upload.bytes}
    return ledger.import_rows(by, command, registry=stream, rows=rows, mode=mode, source=source)


def _forecast(ledger: Ledger, stream: str, rows: Rows | Sequence[Row], mode: str) -> dict[str, Any]:
    """Return what an import would do, by ids: rows read, new ones, ones already there, ones that would go."""
    given = rows.names() if isinstance(rows, Rows) else iter(sorted(row["id"] for row in rows))
    with up_to_date(ledger) as snapshot:
        held, present = registries.overlap(snapshot.connection, stream, given)
        gone = held - present if mode == "replace" else 0
        counts = {"rows": len(rows), "new": len(rows) - present, "present": present, "removed": gone}
        return {"index": snapshot.index, "dry_run": True, "registry": stream, "mode": mode, **counts}
