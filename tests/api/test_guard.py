"""No door without a guard: the application refuses to start when a route names neither a caller nor public."""

import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import Route

from api.auth import PUBLIC, Caller, Unguarded, refuse_unguarded
from api.settings import UNSHOWN
from domain.ledger import Ledger
from domain.roles import Actor
from tests.api.conftest import Doors


def app_with(*routers: APIRouter) -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    for router in routers:
        app.include_router(router)
    return app


def naked() -> APIRouter:
    router = APIRouter()
    router.add_api_route("/naked", lambda: None)
    return router


def test_a_naked_route_is_refused():
    with pytest.raises(Unguarded, match="GET /naked"):
        refuse_unguarded(app_with(naked()))


def test_a_naked_route_in_a_router_inside_a_router_is_refused():
    outer = APIRouter(prefix="/outer")
    outer.include_router(naked(), prefix="/inner")

    with pytest.raises(Unguarded, match="GET /outer/inner/naked"):
        refuse_unguarded(app_with(outer))


def test_a_route_that_is_none_of_the_library_is_refused():
    app = app_with()
    app.router.routes.append(Route("/raw", lambda request: None))

    with pytest.raises(Unguarded, match="/raw"):
        refuse_unguarded(app)


def test_a_mounted_application_is_refused():
    app = app_with()
    app.mount("/other", FastAPI())

    with pytest.raises(Unguarded, match="/other"):
        refuse_unguarded(app)


def test_the_page_of_the_library_with_its_foreign_script_is_refused():
    with pytest.raises(Unguarded, match="/docs"):
        refuse_unguarded(FastAPI())


def test_one_naked_route_among_guarded_ones_is_refused():
    router = APIRouter()

    @router.get("/mine")
    def mine(by: Caller) -> str:
        return by.account

    @router.get("/open", dependencies=[PUBLIC])
    def open_to_all() -> str:
        return ""

    refuse_unguarded(app_with(router))
    with pytest.raises(Unguarded, match=r"^[^,]*: GET /naked$"):
        refuse_unguarded(app_with(router, naked()))


def test_a_router_that_is_public_as_a_whole_needs_no_word_on_each_route():
    router = APIRouter(dependencies=[PUBLIC])
    router.include_router(naked())

    refuse_unguarded(app_with(router))


def test_without_a_valid_token_nothing_is_answered(doors):
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer"},
    ):
        answer = doors.http.get("/api/v1/me", headers=headers)

        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.json()["type"] == "urn:fairdraw:unauthorized"


def test_a_token_names_its_account(doors):
    assert doors.get("/api/v1/me", "admin").json() == {"account": "admin", "role": "admin", "unit": "220100"}


def test_the_token_of_a_closed_account_opens_nothing(doors):
    doors.post("/accounts", {"account": "li", "role": "clerk", "unit": "220100"})
    assert doors.get("/api/v1/me", "li").status_code == 200
    doors.post("/accounts/li/closing", {"reason": "调离"})

    answer = doors.get("/api/v1/me", "li")

    assert answer.status_code == 403
    assert "注销" in answer.json()["detail"]


def test_only_an_administrator_issues_tokens_and_only_of_open_accounts(doors):
    doors.post("/accounts", {"account": "li", "role": "clerk", "unit": "220100"})

    issued = doors.post("/accounts/li/tokens")
    size = doors.ledger.size

    assert issued.status_code == 201
    assert (
        doors.http.get("/api/v1/me", headers={"Authorization": f"Bearer {issued.json()['token']}"}).status_code == 200
    )
    assert doors.post("/accounts/li/tokens", account="li").status_code == 403
    assert doors.post("/accounts/nobody/tokens").status_code == 404
    assert doors.ledger.size == size


def test_every_route_below_api_but_the_public_ones_wants_a_token(doors):
    schema = doors.get("/openapi.json").json()
    open_paths = {
        "/api/v1/results",
        "/api/v1/witnesses",
        "/api/v1/receipts/{index}.tlog-proof",
        "/api/v1/receipts/draws/{name}/{business}.json",
    }

    for path, operations in schema["paths"].items():
        for operation in operations.values():
            guarded = bool(operation.get("security"))
            assert guarded == (path.startswith("/api/v1/") and path not in open_paths), path


def test_what_is_recorded_but_not_public_yet_is_for_accounts_only(finished):
    for path in ("/api/v1/overdue", "/api/v1/due-soon"):
        assert finished.get(path).status_code == 401
        assert finished.get(path, "clerk").status_code == 200
    assert finished.get("/api/v1/results").status_code == 200


@pytest.fixture
def unshown(tmp_path):
    origin = f"{UNSHOWN}example/220100"
    with Ledger.create(tmp_path / "unshown", origin, unit="220100", unit_name="商务局") as ledger:
        ledger.publish_checkpoint()
        yield Doors(ledger)


EVERYTHING = ["/", "/results", "/results/", "/draws/x", "/static/style.css", "/checkpoint", "/log.vkey", "/export.tar"]
EVERYTHING += ["/tile/0/000.p/1", "/verify.tar", "/openapi.json", "/nothing", "/api/v1/results", "/api/v1/me"]


@pytest.mark.parametrize("path", EVERYTHING)
def test_a_log_that_is_shown_to_nobody_is_not_there_without_a_token(unshown, path):
    for method in ("GET", "HEAD", "POST", "OPTIONS"):
        answer = unshown.http.request(method, path, headers={"Accept": "text/html"})

        assert answer.status_code == 404
        assert unshown.ledger.origin not in answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    for given in ("Bearer wrong", "Basic YTpi", ""):
        assert unshown.http.get(path, headers={"Authorization": given}).status_code == 401


def test_a_log_that_is_shown_to_nobody_works_for_its_accounts(unshown):
    unit = {"unit": "u1", "name": "处", "kind": "office", "parent": "220100"}

    assert unshown.post("/units", unit).status_code == 201
    assert unshown.get("/api/v1/me", "admin").json()["account"] == "admin"
    assert unshown.get("/checkpoint", "admin").status_code == 200
    assert unshown.get("/export.tar", "admin").status_code == 200


def test_the_role_decides_and_the_answer_says_why(doors):
    doors.post("/accounts", {"account": "li", "role": "clerk", "unit": "220100"})

    answer = doors.post("/units", {"unit": "x", "name": "甲", "kind": "office", "parent": "220100"}, account="li")

    problem = answer.json()
    assert (answer.status_code, problem["title"]) == (403, "无权进行此操作")
    assert " / " in problem["detail"]
    assert problem["rule"]


def test_an_actor_is_an_account_a_role_and_a_unit_never_a_name():
    assert set(Actor.__dataclass_fields__) == {"account", "role", "unit"}
