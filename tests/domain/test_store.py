"""The contract of every store: gapless, append-only, one command once, and the tree of what it holds.

Each claim is made of SQLite and of PostgreSQL; what only one of them can do stands in files of their own.
"""

import threading
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import IntegrityError

from domain.base import Fact
from domain.clock import after
from domain.core import Decision, Receipt
from domain.errors import Conflict, Invalid, Unavailable
from domain.ledger import Ledger
from domain.organisation import Account, Unit
from domain.roles import Cause
from domain.store import contract, postgres_schema, schema
from domain.store.contract import Grounds, Moved
from domain.store.postgres import Store as PostgresStore
from domain.store.sqlite import Store as SqliteStore
from tests.domain.stores import FOREVER, START, UNIT, store, told
from tests.story import Story, new_ledger
from tests.twins import tree as naive
from verify import entries

__all__ = ["store", "told"]
STORES: list[type[contract.Store]] = [SqliteStore, PostgresStore]  # the type checker holds both to the contract
COLUMNS = {
    "entries": "raw",
    "documents": "bytes",
    "chunks": "content",
    "document_references": "type",
    "checkpoints": "note",
}


def test_the_bytes_that_are_stored_are_the_bytes_that_are_hashed(told: Story) -> None:
    recorded = list(told.ledger.store.entries())
    leaves = list(told.ledger.leaves())

    previous = entries.genesis(told.ledger.origin)
    for index, raw in enumerate(recorded):
        assert raw[9:73].decode() == previous
        assert entries.parse(raw).index == index
        previous = leaves[index].hex()
    assert told.ledger.store.root(len(leaves)) == naive.mth(leaves)


def test_every_stored_node_is_the_hash_over_its_leaves(told: Story) -> None:
    leaves = list(told.ledger.leaves())

    for level in range(5):
        count = len(leaves) >> level
        below = [leaves[position << level : (position + 1) << level] for position in range(count)]
        assert told.ledger.store.nodes(level, 0, count) == [naive.mth(each) for each in below]
        assert told.ledger.store.nodes(level, count // 2, count) == [naive.mth(each) for each in below[count // 2 :]]
        with pytest.raises(KeyError):
            told.ledger.store.nodes(level, 0, count + 1)


def test_proofs_are_those_of_the_tree_and_take_one_query(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    leaves, store = list(told.ledger.leaves()), told.ledger.store
    asked: list[int] = []
    read = type(store)._subtrees  # type: ignore[attr-defined]

    def counted(self: object, places: Collection[object]) -> object:
        asked.append(len(places))
        return read(self, places)

    monkeypatch.setattr(type(store), "_subtrees", counted)
    for size in range(1, len(leaves) + 1):
        for index in {0, size // 2, size - 1}:
            assert store.inclusion_path(index, size) == naive.path(index, leaves[:size])
            assert store.consistency_path(index, size) == (naive.proof(index, leaves[:size]) if index else [])
            assert len(asked) == 2
            assert max(asked) <= 2 * size.bit_length() ** 2
            asked.clear()
    with pytest.raises(KeyError):
        store.root(len(leaves) + 1)


@pytest.mark.parametrize("table", schema.APPEND_ONLY)
@pytest.mark.parametrize("verb", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}"])
def test_nothing_recorded_is_ever_changed_by_an_ordinary_statement(
    told: Story, store: Any, table: str, verb: str
) -> None:
    told.ledger.publish_checkpoint()
    assert set(COLUMNS) == set(schema.APPEND_ONLY) == set(postgres_schema.RECORD)

    with store.master(told) as connection:
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() != (0,)
        with pytest.raises(Exception, match="nothing recorded is ever changed"):
            connection.execute(verb.format(table=table, column=COLUMNS[table]))


def test_a_command_that_is_sent_again_gets_the_first_receipt_and_leaves_no_second_entry(told: Story) -> None:
    facts = {"unit": "220103", "name": "宽城区商务局", "kind": "county", "parent": "220100"}
    admin = told.actor("admin")
    first = told.ledger.register_unit(admin, "same", **facts)
    size = told.ledger.size

    again = told.ledger.register_unit(admin, "same", **facts)

    assert again == first
    assert told.ledger.size == size


def test_a_command_id_is_not_used_for_another_command(told: Story) -> None:
    facts = {"unit": "220103", "name": "宽城区商务局", "kind": "county", "parent": "220100"}
    admin = told.actor("admin")
    told.ledger.register_unit(admin, "same", **facts)
    size = told.ledger.size

    with pytest.raises(Conflict, match="used for another command"):
        told.ledger.register_unit(admin, "same", **{**facts, "name": "另一个局"})

    assert told.ledger.size == size


def test_two_accounts_may_use_the_same_command_id(told: Story) -> None:
    told.do("admin", "open_account", account="second-admin", role="admin", unit="220100")

    first = told.ledger.register_unit(told.actor("admin"), "same", unit="a", name="甲", kind="county", parent=None)
    second = told.ledger.register_unit(
        told.actor("second-admin"), "same", unit="b", name="乙", kind="county", parent=None
    )

    assert second.index == first.index + 1


def test_four_threads_write_one_gapless_chain(told: Story) -> None:
    start = told.ledger.size
    admin = told.actor("admin")
    receipts: list[Receipt] = []

    def write(hand: int) -> None:
        for number in range(25):
            unit = f"u{hand}-{number}"
            receipts.append(
                told.ledger.register_unit(admin, unit, unit=unit, name="单位", kind="office", parent="220100")
            )

    threads = [threading.Thread(target=write, args=(hand,)) for hand in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(r.index for r in receipts) == list(range(start, start + 100))
    recorded = [entries.parse(raw) for raw in told.ledger.store.entries()]
    assert all(e.prev == before.leaf.hex() for before, e in pairwise(recorded))
    assert [e.at for e in recorded] == sorted(e.at for e in recorded)


def record(told: Story, unit: str, grounds: Grounds, command: str = "c", version: int = 1) -> None:
    """Record a unit on given grounds, as a command does after it was decided."""
    aggregate = Unit(f"unit/{unit}")
    admin = told.actor("admin")
    aggregate.register(Cause(admin, command), unit, **UNIT)
    if version > 1:
        aggregate.version = version
    told.ledger._record([told.ledger._decided(Decision(aggregate), admin, command, b"f" * 32, grounds)])


MOVED = {
    "a stream that was read has a new entry": Grounds(START, FOREVER, {"unit/220100": 0}),
    "a stream that was read is not there": Grounds(START, FOREVER, {"unit/nowhere": 1}),
    "one of several streams has moved": Grounds(START, FOREVER, {"unit/220100": 1, "account/clerk": 0}),
    "a stream was added to those that were listed": Grounds(START, FOREVER, families={"account/": 5}),
    "its day is over": Grounds(START, START),
}


@pytest.mark.parametrize("grounds", MOVED.values(), ids=MOVED.keys())
def test_a_decision_is_not_recorded_when_what_it_rested_on_has_moved(told: Story, grounds: Grounds) -> None:
    size = told.ledger.size

    with pytest.raises(Moved):
        record(told, "fresh", grounds)

    assert told.ledger.size == size
    assert told.ledger.store.command("admin", "c") is None


def test_what_was_not_recorded_is_rested_on_by_nobody(told: Story) -> None:
    """A store may remember versions; those of a save that was undone must not be among them."""
    record(told, "fresh", Grounds(START, FOREVER, {"unit/220100": 1}))
    with pytest.raises(IntegrityError):
        record(told, "undone", Grounds(START, FOREVER), command="c")  # an id that was used
    with pytest.raises(Moved):
        record(told, "other", Grounds(START, FOREVER, {"unit/undone": 1}), command="d")
    with pytest.raises(Moved):
        record(told, "other", Grounds(START, FOREVER, {"unit/fresh": 2}), command="d")
    record(told, "other", Grounds(START, FOREVER, {"unit/undone": 0, "unit/fresh": 1}), command="d")


def test_a_name_that_no_stream_can_have_shifts_no_other_ground(told: Story) -> None:
    strange = {"unit/a\nunit/220100": 0}
    record(told, "fresh", Grounds(START, FOREVER, {**strange, "account/admin": 1}))
    with pytest.raises(Moved):
        record(told, "other", Grounds(START, FOREVER, {**strange, "unit/220100": 2}), command="d")


def test_what_is_only_looked_at_is_shared_and_takes_no_facts(told: Story) -> None:
    looked = told.ledger._look(Account, "account/clerk")

    assert looked is told.ledger._look(Account, "account/clerk")
    with pytest.raises(RuntimeError, match="account/clerk is shared"):
        looked.record("account.closed", Cause(told.actor("admin"), "c"), {"reason": "离岗"})
    assert not looked.closed

    taken = told.ledger._get(Account, "account/clerk")
    taken.record("account.closed", Cause(told.actor("admin"), "c"), {"reason": "离岗"})
    assert taken.closed
    assert not told.ledger._look(Account, "account/clerk").closed


@pytest.mark.parametrize("read", [0, 1], ids=["as if it were new", "as it was before"])
def test_a_stream_in_which_the_next_version_is_recorded_cannot_have_moved(told: Story, read: int) -> None:
    """It is not compared: that version is taken where it has."""
    told.ledger.close_account(told.actor("admin"), "close", account="clerk", reason="离岗")
    size, clerk = told.ledger.size, Account("account/clerk")
    clerk.version = read
    cause = Cause(told.actor("admin"), "late")
    clerk.pending = [Fact(clerk.id, read + 1, "account.closed", cause.actor, "late", {"reason": "离岗"})]
    grounds = Grounds(START, FOREVER, {clerk.id: read})
    decided = told.ledger._decided(Decision(clerk), cause.actor, "late", b"f" * 32, grounds)

    with pytest.raises(IntegrityError):
        told.ledger._record([decided])

    assert told.ledger.size == size


def test_a_decision_is_recorded_while_what_it_rested_on_stands(told: Story) -> None:
    size = told.ledger.size

    record(told, "fresh", Grounds(START, FOREVER, {"unit/220100": 1, "unit/fresh": 0}, {"account/": size, "unit/z": 0}))

    assert told.ledger.size == size + 1


def test_a_version_or_a_command_id_that_is_taken_refuses_the_whole_transaction(told: Story) -> None:
    record(told, "first", Grounds(START, FOREVER), "taken")
    size = told.ledger.size

    with pytest.raises(IntegrityError):
        record(told, "first", Grounds(START, FOREVER), "other")
    with pytest.raises(IntegrityError):
        record(told, "second", Grounds(START, FOREVER), "taken")

    assert told.ledger.size == size
    assert not told.ledger._exists("unit/second")


def test_a_refused_save_leaves_nothing_behind(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    size = told.ledger.size
    happened = []

    def fail(*_: object) -> None:
        happened.append(True)
        raise OSError("disk I/O error")

    monkeypatch.setattr("domain.store.sqlite.keep_clock", fail)
    monkeypatch.setattr("domain.store.postgres.keep_clock", fail)
    with pytest.raises(OSError, match="disk"):
        told.ledger.close_account(told.actor("admin"), "c", account="clerk", reason="离岗")
    monkeypatch.undo()

    assert happened
    assert told.ledger.size == size
    assert told.ledger.actor("clerk").role == "clerk"
    assert told.do("admin", "close_account", account="clerk", reason="离岗").index == size


def test_time_never_goes_back(told: Story) -> None:
    last = entries.parse(next(told.ledger.store.entries(told.ledger.size - 1)))

    record(told, "fresh", Grounds("2026-03-01T00:00:00.000+08:00", FOREVER))

    assert entries.parse(next(told.ledger.store.entries(told.ledger.size - 1))).at >= last.at


def test_a_log_in_an_empty_folder_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no log"):
        Ledger.open(tmp_path)


def test_a_stepped_clock_is_only_for_demonstrations(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"begin with demo\."):
        new_ledger(tmp_path / "log", "ledger.example/220100")


def test_an_interrupted_creation_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: Any
) -> None:
    happened = []

    def die(*_: object) -> None:
        happened.append(True)
        raise KeyboardInterrupt

    monkeypatch.setattr("domain.opening.Unit.register", die)
    with pytest.raises(KeyboardInterrupt):
        new_ledger(tmp_path / "log", store=store.settings)
    monkeypatch.undo()

    with new_ledger(tmp_path / "log", store=store.settings) as ledger:
        assert happened
        assert [entries.parse(raw).kind for raw in ledger.store.entries()] == [
            "log.created",
            "unit.registered",
            "account.opened",
        ]


def test_a_reopened_log_goes_on_in_the_store_it_was_made_in(told: Story) -> None:
    told.ledger.publish_checkpoint()
    size, kind = told.ledger.size, type(told.ledger.store)
    told.ledger.close()

    with Ledger.open(told.ledger.folder) as again:
        assert (again.size, type(again.store)) == (size, kind)
        assert again.register_unit(again.actor("admin"), "next", unit="n", **UNIT).index == size


def test_whoever_waits_long_for_the_lock_is_recorded_late(tmp_path: Path, store: Any) -> None:
    origin = "ledger.example.cn/220100"
    ledger = Ledger.create(tmp_path / "log", origin, unit="220100", unit_name="商务局", store=store.settings)
    with ledger, ThreadPoolExecutor(1) as pool:
        admin = ledger.actor("admin")
        with ledger.store.writing() as connection:
            if ledger.store.shared:
                connection.execute("SELECT lock_head()")
            waiting = pool.submit(ledger.register_unit, admin, "late", unit="late", **UNIT)
            time.sleep(1.5)
            assert not waiting.done()
            released = ledger.clock.now()

        receipt = waiting.result(30)

    # On PostgreSQL the server adds what it saw of the waiting, so the way of the call to the server is missing.
    assert receipt.at >= (after(released, -0.5) if ledger.store.shared else released)
