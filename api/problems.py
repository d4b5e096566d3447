"""Every refusal leaves as one form, application/problem+json, with its reason in Chinese and English and its rule.

A handler never catches a refusal: it travels as an exception to the handlers below. Source: RFC 9457.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
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


def answer(
    request: Request,
    status: int,
    detail: str,
    rule: str = "",
    faults: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem document; members that say nothing are left out."""
    slug, title = KINDS.get(status, (f"http-{status}", "请求未能完成"))
    body: dict[str, Any] = {"type": f"urn:fairdraw:{slug}", "title": title, "status": status, "detail": detail}
    body |= {"rule": rule} if rule else {}
    body |= {"instance": request.url.path}
    body |= {"errors": list(faults)} if faults else {}
    # A reason may quote what the sender wrote: what has no UTF-8 is replaced, never a crash inside the refusal.
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, status, headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every exception of this application with a problem document."""
    app.add_exception_handler(errors.Refusal, _refusal)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _misfit)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)


async def _refusal(request: Request, error: Exception) -> Response:
    if not isinstance(error, errors.Refusal):
        raise error
    status = next((code for kind, code in STATUS_OF.items() if isinstance(error, kind)), 409)
    return answer(request, status, f"{error.zh} / {error.en}", error.rule, error.errors)


async def _problem(request: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    return answer(request, error.status, f"{error.zh} / {error.en}", error.rule, headers=error.headers)


async def _misfit(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = [_fault_of(found) for found in error.errors()]
    # An id in the path that cannot be one names nothing, whatever else is wrong.
    if any(found["loc"][0] == "path" for found in error.errors()):
        return answer(request, 404, "没有这个地址 / there is nothing at this address")
    first = faults[0]
    detail = f"{first['location']}：{first['reason_zh']} / {first['location']}: {first['reason']}"
    return answer(request, 422, detail, faults=faults)


def _fault_of(found: Mapping[str, Any]) -> dict[str, str]:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in found["loc"])
    where = "".join(steps).removeprefix(".")
    return {"location": where, "reason_zh": FIELD_FAULTS.get(found["type"], "取值不符合要求"), "reason": found["msg"]}


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    title = KINDS.get(error.status_code, ("", "请求未能完成"))[1]
    return answer(request, error.status_code, f"{title} / {error.detail}", headers=error.headers)


async def _fault(request: Request, error: Exception) -> Response:
    LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return answer(
        request, 500, "系统内部错误，命令未确认；可用同一命令标识重试 / internal error; retry with the same command id"
    )
