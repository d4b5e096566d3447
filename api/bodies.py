"""The one strict reader of JSON bodies, and the words that the models of all routes are written in.

A body is read by `verify.canonical.loads` before any model sees it: what readers disagree about (duplicate keys, floats,
lone surrogates, endless nesting) is refused with 400, never guessed, and never a crash.
"""

from __future__ import annotations

import email.message
import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Annotated, Any

from fastapi import Depends, Query
from fastapi.routing import APIRoute
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.auth import Caller, admit, calls, public
from api.context import settings_of
from api.problems import Problem
from verify import canonical
from verify.shape import is_date

_CODE = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"


def _day(text: str) -> str:
    if not is_date(text):
        raise ValueError("a day is spelled YYYY-MM-DD")
    return text


Code = Annotated[str, Field(pattern=_CODE)]
Text = Annotated[str, Field(min_length=1, max_length=4000)]
Hex32 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Hex = Annotated[str, Field(pattern=r"^([0-9a-f]{2})+$", max_length=4096)]
Day = Annotated[str, AfterValidator(_day), Field(json_schema_extra={"format": "date"})]
BasisPoints = Annotated[int, Field(ge=1, le=10_000)]
ObjectId = Annotated[str, Field(min_length=1, max_length=128)]
ItemListStream = Annotated[str, Field(pattern=r"^itemlist/[A-Za-z0-9._-]{1,120}$")]
PlanStream = Annotated[str, Field(pattern=r"^plan/[A-Za-z0-9._-]{1,120}$")]
RegistryStream = Annotated[str, Field(pattern=r"^registry/[A-Za-z0-9._-]{1,120}$")]
DrawStream = Annotated[str, Field(pattern=r"^draw/[A-Za-z0-9._-]{1,120}$")]
After = Annotated[str, Query(max_length=200, description="上一页最后一项 / the last item of the page before")]
Limit = Annotated[int, Query(ge=1, le=1000, description="每页项数 / items per page")]


class Body(BaseModel):
    """What every body is: no type is converted, no key is ignored."""

    model_config = ConfigDict(strict=True, extra="forbid")


def example(**values: Any) -> ConfigDict:
    """Return the settings of a body with an example for the OpenAPI document."""
    return ConfigDict(strict=True, extra="forbid", json_schema_extra={"example": values})


class StrictRequest(Request):
    """A request whose body was read and judged before."""

    def __init__(self, request: Request, content: bytes, value: Any) -> None:
        super().__init__(request.scope, request.receive)
        self._content, self._value = content, value

    async def stream(self) -> AsyncIterator[bytes]:  # type: ignore[override]
        """Yield the body that was read."""
        yield self._content
        yield b""

    async def json(self) -> Any:
        """Return the value that was read strictly."""
        return self._value


class StrictRoute(APIRoute):
    """A route whose body, where it has one, is strict JSON of at most `json_limit` bytes; other routes take none.

    Who asks is settled before a byte of the body is read, unless the route itself says that it is public.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of the library behind the strict reader."""
        handler = super().get_route_handler()
        open_to_all = public in calls(self.dependant)

        async def strict(request: Request) -> Response:
            if not open_to_all:
                await admit(request)
            content = await read(request, settings_of(request).json_limit)
            if self.body_field is None:
                _refuse_stray(content)
                return await handler(StrictRequest(request, b"", None))
            # Judging takes time in proportion to the body, which the sender chooses: not on the one event loop.
            value = await run_in_threadpool(judge, request, content)
            return await handler(StrictRequest(request, content, value))

        return strict


async def read(request: Request, limit: int) -> bytes:
    """Return the whole body; 413 as soon as it is announced or found to be longer than `limit` bytes."""
    return b"".join([part async for part in parts(request, limit)])


async def parts(request: Request, limit: int) -> AsyncIterator[bytes]:
    """Yield the body as it comes in; 413 as soon as it is announced or found to be longer than `limit` bytes."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > 18 or int(announced) > limit):
        raise _too_large(limit)
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        yield part


def _too_large(limit: int) -> Problem:
    return Problem(413, f"内容超过 {limit} 字节", f"the body is larger than {limit} bytes")


def require_type(request: Request, wanted: str) -> None:
    """Refuse a body of another media type; a charset other than UTF-8 is another type where JSON is wanted."""
    if request.headers.getlist("content-type") == [wanted]:
        return
    message = email.message.Message()
    message["content-type"] = request.headers.get("content-type", "")
    charset = message.get_content_charset() or "utf-8"
    given = message.get_content_type() if "content-type" in request.headers else ""
    if given != wanted or (wanted == "application/json" and charset != "utf-8"):
        raise Problem(415, f"内容类型应为 {wanted}", f"the content type must be {wanted}")


def judge(request: Request, content: bytes) -> Any:
    """Return the value of a body of strict JSON; 415 for another type, 400 for what readers disagree about."""
    require_type(request, "application/json")
    try:
        return canonical.loads(content)
    except canonical.NotCanonical as error:
        place = str(error).partition(": ")[0]
        why = f"：{error.zh}" if error.zh else ""
        raise Problem(400, f"{place} 处的 JSON 不合规范{why}", f"not strict JSON: {error}", "LEDGER 2") from None


def _refuse_stray(content: bytes) -> None:
    if content.strip() not in (b"", b"{}"):
        raise Problem(400, "此请求不带内容", "this request takes no body")


@dataclass(frozen=True)
class Upload:
    """A file that came in: on the disk, unless it is small, and gone after the request."""

    file: IO[bytes]
    sha256: str
    bytes: int


async def csv_body(request: Request, by: Caller) -> AsyncIterator[Upload]:
    """Give the body of a CSV upload of somebody; 415 for another type, 413 beyond the limit."""
    require_type(request, "text/csv")
    hashing = hashlib.sha256()
    with TemporaryFile() as file:
        async for part in parts(request, settings_of(request).csv_limit):
            hashing.update(part)
            file.write(part)
        yield Upload(file, hashing.hexdigest(), file.tell())


CsvBody = Annotated[Upload, Depends(csv_body)]
