"""The files that pages need and that never change while the service runs: one style sheet and one icon."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response

from api.problems import Problem

router = APIRouter()
FOLDER = Path(__file__).resolve().parent.parent / "static"
TYPES = {".css": "text/css", ".svg": "image/svg+xml"}


@cache
def files() -> dict[str, bytes]:
    """Return the files by name; a name from outside is looked up here and never becomes a path."""
    return {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in TYPES}


@router.api_route("/static/{name}", methods=["GET", "HEAD"])
def static(name: str) -> Response:
    """Return one file."""
    if name not in files():
        raise Problem(404, "没有这个文件", "there is no such file")
    media = TYPES[Path(name).suffix]
    return Response(files()[name], media_type=media, headers={"Cache-Control": "public, max-age=3600"})
