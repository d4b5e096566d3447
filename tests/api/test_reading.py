"""What the interface answers to questions, and that whoever wrote reads what was written."""

import pytest

from api import reading
from projections import tail
from projections.rows import ViewError
from tests.api.conftest import HOSTILE

DRAW = "220100-2026-0001"


def test_a_list_holds_what_was_written_the_moment_before(doors):
    for number in range(3):
        doors.post("/units", {"unit": f"u{number}", "name": "处", "kind": "office", "parent": "220100"})

    answer = doors.get("/api/v1/units", "admin").json()

    assert [item["unit"] for item in answer["items"]] == ["220100", "u0", "u1", "u2"]
    assert answer["index"] == doors.ledger.size
    assert answer["next"] is None


def test_a_list_is_read_page_by_page_to_its_end(doors):
    for number in range(4):
        doors.post("/units", {"unit": f"u{number}", "name": "处", "kind": "office", "parent": "220100"})
    seen, after = [], ""

    while after is not None:
        page = doors.get("/api/v1/units", "admin", limit=2, after=after).json()
        seen += [item["unit"] for item in page["items"]]
        after = page["next"]

    assert seen == ["220100", "u0", "u1", "u2", "u3"]


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/units", 7),
        ("/accounts", 8),
        ("/calendars", 1),
        ("/item-lists", 1),
        ("/plans", 1),
        ("/registries", 2),
        ("/registries/objects-CCSW-001/rows", 60),
        ("/draws", 1),
        ("/due-soon", 0),
        ("/overdue", 0),
    ],
)
def test_each_noun_has_its_list(finished, path, count):
    answer = finished.get(f"/api/v1{path}", "admin")

    assert answer.status_code == 200
    assert len(answer.json()["items"]) == count
    assert answer.json()["index"] == finished.ledger.size


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        ("/units/220100.legal", "kind", "legal"),
        ("/accounts/clerk", "role", "clerk"),
        ("/registries/objects-CCSW-001", "count", 60),
    ],
)
def test_each_noun_has_a_page_of_its_own_and_404_for_others(finished, path, key, value):
    answer = finished.get(f"/api/v1{path}", "admin")

    assert answer.json()["item"][key] == value, answer.text
    assert finished.get(f"/api/v1{path}9", "admin").status_code == 404


@pytest.mark.parametrize("noun", ["item-lists", "plans"])
def test_what_was_reviewed_and_published_shows_every_step_and_its_items(finished, noun):
    name = finished.get(f"/api/v1/{noun}", "admin").json()["items"][0]["id"]

    item = finished.get(f"/api/v1/{noun}/{name}", "admin").json()["item"]

    assert (
        item["drafted"]["index"] < item["legality"]["index"] < item["justice"]["index"] < item["publication"]["index"]
    )
    assert item["state"] == "published"
    assert item["items"][0]["name"] == "示例事项CCSW-001"


def test_a_draw_answers_with_its_steps_and_its_lists(finished):
    answer = finished.get(f"/api/v1/draws/{DRAW}", "clerk").json()

    assert answer["item"]["id"] == DRAW
    assert answer["item"]["phase"] == "signed-off"
    assert answer["steps"][0]["kind"] == "draw.opened"
    assert answer["item"]["drawn"] == len(answer["drawn"]) == answer["item"]["published"]
    assert all(len(row["inspectors"]) == 2 for row in answer["drawn"])
    first = finished.get(f"/api/v1/draws/{DRAW}", "clerk", limit=1).json()
    second = finished.get(f"/api/v1/draws/{DRAW}", "clerk", limit=1, after=first["next"]).json()
    assert first["drawn"] + second["drawn"] == answer["drawn"][:2]


def test_one_inspection_is_found_under_its_draw_and_object(finished):
    drawn = finished.get(f"/api/v1/draws/{DRAW}", "clerk").json()["drawn"]

    answer = finished.get(f"/api/v1/inspections/{DRAW}/{drawn[0]['object']}", "clerk").json()

    assert answer["item"]["state"] == "published"
    assert answer["item"]["id"] == f"{DRAW}/{drawn[0]['object']}"
    assert answer["item"]["name"].startswith(HOSTILE)


def test_results_are_public_and_filtered_by_category_and_paged(finished):
    whole = finished.get("/api/v1/results").json()["items"]
    none = finished.get("/api/v1/results", category="REFUSED").json()["items"]
    good = finished.get("/api/v1/results", category="NO_PROBLEM").json()["items"]
    first = finished.get("/api/v1/results", limit=1).json()
    second = finished.get("/api/v1/results", limit=1, after=first["next"]).json()

    assert whole
    assert none == []
    assert {row["categories"][0] for row in good} == {"NO_PROBLEM"}
    assert first["items"] + second["items"] == whole[:2]
    assert whole[0]["late"] is True
    assert finished.get("/api/v1/results", category="BOGUS").status_code == 422


def test_a_freeze_can_be_looked_at_before_it_happens(finished):
    preview = finished.get(f"/api/v1/draws/{DRAW}/freeze-preview", "market").json()

    assert preview["strata"].keys() <= {"A", "B", "C", "D"}
    assert preview["inspectors"] >= 2


def test_a_rebuild_over_the_open_ledger_makes_equal_tables(finished):
    before, after = reading.rebuild_views(finished.ledger)

    assert before == after
    assert reading.catch_up(finished.ledger) == finished.ledger.size


def test_the_service_makes_its_views_anew_for_an_administrator_only(finished):
    answer = finished.post("/views/rebuild", account="admin")

    assert answer.status_code == 200
    assert answer.json()["equal"] is True
    assert finished.post("/views/rebuild", account="clerk").status_code == 403
    assert finished.post("/views/rebuild", account=None).status_code == 401


def test_a_reader_is_not_kept_waiting_for_ever(doors, monkeypatch):
    monkeypatch.setattr(reading, "PATIENCE", 0.0)
    monkeypatch.setattr(tail, "catch_up", lambda *_: 0)

    answer = doors.get("/api/v1/units", "admin")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "the views hold 0 of 3 entries" in answer.json()["detail"]


def test_a_fold_that_fails_changes_nothing_and_is_tried_again(doors, monkeypatch):
    reading.catch_up(doors.ledger)
    doors.post("/units", {"unit": "u1", "name": "处", "kind": "office", "parent": "220100"})

    def fail(*_: object) -> None:
        raise ViewError("not now")

    with monkeypatch.context() as patched:
        patched.setattr(doors.ledger.store, "document", fail)
        patched.setattr(tail, "read_own", fail)
        assert doors.get("/api/v1/units", "admin").status_code == 500

    assert len(doors.get("/api/v1/units", "admin").json()["items"]) == 2
