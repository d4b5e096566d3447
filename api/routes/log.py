"""The log as strangers read it, without a token: checkpoint, key, tiles, entry bundles and public documents."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.auth import PUBLIC
from api.context import TheLedger
from api.exporting import archive
from api.problems import RESPONSES, Problem
from verify import tiles

router = APIRouter(tags=["log 日志"], dependencies=[PUBLIC], responses=RESPONSES)
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_MOMENT = {"Cache-Control": "public, max-age=1"}


def _nothing() -> Problem:
    return Problem(404, "日志中没有这项内容", "the published log holds no such thing")


@router.head("/checkpoint", include_in_schema=False)
@router.get("/checkpoint")
def checkpoint(ledger: TheLedger) -> Response:
    """Return the last signed checkpoint."""
    note = ledger.checkpoint()
    if note is None:
        raise _nothing()
    return Response(note, media_type="text/plain", headers=_MOMENT)


@router.head("/log.vkey", include_in_schema=False)
@router.get("/log.vkey")
def vkey(ledger: TheLedger) -> Response:
    """Return the verifier key of the log; whoever checks should have it from elsewhere too."""
    return Response(f"{ledger.vkey}\n", media_type="text/plain", headers=_MOMENT)


@router.head("/tile/{path:path}", include_in_schema=False)
@router.get("/tile/{path:path}")
def tile(path: str, ledger: TheLedger) -> Response:
    """Return a tile or, below `entries/`, an entry bundle of the published tree."""
    try:
        level, index, width = tiles.parse_tile_path(f"tile/{path}")
    except tiles.TileError:
        raise _nothing() from None
    content = ledger.bundle(index, width) if level is None else ledger.tile(level, index, width)
    if content is None:
        raise _nothing()
    return Response(content, media_type="application/octet-stream", headers=_FOR_EVER)


@router.head("/documents/{sha256}", include_in_schema=False)
@router.get("/documents/{sha256}")
def document(sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")], ledger: TheLedger) -> Response:
    """Return a public document by its hash."""
    info = ledger.store.document_info(sha256)
    content = ledger.store.document(sha256) if info and info["public"] else None
    if info is None or content is None:
        raise _nothing()
    # Whatever was uploaded, a browser shows it as a picture of bytes and runs nothing of it.
    headers = {**_FOR_EVER, "Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(content, media_type=info["type"], headers=headers)


@router.get("/export.tar")
def export(ledger: TheLedger) -> Response:
    """Return the whole published log as the folder `export`, for `python -m verify`."""
    note = ledger.checkpoint()
    if note is None:
        raise _nothing()
    return StreamingResponse(archive(ledger, note), media_type="application/x-tar", headers=_MOMENT)


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> dict[str, Any]:
    """Return the description of the HTTP interface."""
    document: dict[str, Any] = request.app.openapi()
    return document
