"""Rows in a file that nobody else sees, and the batches that change them: what a dict and a bare loop say of them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.story import objects
from verify import canonical, documents, registry
from verify.rows import RepeatedId, Rows

Row = dict[str, Any]
IDS = st.sampled_from([f"ID-{n}" for n in range(8)])
TABLES = st.dictionaries(IDS, st.sampled_from(["A", "B", "C"]))


def row(name: str, risk: str = "A") -> Row:
    return {**objects(1)[0], "id": name, "risk": risk}


def table(risks: dict[str, str]) -> dict[str, Row]:
    return {name: row(name, risk) for name, risk in risks.items()}


def batch_of(*lines: Row) -> Iterator[registry.Change]:
    return registry.own_batch([canonical.encode(line) + b"\n" for line in lines], "objects")


def test_rows_are_found_by_id_and_read_in_the_order_of_their_bytes() -> None:
    names = ["第", "a", "𠮷", "Z", "é"]

    rows = Rows.of({"id": name} for name in names)

    assert [each["id"] for each in rows] == list(rows.names()) == sorted(names, key=str.encode)
    assert (len(rows), rows.get("é"), rows.get("x"), "Z" in rows, "x" in rows) == (5, {"id": "é"}, None, True, False)
    with pytest.raises(RepeatedId, match="'a' occurs twice"):
        Rows.of([{"id": "a"}, {"id": "b"}, {"id": "a"}])


def test_what_is_raised_inside_leaves_the_rows_as_they_were() -> None:
    rows = Rows.of([{"id": "a"}, {"id": "b"}])
    before = list(rows.items())

    def fail() -> None:
        with rows.whole():
            assert (rows.add("c", "{}"), rows.change("a", "{}"), rows.remove("b")) == (True, True, True)
            assert (list(rows.names()), len(rows)) == (["a", "c"], 2)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (list(rows.items()), len(rows)) == (before, 2)


@given(TABLES, TABLES, st.booleans())
def test_a_batch_makes_of_the_old_rows_the_new_ones(old: dict[str, str], given: dict[str, str], replace: bool) -> None:
    state = Rows.of(table(old).values())

    batch = registry.difference(state, Rows.of(table(given).values()), replace)
    counted = registry.apply(state, registry.own_batch(batch.pieces(), "objects"))

    due = table(given) if replace else table(old) | table(given)
    assert {each["id"]: each for each in state} == due
    assert registry.summary(state) == documents.listing(due.values()).fingerprint
    changed = {name for name in old.keys() & given.keys() if old[name] != given[name]}
    gone = old.keys() - given.keys() if replace else set()
    counts = [counted[op] for op in ("added", "changed", "removed")]
    assert counts == [len(given.keys() - old.keys()), len(changed), len(gone)]
    assert [each["id"] for each in batch] == sorted((given.keys() - old.keys()) | changed | gone)
    assert [row for _, row in documents.parse(batch.pieces())] == list(batch)


REFUSED = {
    "added twice": ({"id": "A", "op": "added", "row": row("A")}, "A is added, but is already in the registry"),
    "changed and absent": ({"id": "X", "op": "changed", "row": row("X")}, "X is changed, but is not in the registry"),
    "removed and absent": ({"id": "X", "op": "removed"}, "X is removed, but is not in the registry"),
    "of another shape": ({"id": "X", "op": "added", "row": {"id": "X"}}, "X: row lacks the key"),
    "the row of another": ({"id": "X", "op": "added", "row": row("Y")}, "the line of X carries the row of Y"),
    "no such act": ({"id": "X", "op": "hidden", "row": row("X")}, "neither added, changed nor removed"),
    "removed with a row": ({"id": "A", "op": "removed", "row": row("A")}, "neither added, changed nor removed"),
    "without a row": ({"id": "X", "op": "added", "raw": row("X")}, "neither added, changed nor removed"),
}


@pytest.mark.parametrize(("line", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_a_batch_that_is_refused_half_way_changes_nothing(line: Row, reason: str) -> None:
    state = Rows.of(table({"A": "A", "B": "B"}).values())
    before = list(state.items())
    lines: list[Row] = [{"id": "0", "op": "added", "row": row("0")}, {"id": "1", "op": "added", "row": row("1")}, line]
    taken: list[str] = []

    with pytest.raises(registry.RegistryError, match=reason):
        registry.apply(state, batch_of(*lines), lambda _, change: taken.append(change.id))

    assert taken == ["0", "1"]
    assert (list(state.items()), len(state)) == (before, 2)


def test_a_batch_whose_reading_fails_changes_nothing() -> None:
    state = Rows.of(table({"A": "A"}).values())

    def lines() -> Iterator[registry.Change]:
        yield from batch_of({"id": "A", "op": "removed"})
        raise documents.DocumentError("line 2: altered")

    with pytest.raises(documents.DocumentError):
        registry.apply(state, lines())
    assert [each["id"] for each in state] == ["A"]


def test_the_row_of_a_line_is_found_whatever_its_texts_say() -> None:
    strange = row("A") | {"name": '店,"row":{"id":"B"}\\,"row":'}
    state = Rows()

    registry.apply(state, batch_of({"id": "A", "op": "added", "row": strange}))

    assert state.text("A") == canonical.encode(strange).decode()
    assert json.loads(state.text("A") or "") == strange


def test_a_registry_that_nobody_filled_has_no_database() -> None:
    many = [Rows() for _ in range(10_000)]
    filled = Rows()
    assert filled.add("a", "{}")

    assert not any("_db" in vars(each) for each in many)
    assert "_db" in vars(filled)
    for each in [*many, filled]:
        each.close()
