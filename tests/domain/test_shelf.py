"""The rows at hand: whatever was tried and not recorded, they are those that the batches in the log make."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from domain.errors import Conflict, Invalid, Unavailable
from domain.registries import Registry
from domain.shelf import Shelf
from tests.domain.stores import store, told
from tests.story import Story, entry_data, inspectors, objects
from verify import documents
from verify.registry import own_batch, summary

__all__ = ["store", "told"]
NAME = "registry/objects-CCSW-003"


def begun(told: Story) -> None:
    told.do("market", "create_registry", registry=NAME[9:], type="objects", title="名录库", item="CCSW-003")
    fill(told, objects(10))


def fill(told: Story, rows: list[dict], mode: str = "merge") -> dict:
    receipt = told.do("market", "import_rows", registry=NAME, rows=rows, mode=mode, source=repr(rows).encode())
    return entry_data(told.ledger, receipt.index)


def held(told: Story) -> dict:
    with told.ledger.shelf.rows(told.ledger._get(Registry, NAME)) as rows:
        return summary(rows)


def of(rows: list[dict]) -> dict:
    return documents.listing(rows).fingerprint


def test_after_every_import_the_rows_are_those_of_its_entry(told: Story) -> None:
    begun(told)

    for rows, mode in ((objects(5, 10), "merge"), (objects(3), "replace"), (objects(20), "merge")):
        data = fill(told, rows, mode)
        assert held(told) == data["state"]
    assert held(told) == of(objects(20))


def test_an_import_that_was_not_recorded_is_undone(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(told)
    failed: list[object] = []

    def lost(changes: object) -> None:
        failed.append(changes)
        raise Unavailable("数据库不可用", "the database is away", "LEDGER 7")

    with monkeypatch.context() as broken:
        broken.setattr(told.ledger.store, "append", lost)
        with pytest.raises(Unavailable):
            fill(told, objects(90, 10))

    assert failed
    assert held(told) == of(objects(10))
    assert fill(told, objects(2, 10))["state"] == held(told) == of(objects(12))


def test_an_import_that_is_refused_half_way_leaves_rows_and_log_as_they_were(told: Story) -> None:
    begun(told)
    size = told.ledger.size
    rows = objects(30, 10)
    rows[29]["status"] = "dreaming"

    with pytest.raises(Invalid, match=r"row\.status is not of the form"):
        fill(told, rows)
    with pytest.raises(Invalid, match="occurs twice"):
        fill(told, [*objects(3, 10), *objects(1, 11)])
    with pytest.raises(Conflict, match="change nothing"):
        fill(told, objects(10))

    assert (told.ledger.size, held(told)) == (size, of(objects(10)))


def test_rows_that_were_let_go_are_made_anew_from_the_log(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(told)
    fill(told, objects(5), "replace")
    monkeypatch.setattr("domain.shelf.KEPT", 1)
    told._fill("registry/people", "inspectors", None, inspectors(3, []))
    assert list(told.ledger.shelf._kept) == ["registry/people"]

    assert held(told) == of(objects(5))
    assert list(told.ledger.shelf._kept) == [NAME]
    told.ledger.shelf.close()
    assert held(told) == of(objects(5))


def test_rows_of_another_history_are_made_anew(told: Story) -> None:
    begun(told)
    registry = told.ledger._get(Registry, NAME)
    with told.ledger.shelf.rows(registry):
        pass
    other = told.ledger.put_list(_batch(objects(2)))
    forked = Registry(NAME)
    forked.type, forked.batches = "objects", [(2, other["sha256"])]

    with told.ledger.shelf.rows(forked) as rows:
        assert summary(rows) == of(objects(2))
    assert held(told) == of(objects(10))


def test_of_two_trials_only_the_recorded_one_stays(told: Story) -> None:
    begun(told)
    registry = told.ledger._get(Registry, NAME)
    shelf = Shelf(told.ledger.pieces)
    one, two = _batch(objects(3, 10)), _batch(objects(4, 20))
    for batch in (one, two):
        told.ledger.put_list(batch)
        with shelf.rows(registry) as rows:
            shelf.try_batch(registry, batch)
            assert len(rows) == 10 + len(batch)

    registry.batches = [*registry.batches, (9, one.reference["sha256"])]

    with shelf.rows(registry) as rows:
        assert summary(rows) == of(objects(13))


def _batch(rows: list[dict]) -> documents.Listing:
    batch = documents.listing([{"id": row["id"], "op": "added", "row": row} for row in rows])
    assert [change.op for change in own_batch(batch.pieces(), "objects")] == ["added"] * len(rows)
    return batch


def test_whoever_asks_for_another_registry_does_not_wait(told: Story) -> None:
    begun(told)
    people = "registry/people"
    told.do("market", "create_registry", registry=people[9:], type="inspectors", title="人员", item=None)
    told.do("market", "import_rows", registry=people, rows=inspectors(4, []), mode="merge", source=b"people")
    asked = told.ledger._get(Registry, people)

    def count() -> int:
        with told.ledger.shelf.rows(asked) as rows:
            return len(rows)

    with ThreadPoolExecutor(2) as pool, told.ledger.shelf.rows(told.ledger._get(Registry, NAME)):
        same = pool.submit(held, told)
        assert pool.submit(count).result(10) == 4
        assert not same.done()
    assert same.result(10) == of(objects(10))


def test_of_many_registries_only_those_in_use_are_all_kept(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.shelf.KEPT", 2)
    begun(told)
    shelf = told.ledger.shelf
    with shelf.rows(told.ledger._get(Registry, NAME)) as rows:
        for number in range(4):
            with shelf.rows(Registry(f"registry/{number}")):
                pass
        assert len(rows) == 10
        assert len(shelf._kept) == 2
