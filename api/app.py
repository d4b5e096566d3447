"""The HTTP application over one ledger: routes, pages, guards, and the keeper that publishes checkpoints."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.anchoring import Anchorer, Schedule
from api.auth import Unshown, refuse_unguarded
from api.hot import Groups, Lane
from api.keeper import Keeper, Pace
from api.pages import refusals
from api.pages import router as pages
from api.publishing import Publisher
from api.routes import api_router
from api.routes import log as log_routes
from api.settings import UNSHOWN, Settings
from domain.ledger import Ledger
from projections import follow

SECURITY = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_STRICT = [(name.lower().encode(), value.encode()) for name, value in SECURITY.items()]
READING = ("GET", "HEAD")
ONLY_READ = ("此为只读副本，命令请提交主服务", "this is a read-only copy: send commands to the log's own service")
_DESCRIPTION = "双随机、一公开：可由任何人复核的随机抽查台账。 / A ledger for random inspections that anyone can check."


class SecurityHeaders:
    """Adds what a browser needs to be strict; a route that says it differently keeps its own words."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def strict(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in _STRICT if pair[0] not in said)]
            await send(message)

        await self._app(scope, receive, strict)


class ReadOnly:
    """Refuses everything but reading, before a byte of its body was read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to read on."""
        if scope["type"] == "http" and scope["method"] not in READING:
            refusal = problems.Problem(405, *ONLY_READ, headers={"Allow": ", ".join(READING)})
            await (await problems.answer_to(Request(scope, receive), refusal))(scope, receive, send)
            return
        await self._app(scope, receive, send)


def create_app(ledger: Ledger, settings: Settings | None = None) -> FastAPI:
    """Return the application; whoever opened the ledger closes it, after the application has shut down.

    A log whose origin begins with `UNSHOWN` answers 404 to everybody who brings no token, its public parts too.
    Over a copy that is only read, everything but reading is refused. Raises `api.auth.Unguarded` when a route names neither
    a caller nor public, ViewError where the tables of views are not migrated.
    """
    settings = settings or Settings()
    if not ledger.read_only:
        follow.fold(ledger.store, 1)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pace = Pace(settings.publish_entries, settings.publish_seconds)
        keeper = (
            Keeper(ledger, pace, *([Publisher(ledger, settings.static).keep_up] if settings.static else []))
            if settings.keep and not ledger.read_only
            else None
        )
        if keeper:
            keeper.start()
        schedule = Schedule.read(ledger.folder) if keeper else None
        anchorer = Anchorer(ledger, schedule) if schedule else None
        if anchorer:
            anchorer.start()
        yield
        app.state.groups.close()
        if anchorer:
            anchorer.stop()
        if keeper:
            keeper.stop()

    app = FastAPI(
        title="fairdraw",
        version="1",
        description=_DESCRIPTION,
        lifespan=lifespan,
        openapi_url=None,  # served by a route of our own, so that the guard sees it
        docs_url=None,  # the library's page loads a foreign script
        redoc_url=None,
        generate_unique_id_function=_operation,
    )
    app.state.ledger, app.state.settings, app.state.groups = ledger, settings, Groups(ledger)
    app.state.origin = ledger.origin
    app.include_router(api_router())
    app.include_router(log_routes.router)
    app.include_router(pages)
    app.add_middleware(Lane, of=app)  # the innermost, so that whatever guards a route guards it here too
    unshown = ledger.origin.startswith(UNSHOWN)
    if unshown:
        app.add_middleware(Unshown)
    if ledger.read_only:
        app.add_middleware(ReadOnly)
    app.add_middleware(SecurityHeaders)
    # A page of a refusal would tell whose log it is.
    problems.install(app, None if unshown else refusals.show)
    refuse_unguarded(app)
    return app


def _operation(route: APIRoute) -> str:
    """Name an operation after its path, because the procedures of lists and plans share their functions."""
    path = route.path_format.strip("/").replace("/", "-").replace("{", "").replace("}", "")
    return f"{'-'.join(sorted(route.methods or ())).lower()}-{path or 'home'}"
