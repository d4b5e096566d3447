"""The log as strangers read it, without a token: checkpoint, key, tiles, proofs, entry bundles and documents."""

from __future__ import annotations

import gzip
import re
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from api.auth import PUBLIC
from api.context import TheLedger
from api.exporting import archive, program
from api.problems import RESPONSES, Problem
from domain.ledger import Ledger
from verify import tiles
from verify.program import NAME
from verify.program import program as one_file_program

router = APIRouter(tags=["log 日志"], dependencies=[PUBLIC], responses=RESPONSES, default_response_class=Response)
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_QUICKLY = 4
"""How hard a bundle is packed: of nine steps the last five cost much and save little."""
_MOMENT = {"Cache-Control": "public, max-age=1"}


def _of(media: str, schema: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """Return how the description of the interface names what a route answers."""
    return {200: {"content": {media: {"schema": schema}}}}


_TEXT = _of("text/plain", {"type": "string"})
_BYTES = _of("application/octet-stream", {"type": "string", "format": "binary"})
_TAR = _of("application/x-tar", {"type": "string", "format": "binary"})
_ZIP = _of("application/zip", {"type": "string", "format": "binary"})


def _nothing() -> Problem:
    return Problem(404, "日志中没有这项内容", "the published log holds no such thing")


@router.head("/checkpoint", include_in_schema=False)
@router.get("/checkpoint", responses=_TEXT, summary="检查点 / get the last checkpoint")
def checkpoint(ledger: TheLedger) -> Response:
    """Return the last signed checkpoint."""
    note = ledger.checkpoint()
    if note is None:
        raise _nothing()
    return Response(note, media_type="text/plain", headers=_MOMENT)


@router.head("/log.vkey", include_in_schema=False)
@router.get("/log.vkey", responses=_TEXT, summary="公钥 / get the verifier key")
def vkey(ledger: TheLedger) -> Response:
    """Return the verifier key of the log; whoever checks should have it from elsewhere too."""
    return Response(f"{ledger.vkey}\n", media_type="text/plain", headers=_MOMENT)


@router.head("/tile/{path:path}", include_in_schema=False)
@router.get("/tile/{path:path}", responses=_BYTES, summary="瓦片与条目包 / get a tile or an entry bundle")
def tile(request: Request, path: str, ledger: TheLedger) -> Response:
    """Return a tile or, below `entries/`, an entry bundle of the published tree, packed for whoever accepts gzip.

    A part is served as long as the log grows, the full tile beside it: nobody has to fall back to it.
    """
    try:
        level, index, width = tiles.parse_tile_path(f"tile/{path}")
    except tiles.TileError:
        raise _nothing() from None
    content = ledger.bundle(index, width) if level is None else ledger.tile(level, index, width)
    if content is None:
        raise _nothing()
    headers = _FOR_EVER
    if level is None:  # hashes cannot be packed
        headers = {**_FOR_EVER, "Vary": "Accept-Encoding"}
        if _accepts_gzip(request):
            content, headers = gzip.compress(content, _QUICKLY, mtime=0), {**headers, "Content-Encoding": "gzip"}
    return Response(content, media_type="application/octet-stream", headers=headers)


def _accepts_gzip(request: Request) -> bool:
    """Whether a client names gzip among what it can unpack, and not to refuse it (RFC 9110, 12.5.3)."""
    named = (each.partition(";") for each in request.headers.get("accept-encoding", "").lower().split(","))
    weights = {name.strip(): weight.replace(" ", "") for name, _, weight in named}
    return "gzip" in weights and re.fullmatch(r"q=0(\.0*)?", weights["gzip"]) is None


_Place = Annotated[int, Query(ge=0, le=2**53)]


class Proof(BaseModel):
    """The hashes of a proof of RFC 6962 in hex, the ones nearest to the leaves first, and the root it leads to."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"size": 1000, "root": "5f1c…", "path": ["ab12…", "cd34…"]}}
    )
    size: int
    root: str
    path: list[str]


@router.get("/proof/inclusion", response_class=JSONResponse, summary="存在证明 / prove that an entry is in the tree")
def inclusion(ledger: TheLedger, index: _Place, size: _Place) -> Proof:
    """Return the proof that entry `index` is in the published tree of `size` entries (RFC 6962, 2.1.1)."""
    return _proof(ledger, size, ledger.inclusion(index, size))


@router.get("/proof/consistency", response_class=JSONResponse, summary="延续证明 / prove that the log only grew")
def consistency(ledger: TheLedger, old: _Place, size: _Place) -> Proof:
    """Return the proof that the published tree of `size` entries begins with the one of `old` (RFC 6962, 2.1.2)."""
    return _proof(ledger, size, ledger.consistency(old, size))


def _proof(ledger: Ledger, size: int, path: list[bytes] | None) -> Proof:
    if path is None:
        raise _nothing()
    return Proof(size=size, root=ledger.store.root(size).hex(), path=[each.hex() for each in path])


@router.head("/documents/{sha256}", include_in_schema=False)
@router.get("/documents/{sha256}", responses=_BYTES, summary="公开文档 / get a public document")
def document(request: Request, sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")], ledger: TheLedger) -> Response:
    """Return a public document by its hash."""
    info = ledger.store.document_info(sha256)
    content = ledger.store.document(sha256) if info and info["public"] else None
    if info is None or content is None:
        raise _nothing()
    # Whatever was uploaded, a browser shows it as a picture of bytes and runs nothing of it.
    headers = {**_FOR_EVER, "Content-Security-Policy": "default-src 'none'; sandbox"}
    headers["Content-Length"] = str(info["bytes"])
    return StreamingResponse(content if request.method == "GET" else iter(()), media_type=info["type"], headers=headers)


@router.head("/export.tar", include_in_schema=False)
@router.get("/export.tar", responses=_TAR, summary="导出全部公开记录 / export the published log")
def export(request: Request, ledger: TheLedger) -> Response:
    """Return the whole published log as the folder `export`, for `python -m verify`."""
    note = ledger.checkpoint()
    if note is None:
        raise _nothing()
    content = archive(ledger, note) if request.method == "GET" else iter(())
    return StreamingResponse(content, media_type="application/x-tar", headers=_MOMENT)


@router.head("/verify.tar", include_in_schema=False)
@router.get("/verify.tar", responses=_TAR, summary="下载校验程序 / get the verifier")
def verifier() -> Response:
    """Return the verifier as the folder `verify`: it needs Python 3.11 and nothing else of ours."""
    return Response(_program(), media_type="application/x-tar", headers={"Cache-Control": "no-cache"})


@router.head(f"/{NAME}", include_in_schema=False)
@router.get(f"/{NAME}", responses=_ZIP, summary="下载校验程序（单一文件） / get the verifier as one file")
def one_file() -> Response:
    """Return the verifier as one file: `python3 fairdraw-verify.pyz TARGET`. Its hash is recorded in the log."""
    return Response(one_file_program(), media_type="application/zip", headers={"Cache-Control": "no-cache"})


@cache
def _program() -> bytes:
    # Read once: the program that is handed out stays the one that this service runs.
    return b"".join(program())


@router.get(
    "/openapi.json",
    response_class=JSONResponse,
    responses=_of("application/json", {"type": "object"}),
    summary="接口说明 / get this description",
)
async def openapi(request: Request) -> dict[str, Any]:
    """Return the description of the HTTP interface."""
    document: dict[str, Any] = request.app.openapi()
    below = request.scope.get("root_path", "")
    return {**document, "servers": [{"url": below}]} if below else document
