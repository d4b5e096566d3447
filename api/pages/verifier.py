"""The verifier that runs in a stranger's browser: static files below /verify/, and no word of this service in them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

import verify
from api.problems import Problem

router = APIRouter()
FOLDER = Path(verify.__file__).resolve().parent / "browser"
TYPES = {".html": "text/html", ".css": "text/css", ".svg": "image/svg+xml", ".js": "text/javascript"}
LICENCE = "LICENSE"
_HEADERS = {
    "Cache-Control": "no-cache",
    # Nothing is loaded or asked for but from this host, no script stands in a page, nothing is framed or sent anywhere.
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
}


@cache
def files() -> dict[str, bytes]:
    """Return the files by their path; a path from outside is looked up here and never becomes a path."""
    found = (path for path in FOLDER.rglob("*") if path.suffix in TYPES or path.name == LICENCE)
    return {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in found}


@router.get("/verify")
def front(request: Request) -> Response:
    """Send whoever left out the last slash to the page, below which its files lie."""
    return RedirectResponse(f"{request.scope.get('root_path', '')}/verify/", 308)


@router.api_route("/verify/{path:path}", methods=["GET", "HEAD"])
def file(path: str) -> Response:
    """Return one file of the verifier; its page where none is named."""
    name = path or "index.html"
    if name not in files():
        raise Problem(404, "没有这个文件", "there is no such file")
    media = TYPES.get(Path(name).suffix, "text/plain")
    return Response(files()[name], media_type=media, headers=_HEADERS)
