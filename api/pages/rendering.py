"""How a page is made: a template that escapes whatever it is given, and what every page says about the log."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.pages import words
from api.printing import seal
from domain.clock import BEIJING
from domain.ledger import Ledger
from verify import checkpoint

_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


@cache
def environment() -> Environment:
    """Return the templates; an undefined name is a fault, never an empty place."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(percent=percent, instant=instant, minute=minute, shell=shell)
    made.globals.update(words=words)
    return made


def render(request: Request, ledger: Ledger, template: str, index: int, **values: Any) -> HTMLResponse:
    """Return a page over the first `index` entries of the log."""
    note = ledger.checkpoint()
    head = checkpoint.parse(note)[0] if note else None
    about: dict[str, Any] = {"index": index, "head": head, "vkey": ledger.vkey, "base": base(request)}
    about["seal"] = seal(note) if note else None
    return plain(request, ledger.origin, template, **about, **values)


def plain(request: Request, origin: str, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page that says nothing about the entries; `origin` is empty where it belongs to no log."""
    common = {"at": prefix(request), "origin": origin, "demonstration": origin.startswith("demo.")}
    common |= {"index": None, "seal": None}
    html = environment().get_template(template).render(common | values)
    return HTMLResponse(html, status, headers={"Cache-Control": "no-cache"})


def prefix(request: Request) -> str:
    """Return the path below which this application is served, without a slash at its end."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def base(request: Request) -> str:
    """Return where this log is served, for a command that people copy; words for it where the client's Host is no host."""
    # A reader pastes this into a shell, and the Host header is what a client made of it.
    host = request.headers.get("host", "")
    return f"{request.url.scheme}://{host}{prefix(request)}" if _HOST.fullmatch(host) else "本站地址"


def shell(text: str) -> str:
    """Return a text as one word of a shell, quoted whatever it holds."""
    return "'" + text.replace("'", "'\\''") + "'"


def percent(basis_points: int) -> str:
    """Return basis points as a share: 1250 is 12.5 %."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + " %"


def minute(at: str) -> str:
    """Return an instant of an entry as people read it: day, hour, minute, second in Beijing."""
    return at[:19].replace("T", " ")


def instant(seconds: int) -> str:
    """Return POSIX seconds as people read them in Beijing; a number beyond all calendars stays a number."""
    try:
        return datetime.fromtimestamp(seconds, BEIJING).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, OSError, ValueError):
        return str(seconds)
