"""The tail hands every entry once and in order, whatever happens between two calls."""

import pytest

from projections import draws, inspections, organisation, rebuild, tail
from projections.view import UnknownKind, ViewError
from tests.projections.handmade import HandmadeLog, business, connect, import_batch, story
from verify.kinds import KINDS


def folded(log: HandmadeLog, limit: int = tail.BATCH):
    connection = connect()
    while tail.catch_up(connection, log.entries, log.contents.get, len(log.raw), limit) < len(log.raw):
        pass
    return connection


def test_every_kind_of_entry_belongs_to_a_view_that_knows_it():
    log = story()

    folded(log)

    kinds = {raw.decode().split('"kind":"')[1].split('"')[0] for raw in log.raw}
    assert kinds == set(KINDS)


def test_a_view_refuses_a_kind_of_its_noun_that_it_does_not_know():
    for view in tail.VIEWS:
        for noun in view.nouns:
            log = story()
            log.append(f"{noun}/220100-2026-0001", f"{noun}.forgotten", {})

            with pytest.raises(UnknownKind, match=f"does not know {noun}.forgotten"):
                folded(log)


def test_nobody_is_asked_about_a_noun_that_no_view_shows():
    log = story()
    log.append("person/p1", "person.erased", {})

    connection = folded(log)

    assert tail.position(connection) == len(log.raw)


def test_small_steps_lead_to_the_same_tables_as_one_large_one():
    log = story()

    one, many = folded(log), folded(log, limit=1)

    assert rebuild.digest(one) == rebuild.digest(many)
    assert tail.position(many) == len(log.raw)


def test_after_a_restart_in_the_middle_no_entry_is_folded_twice_and_none_is_missed():
    log = story()
    connection = connect()
    tail.catch_up(connection, log.entries, log.contents.get, 20)
    handed = []

    def entries(start: int, stop: int):
        handed.extend(range(start, stop))
        return log.entries(start, stop)

    reached = tail.catch_up(connection, entries, log.contents.get, len(log.raw))

    assert reached == len(log.raw)
    assert handed == list(range(20, len(log.raw)))
    assert rebuild.digest(connection) == rebuild.digest(folded(log))


def test_a_transaction_that_is_rolled_back_leaves_the_place_and_the_tables_as_they_were():
    log = story()
    connection = connect()
    tail.catch_up(connection, log.entries, log.contents.get, 20)
    before = rebuild.digest(connection)

    connection.execute("BEGIN")
    tail.catch_up(connection, log.entries, log.contents.get, len(log.raw))
    connection.execute("ROLLBACK")

    assert tail.position(connection) == 20
    assert rebuild.digest(connection) == before


def test_a_rebuild_makes_the_same_tables_again():
    log = story()
    connection = folded(log)
    before = rebuild.digest(connection)
    connection.execute("UPDATE view_draw SET phase = 'frozen'")
    assert rebuild.digest(connection) != before

    reached = rebuild.rebuild(connection, log.entries, log.contents.get, len(log.raw))

    assert reached == len(log.raw)
    assert rebuild.digest(connection) == before


def test_a_view_whose_tables_have_another_form_now_is_made_anew_and_the_others_wait():
    log = story()
    connection = folded(log)
    before = rebuild.digest(connection)
    connection.execute("UPDATE view_position SET schema = 'old' WHERE view = 'plans'")
    connection.execute("DROP TABLE view_plan_item")
    assert tail.position(connection) == 0

    tail.catch_up(connection, log.entries, log.contents.get, len(log.raw))

    assert tail.position(connection) == len(log.raw)
    assert rebuild.digest(connection) == before


def test_before_the_first_call_the_place_is_0():
    assert tail.position(connect()) == 0


FAULTS = {
    "an entry is left out": (lambda log: log.raw.pop(7), "entry 7 should come, entry 8 came"),
    "the log is shorter than its size": (lambda log: log.raw.pop(), "the log ends at entry"),
    "a document is missing": (lambda log: log.contents.clear(), "is missing"),
    "a row that is not there is changed": (
        lambda log: import_batch(
            log, "registry/objects-1", [{"id": "Z9", "op": "changed", "row": business("Z9", "无")}], 3
        ),
        "changes rows of registry/objects-1 that are not there",
    ),
    "an account is closed that was never opened": (
        lambda log: log.append("account/ghost", "account.closed", {"reason": "-"}),
        "view_account has no row",
    ),
}


@pytest.mark.parametrize(("damage", "reason"), FAULTS.values(), ids=FAULTS.keys())
def test_what_cannot_be_folded_is_refused_with_its_reason(damage, reason):
    log = story()
    size = len(log.raw)
    damage(log)

    with pytest.raises(ViewError, match=reason):
        tail.catch_up(connect(), log.entries, log.contents.get, max(size, len(log.raw)))


def test_a_page_goes_on_behind_the_last_row_of_the_one_before():
    connection = folded(story())

    first = draws.drawn(connection, "draw/220100-2026-0001", limit=1)
    second = draws.drawn(connection, "draw/220100-2026-0001", first[0]["object"], 1)
    third = draws.drawn(connection, "draw/220100-2026-0001", second[0]["object"], 1)

    assert [row["object"] for row in first + second + third] == ["B2", "A1"]
    assert organisation.units(connection, after="220100") == []
    assert inspections.inspections(connection, "inspection/220100-2026-0001/A1")[0]["object"] == "B2"
