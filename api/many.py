"""Many logs behind one service: each below a path of its own, with its own application, and a front page that lists them.

Nothing is shared between them but the port: a token, a view, a connection or a background thread belongs to one log.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api import problems
from api.app import SecurityHeaders, create_app
from api.auth import PUBLIC, refuse_unguarded
from api.commandline import Failed
from api.pages import refusals, static
from api.pages.rendering import plain
from api.settings import UNSHOWN, Settings
from domain.ledger import Ledger
from domain.standby import Standby

PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,63}")
TAKEN = {"static"}
"""What the front page itself uses."""

Logs = Mapping[str, Ledger]
"""The open logs by the path each is served below; the one log of a service without a front page has the path ''."""


@contextmanager
def opened(folders: Sequence[Path], together: bool, standby: str | None = None) -> Iterator[Logs]:
    """Open the logs of a service. Failed where one may not be shown, or two want the same path.

    `together`: each is served below a path. `standby`: they are only read, '' from the database that `store.json` names.
    """
    with ExitStack() as stack:
        ledgers = [
            stack.enter_context(Ledger.open(folder) if standby is None else Standby.reading(folder, standby))
            for folder in folders
        ]
        for ledger in ledgers:
            if ledger.origin.startswith(UNSHOWN):
                raise Failed(
                    "此台账是用非随附数据做的演示，含真实企业与虚构结果，不得对外展示",
                    "this demonstration holds real businesses with invented results and is shown to nobody",
                )
        yield _by_prefix(ledgers) if together else {"": ledgers[0]}


def _by_prefix(ledgers: Sequence[Ledger]) -> dict[str, Ledger]:
    """Return each log by the last part of its origin, or by its folder's name where others end alike."""
    lasts = Counter(ledger.origin.rpartition("/")[2] for ledger in ledgers)
    found: dict[str, Ledger] = {}
    for ledger in ledgers:
        last = ledger.origin.rpartition("/")[2]
        usable = lasts[last] == 1 and PREFIX.fullmatch(last) and last not in TAKEN
        prefix = last if usable else ledger.folder.resolve().name
        if prefix in found or prefix in TAKEN or not PREFIX.fullmatch(prefix):
            raise Failed(
                f"{ledger.folder} 没有可用的路径：{prefix!r} 已被占用或不能作路径，请将文件夹改名",
                f"{ledger.folder} has no path of its own: {prefix!r} is taken or cannot be one, rename the folder",
            )
        found[prefix] = ledger
    return found


def application(logs: Logs, settings: Settings) -> FastAPI:
    """Return the application over open logs; whoever opened them closes them, after it has shut down."""
    if set(logs) == {""}:
        return create_app(logs[""], settings)
    static = settings.static
    parts = {
        name: create_app(ledger, replace(settings, static=static and static / name))
        for name, ledger in sorted(logs.items())
    }

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for part in parts.values():
                await stack.enter_async_context(part.router.lifespan_context(part))
            yield

    app = FastAPI(title="fairdraw", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.state.origin = ""
    app.include_router(_front({name: (ledger.origin, ledger.vkey) for name, ledger in sorted(logs.items())}))
    refuse_unguarded(app)
    problems.install(app, refusals.show)
    app.add_middleware(SecurityHeaders)
    for name, part in parts.items():
        app.mount(f"/{name}", part)
    return app


def _front(about: Mapping[str, tuple[str, str]]) -> APIRouter:
    router = APIRouter(include_in_schema=False, dependencies=[PUBLIC])
    rows = [{"prefix": name, "origin": origin, "vkey": vkey} for name, (origin, vkey) in about.items()]

    @router.api_route("/", methods=["GET", "HEAD"], response_class=HTMLResponse)
    def front(request: Request) -> HTMLResponse:
        """List the logs."""
        return plain(request, "", "logs.html", logs=rows)

    router.include_router(static.router)
    return router
