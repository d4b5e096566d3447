"""Files that were mistaken for another kind: one hint that names the kind, and no false alarm."""

import pytest

from api.importing import read_items
from tests.api.bringing import notices, read_inspectors, read_objects
from tests.api.made_up import code

A = code(1)
INSPECTORS = "inspector_no,display_name,unit_code,certificate_no,certificate_valid_to,item_codes\n1,检查员,2,,,X\n"
ITEMS = "抽查类别,抽查事项,检查对象,事项类别\n零售,某检查,某企业,一般检查事项\n"
MISTAKEN = {
    "inspectors as objects": (lambda: read_objects(INSPECTORS.encode()), "objects", INSPECTORS, "--kind inspectors"),
    "objects as inspectors": (
        lambda: read_inspectors(f"uscc,name\n{A},店\n".encode()),
        "inspectors",
        "",
        "--kind objects",
    ),
    "objects as items": (lambda: read_items(f"uscc,name\n{A},店\n".encode(), "a.csv"), "items", "", "--kind objects"),
    "inspectors as items": (lambda: read_items(INSPECTORS.encode(), "a.csv"), "items", INSPECTORS, "--kind inspectors"),
    "items as objects": (lambda: read_objects(ITEMS.encode()), "objects", ITEMS, "a list of check items"),
    "items as inspectors": (lambda: read_inspectors(ITEMS.encode()), "inspectors", ITEMS, "a list of check items"),
    "JSON as objects": (lambda: read_objects(b'[{"id": 1}]'), "objects", '[{"id": 1}]', "JSON"),
}


@pytest.mark.parametrize(("read", "kind", "text", "hint"), MISTAKEN.values(), ids=MISTAKEN.keys())
def test_a_file_that_was_mistaken_for_another_gets_one_hint(read, kind, text, hint):
    rows, faults = read()

    assert rows == []
    assert [(fault["line"], fault["column"]) for fault in faults] == [(1, "")]
    assert hint in faults[0]["reason"]
    assert faults[0]["reason_zh"]
    assert notices(text.encode(), kind) == []


def test_what_only_lacks_a_column_is_not_taken_for_another_kind():
    _, faults = read_inspectors("id,name,unit,certificate,valid_to\n1,检查员,2,,\n".encode())
    rows, _ = read_objects(f"uscc,name,抽查事项\n{A},店,某检查\n".encode())

    assert "a required column is missing" in faults[0]["reason"]
    assert len(rows) == 1
