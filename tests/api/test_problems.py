"""Every refusal is a problem document, also those that no route of ours ever sees."""

import io
import re

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from api import importing, problems
from api.routes.registries import CSV_EXAMPLE
from domain import errors
from domain.ledger import Ledger
from tests.api.conftest import Doors

UNKNOWN = [
    "/nothing",
    "/api/v1/nothing",
    "/draws/220100-2026-0001",
    "/draws/%00",
    "/draws/..%2f..%2fetc",
    "/documents/" + "0" * 64,
    "/documents/xyz",
    "/tile/0/000",
    "/tile/00/000",
    "/tile/0/x000/000",
    "/tile/entries/000.p/256",
    "/tile/../checkpoint",
    "/static/..%2fapp.py",
    "/static/nothing.css",
]


@pytest.mark.parametrize("path", UNKNOWN)
def test_an_address_with_nothing_behind_it_is_a_problem(doors, path):
    answer = doors.get(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:fairdraw:not-found"


@pytest.mark.parametrize("path", [each for each in UNKNOWN if not each.startswith("/api/")])
def test_a_browser_at_a_wrong_address_gets_a_small_page(doors, path):
    headers = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

    answer = doors.http.get(path, headers=headers)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Accept" in answer.headers["Vary"]
    assert '<html lang="zh-CN">' in answer.text
    assert "不存在" in answer.text
    assert '<a href="/">返回首页</a>' in answer.text
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert doors.http.get(f"/api/v1{path}", headers=headers).headers["content-type"] == "application/problem+json"


def test_an_address_that_is_a_script_stays_text(doors):
    page = doors.http.get("/<script>alert(1)</script>", headers={"Accept": "text/html"}).text

    assert "<script" not in page


RULES = [
    ("GET", "/nothing", None, b"", 404, "RFC 9110"),
    ("DELETE", "/checkpoint", None, b"", 405, "RFC 9110"),
    ("GET", "/api/v1/me", None, b"", 401, "RFC 6750"),
    ("POST", "/api/v1/units", "application/json", b"{", 400, "LEDGER 2"),
    ("POST", "/api/v1/units", "application/json", b"{}", 422, "LEDGER 2"),
    ("POST", "/api/v1/units", "text/plain", b"{}", 415, "RFC 9110"),
    ("POST", "/api/v1/units", "application/json", b" " * (1 << 21), 413, "RFC 9110"),
    ("POST", "/api/v1/accounts/admin/tokens", "application/json", b"[]", 400, "LEDGER 2"),
    ("GET", "/api/v1/units?limit=x", "", b"", 422, "LEDGER 2"),
    ("GET", "/api/v1/units/none", "", b"", 404, "RFC 9110"),
]


@pytest.mark.parametrize(("method", "path", "media", "content", "status", "rule"), RULES)
def test_every_refusal_names_a_rule(doors, method, path, media, content, status, rule):
    headers = {} if media is None else doors.headers("admin") | {"Content-Type": media}

    answer = doors.http.request(method, path, content=content, headers=headers)

    assert (answer.status_code, answer.json()["rule"]) == (status, rule), answer.text
    assert " / " in answer.json()["detail"]


def test_a_method_that_is_not_served_is_a_problem_that_names_those_that_are(doors):
    answer = doors.http.request("DELETE", "/checkpoint")

    assert answer.status_code == 405
    assert answer.json()["title"] == "不支持的请求方法"
    assert "GET" in answer.headers["Allow"] or "HEAD" in answer.headers["Allow"]


@pytest.mark.parametrize(("kind", "status"), problems.STATUS_OF.items())
def test_the_class_of_a_refusal_decides_the_status(doors, monkeypatch, kind, status):
    def refuse(*_: object, **__: object) -> None:
        raise kind(
            "不行",
            "no",
            "方案第一条",
            [{"line": 2, "column": "uscc", "value": "x", "reason_zh": "错", "reason": "bad"}],
        )

    monkeypatch.setattr(doors.ledger, "register_unit", refuse)

    answer = doors.post("/units", {"unit": "x", "name": "甲", "kind": "office", "parent": None})

    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["rule"]) == (status, status, "方案第一条")
    assert problem["detail"] == "不行 / no"
    assert problem["errors"][0]["line"] == 2


def test_every_refusal_of_the_domain_has_a_status():
    assert set(problems.STATUS_OF) == set(errors.Refusal.__subclasses__())


def test_a_fault_of_ours_is_a_problem_without_its_inner_words(doors, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise KeyError("secret inside")

    monkeypatch.setattr(doors.ledger, "register_unit", fail)

    answer = doors.post("/units", {"unit": "x", "name": "甲", "kind": "office", "parent": None})

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert answer.json()["rule"]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "limit=-1", f"after={'a' * 300}"])
def test_a_page_that_cannot_be_is_refused(doors, query):
    answer = doors.get(f"/api/v1/units?{query}", "admin")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["location"].startswith("query.")


def test_a_real_log_has_no_clock_to_move(tmp_path):
    with Ledger.create(tmp_path / "real", "log.example.cn/220100", unit="220100", unit_name="商务局") as ledger:
        assert Doors(ledger).post("/clock", {"advance_seconds": 60}).status_code == 409


def test_the_clock_of_a_demonstration_moves_on_for_an_administrator_only(doors):
    before = doors.post("/clock", {"advance_seconds": 0}).json()["now"]
    doors.post("/accounts", {"account": "li", "role": "clerk", "unit": "220100"})

    after = doors.post("/clock", {"advance_seconds": 3600}).json()["now"]

    assert after > before
    assert doors.post("/clock", {"advance_seconds": 60}, account="li").status_code == 403


def test_the_description_of_the_interface_has_an_example_for_every_body(doors):
    schema = doors.get("/openapi.json").json()

    for path, operations in schema["paths"].items():
        for operation in operations.values():
            for media, content in operation.get("requestBody", {}).get("content", {}).items():
                if media == "application/json":
                    model = schema["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
                    assert "example" in model, path
                else:
                    assert content["example"], path
    assert "HTTPValidationError" not in schema["components"]["schemas"]


def test_the_example_of_a_csv_file_can_be_imported():
    rows, faults = importing.read_objects(io.BytesIO(CSV_EXAMPLE.encode()))

    assert len(rows) == 2
    assert not faults


def test_every_route_but_those_of_pages_is_described_in_chinese_and_in_english(doors):
    operations = doors.get("/openapi.json").json()["paths"]
    described = {(path, method.upper()) for path, found in operations.items() for method in found}

    for context in iter_route_contexts(doors.app.routes):
        if not context.path.startswith(("/draws", "/static", "/results", "/verify/")) and context.path not in (
            "/",
            "/verify",
        ):
            assert {(context.path, method) for method in context.methods - {"HEAD"}} <= {
                (path.replace("{path}", "{path:path}"), method) for path, method in described
            }
    for path, found in operations.items():
        for operation in found.values():
            assert operation["description"], path
            assert re.match(r"[\u4e00-\u9fff].* / [a-z]", operation["summary"]), (path, operation["summary"])
            assert "content" in operation["responses"].get("200", operation["responses"].get("201")), path


def test_every_example_of_a_body_passes_its_own_model(doors):
    checked = 0
    for context in iter_route_contexts(doors.app.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and route.body_field is not None:
            model = route.body_field.field_info.annotation
            model.model_validate(model.model_config["json_schema_extra"]["example"])
            checked += 1
    assert checked >= 20
