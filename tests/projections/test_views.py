"""What the views answer after a log was folded."""

from projections import draws, inspections, itemlists, organisation, plans, registries
from tests.projections.handmade import (
    DRAW,
    INSPECTORS,
    ITEMLIST,
    OBJECTS,
    PLAN,
    HandmadeLog,
    business,
    complete,
    import_batch,
    notify,
    publish,
    record_year,
    story,
)


def test_a_closed_account_stays_in_the_list_with_its_reason(folded):
    connection = folded(story())

    account = organisation.account(connection, "admin")

    assert account is not None
    assert account["closed_reason"] == "调离"
    assert organisation.unit(connection, "220100")["name"] == "市商务局"
    assert organisation.unit(connection, "999999") is None
    assert [found["account"] for found in organisation.accounts(connection)] == ["admin"]


def test_a_recovery_of_the_log_is_shown(folded):
    assert organisation.incidents(folded(story()))[0]["reason"] == "磁盘"


def test_a_published_plan_shows_every_step_with_its_place_in_the_log(folded):
    connection = folded(story())

    plan = plans.plan(connection, PLAN)

    assert plan["state"] == "published"
    assert plan["legality"]["account"] == "legal"
    assert plan["justice"]["reference"] == "长司〔2026〕1号"
    assert plan["drafted"]["index"] < plan["legality"]["index"] < plan["publication"]["index"]
    assert plans.published(connection) == plans.plans(connection) == [plan]
    assert plans.items(connection, PLAN)[0]["name"] == "单用途卡检查"
    assert plans.items(connection, PLAN)[0]["quota_bp"]["B"] == 1000


def test_a_review_that_was_not_passed_ends_as_rejected(folded):
    log = HandmadeLog()
    listing = {"title": "清单", "unit": "220100", **log.listing([])}
    log.append(ITEMLIST, "itemlist.drafted", listing)
    log.append(ITEMLIST, "itemlist.legality-reviewed", {"passed": False, "reason": "无依据"})

    connection = folded(log)

    assert itemlists.itemlist(connection, ITEMLIST)["state"] == "rejected"
    assert itemlists.itemlists(connection)[0]["legality"]["reason"] == "无依据"


def test_the_items_of_a_list_keep_their_bounds(folded):
    items = itemlists.items(folded(story()), ITEMLIST)

    assert [(item["item"], item["ratio_min_bp"], item["methods"]) for item in items] == [
        ("CCSW-001", 500, ["实地检查"])
    ]


def test_a_registry_shows_its_rows_its_filing_and_its_pairing(folded):
    connection = folded(story())

    registry = registries.registry(connection, OBJECTS)

    assert (registry["version"], registry["count"], registry["filed"]["account"]) == (4, 3, "coordinator")
    assert [row["id"] for row in registries.rows(connection, OBJECTS, limit=2)] == ["A1", "B2"]
    assert [row["id"] for row in registries.rows(connection, OBJECTS, after="B2")] == ["C3"]
    assert registries.overlap(connection, OBJECTS, iter(["A0", "A1", "B3", "C3", "D"])) == (3, 2)
    assert registries.pairings(connection, OBJECTS) == [INSPECTORS]
    assert [found["stream"] for found in registries.registries(connection)] == [INSPECTORS, OBJECTS]


def test_the_name_of_an_inspector_is_never_in_a_row(folded):
    row = registries.rows(folded(story()), INSPECTORS)[0]

    assert set(row["name"]) == {"commitment"}


def test_every_import_is_listed_with_who_did_it_and_what_changed(folded):
    log = story()
    import_batch(log, OBJECTS, [{"id": "A1", "op": "removed"}], 2)

    batches = registries.batches(folded(log), OBJECTS)

    assert [(batch["account"], batch["added"], batch["removed"]) for batch in batches] == [
        ("importer", 3, 0),
        ("importer", 0, 1),
    ]


def test_a_row_that_was_removed_and_put_back_is_there_again(folded):
    log = story()
    import_batch(log, OBJECTS, [{"id": "A1", "op": "removed"}], 2)
    import_batch(log, OBJECTS, [{"id": "A1", "op": "added", "row": business("A1", "新甲店")}], 3)

    rows = registries.rows(folded(log), OBJECTS)

    assert [row["name"] for row in rows] == ["新甲店", "乙店", "丙店"]


def test_a_drawn_business_keeps_its_frozen_name_when_its_row_is_changed_or_removed_later(folded):
    log = story()
    changed = {"id": "B2", "op": "changed", "row": business("B2", "改名店")}
    import_batch(log, OBJECTS, [{"id": "A1", "op": "removed"}, changed], 2)

    drawn = draws.drawn(folded(log), DRAW)

    assert [(row["rank"], row["name"], row["inspectors"], row["state"]) for row in drawn] == [
        (1, "乙店", ["I-2", "I-3"], "recorded"),
        (2, "甲店", ["I-1", "I-2"], "published"),
    ]


def test_a_draw_shows_its_phase_and_each_step_with_its_index(folded):
    connection = folded(story())

    draw, steps = draws.draw(connection, DRAW), draws.steps(connection, DRAW)

    assert (draw["phase"], draw["drawn"], draw["published"], draw["unassigned"]) == ("signed-off", 2, 1, 0)
    assert (draw["plan_title"], draw["item_name"], draw["item_class"]) == ("年度计划", "单用途卡检查", "general")
    assert draws.latest(connection) == draws.draws(connection) == [draw]
    assert [step["version"] for step in steps] == list(range(1, 14))
    assert steps[2]["data"]["freeze"]["objects"]["version"] == 4
    assert draws.draw(connection, "draw/220100-2026-0002") is None


def test_a_result_without_publication_is_overdue_from_the_day_after_its_deadline(folded):
    connection = folded(story())

    before = inspections.overdue(connection, "2026-05-07")
    after = inspections.overdue(connection, "2026-05-08")

    assert before == []
    assert [(row["object"], row["deadline"], row["name"]) for row in after] == [("B2", "2026-05-07", "乙店")]
    assert inspections.overdue(connection, "2026-05-08", after[0]["stream"]) == []


def test_a_result_is_due_soon_until_its_deadline(folded):
    connection = folded(story())

    soon = inspections.due_soon(connection, "2026-05-01", "2026-05-07")

    assert [row["object"] for row in soon] == ["B2"]
    assert inspections.due_soon(connection, "2026-05-08", "2026-05-20") == []


def test_a_deadline_in_a_year_without_calendar_is_provisional_until_the_calendar_is_recorded(folded):
    log = story()
    stream = notify(log, "C3")
    complete(log, stream, "2026-12-28")
    unknown = inspections.inspection(folded(log), stream)
    assert (unknown["deadline"], unknown["provisional"]) == (None, True)
    assert "C3" in [row["object"] for row in inspections.due_soon(folded(log), "2026-05-01", "2026-05-02")]

    record_year(log, 2027, ["2027-01-01"])

    known = inspections.inspection(folded(log), stream)
    assert (known["deadline"], known["outer_deadline"], known["provisional"]) == ("2027-01-07", "2027-01-26", False)


def test_a_calendar_that_is_recorded_again_moves_only_deadlines_that_are_still_open(folded):
    log = story()
    record_year(log, 2026, ["2026-04-28", "2026-05-01"])

    connection = folded(log)

    assert inspections.inspection(connection, "inspection/220100-2026-0001/A1")["deadline"] == "2026-04-29"
    assert inspections.inspection(connection, "inspection/220100-2026-0001/B2")["deadline"] == "2026-05-08"
    assert len(inspections.calendars(connection)) == 2


def test_results_come_latest_first_and_by_category(folded):
    log = story()
    second = publish(log, "inspection/220100-2026-0001/B2", "2026-05-07", late=True)
    connection = folded(log)

    results = inspections.results(connection)

    assert [(row["object"], row["late"], row["name"]) for row in results] == [
        ("B2", True, "乙店"),
        ("A1", False, "甲店"),
    ]
    assert [row["object"] for row in inspections.results(connection, before=second)] == ["A1"]
    assert [row["object"] for row in inspections.results(connection, "MOVED_AWAY")] == ["B2"]
    assert inspections.results(connection, "REFUSED") == []
    assert inspections.counts(connection) == {"MOVED_AWAY": 1, "NO_PROBLEM": 1}
