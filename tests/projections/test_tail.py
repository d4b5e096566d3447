"""The tail hands every entry once and in order, whatever happens between two calls, on either database."""

import pytest

from projections import draws, inspections, organisation, rebuild, registries, tail
from projections.rows import UnknownKind, ViewError
from tests.projections.handmade import OBJECTS, HandmadeLog, added, business, import_batch, story
from verify.kinds import KINDS


def test_every_kind_of_entry_belongs_to_a_view_that_knows_it(folded):
    log = story()

    folded(log)

    kinds = {raw.decode().split('"kind":"')[1].split('"')[0] for raw in log.raw}
    assert kinds == set(KINDS)


@pytest.mark.parametrize("noun", sorted(noun for view in tail.VIEWS for noun in view.nouns))
def test_a_view_refuses_a_kind_of_its_noun_that_it_does_not_know(folded, noun):
    log = story()
    log.append(f"{noun}/220100-2026-0001", f"{noun}.forgotten", {})

    with pytest.raises(UnknownKind, match=rf"does not know {noun}\.forgotten"):
        folded(log)


def test_nobody_is_asked_about_a_noun_that_no_view_shows(folded):
    log = story()
    log.append("person/p1", "person.erased", {})

    connection = folded(log)

    assert tail.position(connection) == len(log.raw)


def test_small_steps_lead_to_the_same_tables_as_one_large_one(folded):
    log = story()

    one, many = folded(log), folded(log, limit=1)

    assert rebuild.digest(one) == rebuild.digest(many)
    assert tail.position(many) == len(log.raw)


def test_after_a_restart_in_the_middle_no_entry_is_folded_twice_and_none_is_missed(new_views, folded):
    log = story()
    views = new_views(log)
    views.step(20)
    views.handed.clear()

    reached = views.step()

    assert reached == views.size
    assert views.handed == list(range(20, views.size))
    with views.reading() as connection:
        assert rebuild.digest(connection) == rebuild.digest(folded(log))


def test_a_transaction_that_is_rolled_back_leaves_the_place_and_the_tables_as_they_were(new_views):
    views = new_views(story())
    views.step(20)
    with views.reading() as connection:
        before = rebuild.digest(connection)

    def fail_after_folding():
        with views.writing() as connection:
            tail.catch_up(connection, views.entries, views.document, views.size)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_folding()

    with views.reading() as connection:
        assert tail.position(connection) == 20
        assert rebuild.digest(connection) == before


def test_a_view_whose_tables_have_another_form_now_is_made_anew_and_the_others_wait(new_views):
    views = new_views(story())
    connection = views.whole()
    before = rebuild.digest(connection)
    connection.execute("UPDATE view_position SET schema = 'old' WHERE view = 'plans'")
    connection.execute("DROP TABLE view_plan_item")
    assert tail.position(connection) == 0

    with views.writing() as migration:
        assert tail.make(migration) == ["plans"]
    views.step()

    assert tail.position(connection) == views.size
    assert rebuild.digest(connection) == before
    connection.close()


def test_before_the_first_call_the_place_is_0(new_place):
    connection = new_place().connect()
    assert tail.position(connection) == 0

    connection.execute("DROP TABLE view_position")

    assert tail.position(connection) == 0
    connection.close()


def test_the_same_log_gives_the_same_digest_in_small_and_large_batches_that_update_what_they_put(folded):
    log = story()
    for number in range(30):
        rows = [added(business(f"N{number}-{n}", "新店")) for n in range(number)]
        changes = [{"id": row["id"], "op": "changed", "row": {**row["row"], "name": "改名"}} for row in rows]
        import_batch(log, OBJECTS, rows, 3)
        import_batch(log, OBJECTS, changes, 3)
        import_batch(log, OBJECTS, [{"id": row["id"], "op": "removed"} for row in rows[::2]], 3)

    digests = {rebuild.digest(folded(log, limit)) for limit in (1, 2, 7, 1000)}

    assert len(digests) == 1


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
    "a row that was put a moment ago is put again": (
        lambda log: log.append("account/admin", "account.opened", {"account": "admin", "role": "x", "unit": "220100"}),
        "view_account already has a row",
    ),
    "an account is closed that was never opened": (
        lambda log: log.append("account/ghost", "account.closed", {"reason": "-"}),
        r"view_account has no row \('ghost',\)",
    ),
    "a result is published that was not recorded": (
        lambda log: log.append(
            "inspection/220100-2026-0001/Z9",
            "result.published",
            {"channel": "c", "reference": "r", "deadline": None, "late": False, "provisional": True},
        ),
        "view_inspection has no row",
    ),
}


@pytest.mark.parametrize(("damage", "reason"), FAULTS.values(), ids=FAULTS.keys())
def test_what_cannot_be_folded_is_refused_with_its_reason(new_views, damage, reason):
    log = story()
    views = new_views(log)
    size = views.size
    damage(log)

    with pytest.raises(ViewError, match=reason), views.writing() as connection:
        tail.catch_up(connection, log.entries, log.document_of, max(size, len(log.raw)))


def test_a_result_that_is_published_before_it_was_recorded_is_refused_within_a_batch_and_across(new_views):
    for limit in (1, 1000):
        log = story()
        stream = "inspection/220100-2026-0001/C3"
        data = {
            "draw": "draw/220100-2026-0001",
            "object": "C3",
            "item": "i",
            "inspectors": [],
            "visit_on": "2026-04-20",
        }
        log.append(stream, "inspection.notified", data)
        told = {"channel": "c", "reference": "r", "deadline": None, "late": False, "provisional": True}
        log.append(stream, "result.published", told)

        with pytest.raises(ViewError, match=f"publishes a result of {stream} that was not recorded"):
            new_views(log).whole(limit)


def test_a_page_goes_on_behind_the_last_row_of_the_one_before(folded):
    connection = folded(story())

    first = draws.drawn(connection, "draw/220100-2026-0001", limit=1)
    second = draws.drawn(connection, "draw/220100-2026-0001", first[0]["object"], 1)
    third = draws.drawn(connection, "draw/220100-2026-0001", second[0]["object"], 1)

    assert [row["object"] for row in first + second + third] == ["B2", "A1"]
    assert organisation.units(connection, after="220100") == []
    assert inspections.inspections(connection, "inspection/220100-2026-0001/A1")[0]["object"] == "B2"


def test_pages_are_in_the_order_of_bytes_whatever_language_the_database_speaks(folded):
    log = HandmadeLog()
    log.append(OBJECTS, "registry.created", {"type": "objects", "title": "t", "unit": "220100", "item": "i"})
    names = sorted(["a", "B", "b1", "A9", "Z-1", "Z1", "é", "店", "_x", "a-b", "ab"], key=str.encode)
    import_batch(log, OBJECTS, [added(business(name, "店")) for name in names], len(names))
    connection = folded(log)
    seen, after = [], ""

    while rows := registries.rows(connection, OBJECTS, after, 2):
        seen += [row["id"] for row in rows]
        after = seen[-1]

    assert seen == names
