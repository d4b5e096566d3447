"""Who is calling: a bearer token names an account, and every route says that it needs one or that it is public.

The application refuses to start when a route says neither, so a door without a guard cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.context import TheLedger, the_ledger
from api.problems import NOTHING, Problem, answer_to
from domain.errors import Forbidden, Refusal
from domain.ledger import Ledger
from domain.roles import Actor

_ADMITTED = "fairdraw.admitted"
_BEARER = HTTPBearer(auto_error=False, description="访问令牌 / access token of an account")


class Unguarded(RuntimeError):
    """A route names neither a caller nor public."""


def caller(
    request: Request, ledger: TheLedger, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
) -> Actor:
    """Return who the bearer token belongs to; 401 without a valid one, 403 for a closed account."""
    return admitted(request) or owner_of(ledger, given.credentials if given else None)


async def admit(request: Request) -> None:
    """Refuse a request without a valid token, of which not a byte of the body was read yet."""
    token = await token_of(request)
    # In the scope, which belongs to this request alone, so that `caller` need not look the token up again.
    request.scope[_ADMITTED] = await run_in_threadpool(owner_of, await the_ledger(request), token)


def admitted(request: Request) -> Actor | None:
    """Return who was admitted with this request, None where nobody was asked yet."""
    found: Actor | None = request.scope.get(_ADMITTED)
    return found


async def token_of(request: Request) -> str | None:
    """Return the bearer token of a request, None where it brings none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def owner_of(ledger: Ledger, token: str | None) -> Actor:
    """Return who a token belongs to; 401 without a valid one, 403 for a closed account."""
    account = ledger.private.account_of_token(token) if token else None
    if account is None:
        challenge = {"WWW-Authenticate": 'Bearer realm="fairdraw"'}
        raise Problem(
            401, "请在 Authorization 中给出有效的访问令牌", "a valid bearer token is needed", headers=challenge
        )
    return ledger.actor(account)


def require_admin(by: Actor) -> None:
    """Refuse whoever is not an administrator, where nothing enters the log and so no kind names a role."""
    if by.role != "admin":
        raise Forbidden("此操作只能由系统管理员进行", "this is for the role admin", "方案四")


async def public() -> None:
    """Say that a route is open to everybody."""


Caller = Annotated[Actor, Depends(caller)]
PUBLIC = Depends(public)


def refuse_unguarded(app: FastAPI) -> None:
    """Raise Unguarded when some route, also of a router inside a router, names neither a caller nor public."""
    naked = sorted(_naked(app))
    if naked:
        raise Unguarded(f"these routes name neither a caller nor public: {', '.join(naked)}")


def _naked(app: FastAPI) -> Iterator[str]:
    # app.routes hides the routes of included routers, and what an include adds: each is asked as it is served.
    for context in iter_route_contexts(app.routes):
        dependant = context.dependant if isinstance(context.original_route, APIRoute) else None
        if dependant is None or not {caller, public} & set(calls(dependant)):
            yield f"{','.join(sorted(context.methods or ()))} {context.path}"


def calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    """Yield everything that a route depends on, near and far."""
    for part in dependant.dependencies:
        if part.call is not None:
            yield part.call
        yield from calls(part)


class Unshown:
    """Hides a whole log: without a token nothing is there at all, with one that is not valid nothing is answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request of somebody with a token on."""
        if scope["type"] == "http":
            request = Request(scope, receive)
            try:
                if "authorization" not in request.headers:
                    raise Problem(404, *NOTHING)
                await admit(request)
            except (Problem, Refusal) as refusal:
                await (await answer_to(request, refusal))(scope, receive, send)
                return
        await self._app(scope, receive, send)
