"""Every refusal leaves as one form, application/problem+json, with its reason in Chinese and English and its rule.

A handler never catches a refusal: it travels as an exception to the handlers below. Source: RFC 9457.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from domain import errors

LOG = logging.getLogger("fairdraw")
MEDIA_TYPE = "application/problem+json"
KINDS: dict[int, tuple[str, str]] = {
    400: ("bad-request", "请求有误"),
    401: ("unauthorized", "需要访问令牌"),
    403: ("forbidden", "无权进行此操作"),
    404: ("not-found", "不存在"),
    405: ("method-not-allowed", "不支持的请求方法"),
    409: ("conflict", "当前状态不允许"),
    413: ("too-large", "内容过大"),
    415: ("unsupported-media-type", "不支持的内容类型"),
    422: ("invalid", "内容不符合规则"),
    500: ("internal", "系统内部错误"),
    503: ("unavailable", "暂时不可用"),
}
RULES = {400: "LEDGER 2", 401: "RFC 6750", 422: "LEDGER 2"}
"""The rule behind a status where the refusal names none; behind any other it is RFC 9110, HTTP itself."""
NOTHING = ("没有这个地址", "there is nothing at this address")
STATUS_OF: dict[type[errors.Refusal], int] = {
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Invalid: 422,
    errors.Unavailable: 503,
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "拒绝，附中英文理由和依据 / refused, with the reason and its rule",
        "content": {
            MEDIA_TYPE: {
                "schema": {"type": "object"},
                "example": {
                    "type": "urn:fairdraw:conflict",
                    "title": "当前状态不允许",
                    "status": 409,
                    "detail": "计划尚未公布 / the plan is not published",
                    "rule": "方案第五(二)条",
                    "instance": "/api/v1/draws",
                },
            }
        },
    }
}
"""What the OpenAPI document says about every refusal."""
FIELD_FAULTS = {
    "missing": "缺少此项",
    "extra_forbidden": "不认识的字段",
    "string_type": "应为字符串",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "list_type": "应为数组",
    "dict_type": "应为对象",
    "model_type": "应为对象",
    "model_attributes_type": "应为对象",
    "literal_error": "不在允许的取值之中",
    "string_too_short": "过短",
    "string_too_long": "过长",
    "string_pattern_mismatch": "格式不符",
    "greater_than_equal": "过小",
    "less_than_equal": "过大",
    "too_short": "项数过少",
    "too_long": "项数过多",
}


class Problem(Exception):
    """A refusal of the HTTP floor itself: status, the reason in Chinese and English, and the rule behind it."""

    def __init__(self, status: int, zh: str, en: str, rule: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(en)
        self.status, self.zh, self.en, self.rule, self.headers = status, zh, en, rule, headers


@dataclass(frozen=True)
class Refused:
    """What a refusal says: status, its kind as `slug` and Chinese `title`, the reason, the rule, the faulty places."""

    status: int
    slug: str
    title: str
    zh: str
    en: str
    rule: str
    faults: Sequence[Mapping[str, Any]]


Show = Callable[[Request, Refused], Response]
"""Makes a page of a refusal, for people."""


def answer(
    request: Request,
    status: int,
    zh: str,
    en: str,
    rule: str = "",
    faults: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem document, or a page where a browser asks for one and `install` was given how to show it."""
    slug, title = KINDS.get(status, (f"http-{status}", "请求未能完成"))
    refused = Refused(status, slug, title, zh, en, rule or RULES.get(status, "RFC 9110"), faults)
    show: Show | None = request.app.state.show_refusal
    # After a fault of ours the page might fail as well; the document cannot.
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    if show is None or status == 500 or path.startswith("/api/"):
        return _document(request, refused, headers)
    response = show(request, refused) if _wants_page(request) else _document(request, refused)
    # A page or a document, by what was asked for: a cache must not hand one to who wants the other.
    response.headers.update({"Vary": "Accept", **(headers or {})})
    return response


def _document(request: Request, refused: Refused, headers: Mapping[str, str] | None = None) -> Response:
    body: dict[str, Any] = {
        "type": f"urn:fairdraw:{refused.slug}",
        "title": refused.title,
        "status": refused.status,
        "detail": f"{refused.zh} / {refused.en}",
        "rule": refused.rule,
        "instance": request.url.path,
    }
    body |= {"errors": list(refused.faults)} if refused.faults else {}
    # A reason may quote what the sender wrote: what has no UTF-8 is replaced, never a crash inside the refusal.
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, refused.status, headers, MEDIA_TYPE)


def _wants_page(request: Request) -> bool:
    accepted = ",".join(request.headers.getlist("accept")).lower().split(",")
    return any(each.partition(";")[0].strip() == "text/html" for each in accepted)


def install(app: FastAPI, show: Show | None = None) -> None:
    """Answer every exception of this application with a problem document, or with what `show` makes of it."""
    app.state.show_refusal = show
    app.add_exception_handler(errors.Refusal, answer_to)
    app.add_exception_handler(Problem, answer_to)
    app.add_exception_handler(RequestValidationError, _misfit)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _fault)


async def answer_to(request: Request, error: Exception) -> Response:
    """Return the answer to a refusal of the domain or of the HTTP floor; anything else is raised again."""
    if isinstance(error, Problem):
        return answer(request, error.status, error.zh, error.en, error.rule, headers=error.headers)
    if not isinstance(error, errors.Refusal):
        raise error
    status = next((code for kind, code in STATUS_OF.items() if isinstance(error, kind)), 409)
    return answer(request, status, error.zh, error.en, error.rule, error.errors)


async def _gone(request: Request, error: Exception) -> Response:
    """Return what nobody reads: the client hung up inside its body, which is no fault of anybody here."""
    return answer(request, 400, "请求未发完就已断开", "the client hung up before the end of its request")


async def _misfit(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = [_fault_of(found) for found in error.errors()]
    # An id in the path that cannot be one names nothing, whatever else is wrong.
    if any(found["loc"][0] == "path" for found in error.errors()):
        return answer(request, 404, *NOTHING)
    first = faults[0]
    place = first["location"]
    return answer(request, 422, f"{place}：{first['reason_zh']}", f"{place}: {first['reason']}", faults=faults)


def _fault_of(found: Mapping[str, Any]) -> dict[str, str]:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in found["loc"])
    where = "".join(steps).removeprefix(".")
    return {"location": where, "reason_zh": FIELD_FAULTS.get(found["type"], "取值不符合要求"), "reason": found["msg"]}


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    status, title = error.status_code, KINDS.get(error.status_code, ("", "请求未能完成"))[1]
    zh, en = NOTHING if status == 404 else (title, str(error.detail))
    return answer(request, status, zh, en, headers=error.headers)


async def _fault(request: Request, error: Exception) -> Response:
    LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    zh, en = "系统内部错误，命令未确认；可用同一命令标识重试", "internal error; retry with the same command id"
    return answer(request, 500, zh, en)
