"""The page for people of what was refused: a wrong address, or a question that no page can answer."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from api.pages.rendering import plain
from api.problems import Refused


def show(request: Request, refused: Refused) -> Response:
    """Return a small page with the reason, under the status that a program would get."""
    return plain(request, request.app.state.origin, "refusal.html", refused.status, refused=refused)
