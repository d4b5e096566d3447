"""The data that comes with the demonstration: whole, of the ledger's shapes, and about nobody."""

import json
import re
from pathlib import Path

import pytest

from api.importing import read_items
from api.importing.objects import STATUSES
from domain import uscc
from tests.api.bringing import notices, read_inspectors, read_objects
from verify import canonical, pool, ratios
from verify.calendar import Calendar
from verify.kinds import CALENDAR, CATEGORIES, ITEM_LINE, NOT_CHECKABLE, OBJECT_ROW
from verify.shape import misfit

DATA = Path(__file__).resolve().parents[2] / "api" / "demo" / "data"
WITHOUT_OBJECTS = {f"CCSW-{number:03d}" for number in (16, 17, 18, 19, 21, 24)}


def load(name):
    return json.loads((DATA / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def objects():
    rows, faults = read_objects((DATA / "objects.csv").read_bytes())
    assert faults == []
    return rows


@pytest.fixture(scope="module")
def inspectors():
    rows, faults = read_inspectors((DATA / "inspectors.csv").read_bytes())
    assert faults == []
    return rows


@pytest.fixture(scope="module")
def items():
    lines, faults = read_items((DATA / "items.json").read_bytes(), "items.json")
    assert faults == []
    return lines


def test_nothing_is_missing_and_nothing_is_left_unread(objects, inspectors, items):
    assert (len(objects), len(inspectors), len(items)) == (6000, 180, 24)
    assert notices((DATA / "objects.csv").read_bytes(), "objects") == []
    assert notices((DATA / "inspectors.csv").read_bytes(), "inspectors") == []


def test_everything_has_a_canonical_spelling(objects, inspectors, items):
    for whole in (objects, inspectors, items, *map(load, ("calendars.json", "results.json", "divisions.json"))):
        assert canonical.encode(whole)


def test_no_object_is_a_real_business(objects):
    assert all(row["name"].startswith("示例") for row in objects)
    assert all(row["id"][8:10] == "YY" for row in objects)
    assert all(uscc.organisation_fault(row["id"][8:17]) is None for row in objects)


def test_no_inspector_is_a_real_person(inspectors):
    assert all(re.fullmatch(r"检查员[0-9]{4}", row["name"]) for row in inspectors)
    assert all(row["certificate"] is None or row["certificate"].startswith("示证") for row in inspectors)


def test_the_rows_have_the_shapes_of_the_ledger(objects, items):
    assert all(misfit(row, OBJECT_ROW) is None for row in objects)
    assert all(misfit(line, ITEM_LINE) is None for line in items)
    assert {row["status"] for row in objects} <= set(STATUSES.values())


def test_the_items_carry_no_notes_of_research_and_keep_the_bounds(items):
    assert all(set(line) == set(ITEM_LINE) for line in load("items.json"))
    assert "memory" not in (DATA / "items.json").read_text(encoding="utf-8")
    for line in items:
        low, high = ratios.bounds(line["class"])
        assert low <= line["ratio_min_bp"] <= line["ratio_max_bp"] <= (high or 10000)


def test_every_tag_has_objects_but_those_that_the_readme_names(objects, items):
    tags = {tag for row in objects if row["status"] == "active" for tag in row["tags"]}

    assert {line["id"] for line in items if line["tag"] not in tags} == WITHOUT_OBJECTS


def test_every_item_has_inspectors_for_teams_of_two(inspectors, items):
    for line in items:
        able = [row for row in inspectors if pool.inspector_ground(row, line["id"], "2026-03-02") is None]
        assert len(able) >= 10, line["id"]


def test_inspectors_work_in_known_units_on_known_items_and_recuse_themselves_from_known_objects(
    objects, inspectors, items
):
    divisions = load("divisions.json")
    units = {divisions["city"]["code"], *(county["code"] for county in divisions["counties"])}
    offices = {*divisions["city_offices"], *divisions["county_offices"]}

    assert {row["unit"] for row in inspectors} == units
    assert {row["office"] for row in inspectors} | {line["lead_office"] for line in items} == offices
    assert {item for row in inspectors for item in row["items"]} == {line["id"] for line in items}
    assert {name for row in inspectors for name in row["conflicts"]} <= {row["id"] for row in objects}


def test_there_are_fifteen_county_level_units_and_every_object_lies_in_one(objects):
    codes = [county["code"] for county in load("divisions.json")["counties"]]

    assert len(set(codes)) == len(codes) == 15
    assert {row["district"] for row in objects} == set(codes)


def test_the_calendars_give_the_deadlines_around_the_long_holidays():
    records = load("calendars.json")
    calendar = Calendar()
    for record in records:
        assert misfit(record, CALENDAR) is None
        assert record["papers"]
        days = record["holidays"] + record["makeup_workdays"]
        assert all(day.startswith(f"{record['year']}-") for day in days)
        assert len(set(days)) == len(days)
        calendar = calendar.plus(record)

    assert [record["year"] for record in records] == list(range(2019, 2027))
    # Autumn 2019: Sunday 29 September and Saturday 12 October are worked, 1 to 7 October are not.
    assert calendar.deadline("2019-09-27") == "2019-10-12"
    # Winter 2020: the holiday was extended to 2 February.
    assert calendar.deadline("2020-01-23") == "2020-02-11"


def test_the_words_for_results_are_those_of_the_ledger():
    results = load("results.json")

    assert tuple(entry["code"] for entry in results["categories"]) == CATEGORIES
    assert tuple(entry["code"] for entry in results["not_checkable"]) == NOT_CHECKABLE
    for part in results.values():
        assert all(set(entry) == {"code", "zh", "en"} for entry in part)
