"""Lists of check items, published tables and our own lines: what is read, and what is refused."""

import json

import pytest

from api.importing import read_items
from tests.api.made_up import SHARED
from verify import canonical
from verify.kinds import ITEM_LINE
from verify.shape import misfit

PUBLISHED = "source_id,抽查类别,抽查事项,检查对象,事项类别,检查方式,检查主体,检查依据,抽查比例"


def published(*lines):
    return read_items("\n".join([PUBLISHED, *lines, ""]).encode(), "items.csv")


def test_a_published_list_becomes_items_with_bounds_methods_and_a_tag():
    rows, faults = published(
        "JZ24,,对成品油零售经营企业的检查,,重点检查事项,书面检查、现场检查,县级部门,某办法,20%",
        "某市,零供公平交易管理,延迟支付货款的检查,,一般检查事项,双随机一公开、信用监管,,,",
    )

    assert faults == []
    assert all(misfit(row, ITEM_LINE) is None for row in rows)
    assert [(row["id"], row["class"], row["ratio_min_bp"], row["ratio_max_bp"]) for row in rows] == [
        ("JZ24-001", "key", 2000, 10000),
        ("ITEM-002", "general", 500, 2000),
    ]
    assert [(row["tag"], row["methods"], row["legal_basis"]) for row in rows] == [
        ("成品油", ["document", "onsite"], "某办法"),
        ("零售", [], "未列明"),
    ]


BAD_ITEMS = {
    "no name": ("X,,,,,,,,", "抽查事项", "must not be empty"),
    "an unknown method": ("X,,检查,,,占卜,,,", "检查方式", "an unknown method"),
}


@pytest.mark.parametrize(("line", "column", "reason"), BAD_ITEMS.values(), ids=BAD_ITEMS.keys())
def test_a_bad_row_of_items_is_refused(line, column, reason):
    rows, faults = published(line)

    assert rows == []
    assert [(fault["line"], fault["column"]) for fault in faults] == [(2, column)]
    assert reason in faults[0]["reason"]


RESEARCHED = {
    **{"item_code": "X-1", "name": "检查", "item_class": "general", "ratio_min_pct": 5, "ratio_max_pct": 20},
    **{"lead_office_example": "服务业处", "object_type": "market_entity", "registry_tag": "零售"},
    **{"check_methods": ["onsite"], "legal_basis": "某办法", "note": "memory", "name_source": "memory"},
}


def test_of_a_researched_list_the_notes_are_not_read():
    rows, faults = read_items(json.dumps([RESEARCHED]).encode(), "LIST.JSON")

    assert faults == []
    assert set(rows[0]) == set(ITEM_LINE)
    assert (rows[0]["id"], rows[0]["ratio_min_bp"], rows[0]["ratio_max_bp"]) == ("X-1", 500, 2000)
    assert "memory" not in json.dumps(rows)


def test_our_own_lines_are_read_as_they_are():
    line, _ = read_items(json.dumps([RESEARCHED]).encode(), "a.json")

    assert read_items(canonical.encode(line), "b.json") == (line, [])


BAD_LISTS = {
    "not JSON": (b"[", 1, "", "not JSON"),
    "the same key twice": (b'[{"id":"a","id":"b"}]', 1, "", "not JSON"),
    "a fraction": (json.dumps([RESEARCHED | {"ratio_min_pct": 7.5}]).encode(), 1, "", "not JSON"),
    "no list": (b"{}", 1, "", "a list of check items"),
    "an empty list": (b"[]", 1, "", "a list of check items"),
    "no item": (b"[1]", 1, "", "not an object"),
    "an item without anything": (b"[{}]", 1, "id", "lacks the key"),
    "a ratio of true": (
        json.dumps([RESEARCHED | {"ratio_min_pct": True}]).encode(),
        1,
        "ratio_min_bp",
        "lacks the key",
    ),
    "another class": (json.dumps([RESEARCHED | {"item_class": "odd"}]).encode(), 1, "class", "not of the form"),
    "the same item twice": (json.dumps([RESEARCHED, RESEARCHED]).encode(), 2, "id", "the same id as item 1"),
}


@pytest.mark.parametrize(("data", "number", "column", "reason"), BAD_LISTS.values(), ids=BAD_LISTS.keys())
def test_a_bad_list_of_items_is_refused(data, number, column, reason):
    _, faults = read_items(data, "items.json")

    assert [(fault["line"], fault["column"]) for fault in faults] == [(number, column)]
    assert reason in faults[0]["reason"]


@pytest.mark.parametrize(
    ("name", "count"), [("check_items_seed_changchun.json", 24), ("check_items_published.csv", 33)]
)
@pytest.mark.skipif(not SHARED.is_dir(), reason="the collected lists do not come with the product")
def test_the_collected_lists_are_read_whole(name, count):
    rows, faults = read_items((SHARED / name).read_bytes(), name)

    assert faults == []
    assert len({row["id"] for row in rows}) == count
    assert all(misfit(row, ITEM_LINE) is None for row in rows)
