"""Every refusal is a problem document, also those that no route of ours ever sees."""

import pytest

from api import problems
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
    assert "HTTPValidationError" not in schema["components"]["schemas"]


def test_every_example_of_a_body_passes_its_own_model(doors):
    from fastapi.routing import APIRoute, iter_route_contexts

    checked = 0
    for context in iter_route_contexts(doors.app.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and route.body_field is not None:
            model = route.body_field.field_info.annotation
            model.model_validate(model.model_config["json_schema_extra"]["example"])
            checked += 1
    assert checked >= 20
