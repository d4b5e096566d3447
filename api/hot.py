"""The routes that clients call by the thousand: decided on the event loop and committed in groups.

They are declared like all others and answer and refuse like them. Only the machinery between is left out: no search
through the tables of routes, no thread per step and no search for dependencies, which cost more than the command itself.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette._utils import get_route_path
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth import admitted, owner_of, token_of
from api.bodies import StrictRoute, judge, read, require_type
from api.commands import Receipt, command_of
from api.context import settings_of, the_ledger
from api.problems import NOTHING, Problem
from domain.core import Intent
from domain.grouping import Group
from domain.ledger import Ledger
from domain.roles import Actor
from verify import canonical

SMALL = 1 << 16
"""A body of at most so many bytes is judged at once, a larger one in a thread."""
REMEMBERED = 1.0
"""For so many seconds a token is not looked up again, where that is a question to another machine."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_NAME = re.compile(r"[A-Za-z0-9._-]{1,120}", re.ASCII)
_ENCODE = msgspec.json.Encoder().encode


class Receipts(BaseModel):
    """The receipts of the commands of one request, in their order: all of them are recorded together."""

    model_config = ConfigDict(from_attributes=True)
    receipts: list[Receipt]


class Groups:
    """The group commit of one ledger, one for each event loop that serves it, and the callers met in the last second."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._groups: WeakKeyDictionary[Any, Group] = WeakKeyDictionary()
        self._callers: dict[str, tuple[float, Actor]] = {}

    def of(self, loop: Any) -> Group:
        """Return the group of an event loop."""
        group = self._groups.get(loop)
        if group is None:
            group = self._groups[loop] = Group(self._ledger)
        return group

    def close(self) -> None:
        """Wait for what is being committed."""
        for group in list(self._groups.values()):
            group.close()

    async def caller(self, request: Request) -> Actor:
        """Return who asks; 401 without a valid token. Whether his account is still open is asked again under the lock."""
        known = admitted(request)
        if known is not None:
            return known
        token = await token_of(request)
        if not self._ledger.store.shared:
            return owner_of(self._ledger, token)
        until, actor = self._callers.get(token or "", (0.0, None))
        if actor is None or until < time.monotonic():
            actor = await run_in_threadpool(owner_of, self._ledger, token)
            if len(self._callers) > 10_000:
                self._callers.clear()
            self._callers[token or ""] = (time.monotonic() + REMEMBERED, actor)
        return actor


class Lane:
    """The way past the router: what is posted to a hot route goes straight to its handler."""

    def __init__(self, app: ASGIApp, of: FastAPI) -> None:
        self._app, self._of = app, of
        self._ways = [
            (compile_path(context.path)[0], context.original_route.get_route_handler())
            for context in iter_route_contexts(of.routes)
            if isinstance(context.original_route, HotRoute) and context.path is not None
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request to a hot route, and pass any other one on."""
        if scope["type"] == "http" and scope["method"] == "POST":
            path = get_route_path(scope)
            for pattern, handler in self._ways:
                if found := pattern.match(path):
                    scope["path_params"] = found.groupdict()
                    response = await self._answer(handler, Request(scope, receive))
                    await response(scope, receive, send)
                    return
        await self._app(scope, receive, send)

    async def _answer(self, handler: Handler, request: Request) -> Response:
        try:
            return await handler(request)
        except Exception as fault:
            # As the library does for every route; what nobody has an answer to becomes a 500 further out.
            answers = self._of.exception_handlers
            answer = next((answers[kind] for kind in type(fault).__mro__[:-3] if kind in answers), None)
            if answer is None:
                raise
            response: Response = await answer(request, fault)  # type: ignore[misc]
            return response


class HotRoute(StrictRoute):
    """A route whose function returns what is wanted, one intent or several, and which carries it out.

    Its function takes `by`, `command`, `ledger`, `body`, and the names in its path; it asks nothing of the log.
    """

    def get_route_handler(self) -> Handler:
        """Return the handler, which never leaves the event loop but for the commit and for large bodies."""
        model: type[BaseModel] = self.body_field.field_info.annotation  # type: ignore[union-attr, assignment]

        async def hot(request: Request) -> Response:
            groups: Groups = request.app.state.groups
            ledger = await the_ledger(request)
            by, names = await groups.caller(request), _names(request)
            content = await read(request, settings_of(request).json_limit)
            command = await command_of(request, request.headers.get("idempotency-key"))
            if len(content) <= SMALL:
                body = _understood(model, request, content)
            else:
                body = await run_in_threadpool(_understood, model, request, content)
            wanted = self.endpoint(body=body, by=by, command=command, ledger=ledger, **names)
            return await self._answer(groups, wanted)

        return hot

    async def _answer(self, groups: Groups, wanted: Intent | Sequence[Intent]) -> Response:
        intents = [wanted] if isinstance(wanted, Intent) else wanted
        receipts = await groups.of(asyncio.get_running_loop()).carry_out(intents)
        content = _ENCODE(receipts[0] if isinstance(wanted, Intent) else {"receipts": receipts})
        return Response(content, self.status_code or 200, media_type="application/json")


def _names(request: Request) -> dict[str, str]:
    names: dict[str, str] = request.path_params
    if not all(_NAME.fullmatch(name) for name in names.values()):
        raise Problem(404, *NOTHING)
    return names


def _understood(model: type[BaseModel], request: Request, content: bytes) -> BaseModel:
    """Return the body. What is not right at first sight is looked at as on every other route, which says what is wrong."""
    require_type(request, "application/json")
    try:
        return model.model_validate(_plainly(content))
    except (ValueError, RecursionError):
        pass
    value = judge(request, content)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults) from error


def _plainly(content: bytes) -> Any:
    """Return the value of JSON that is plainly as strict as `canonical.loads` wants it; ValueError where in doubt.

    Without escapes, fractions and long numbers, text that is spelled again as it came has neither a key twice nor a number
    in another spelling. How deep it nests is left to the model.
    """
    compact = msgspec.json.format(content, indent=-1)
    text = compact.decode()
    if "\\" in text or _LONG.search(text) or canonical.text_fault(text):
        raise ValueError
    value = _DECODE(compact)
    if _ENCODE(value) != compact:
        raise ValueError
    return value


def _refuse_fraction(text: str) -> Any:
    raise ValueError


_DECODE = msgspec.json.Decoder(float_hook=_refuse_fraction).decode
_LONG = re.compile(r"[:,\[]-?\d{16}")
