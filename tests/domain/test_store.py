"""The contract of the store: gapless, append-only, one command once, one process, and the tree of what it holds."""

import sqlite3
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import pytest

from domain.core import Receipt
from domain.errors import Conflict, Unavailable
from domain.ledger import Ledger
from domain.store.schema import APPEND_ONLY
from tests.story import Story, new_ledger
from tests.twins import tree as naive
from verify import entries


def test_the_bytes_that_are_stored_are_the_bytes_that_are_hashed(told: Story) -> None:
    recorded = list(told.ledger.store.entries())
    leaves = list(told.ledger.leaves())

    previous = entries.genesis(told.ledger.origin)
    for index, raw in enumerate(recorded):
        assert raw[9:73].decode() == previous
        assert entries.parse(raw).index == index
        previous = leaves[index].hex()
    assert told.ledger.store.root(len(leaves)) == naive.mth(leaves)


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("verb", ["UPDATE {} SET rowid = rowid + 1", "DELETE FROM {}"])
def test_nothing_recorded_is_ever_changed_by_an_ordinary_statement(told: Story, table: str, verb: str) -> None:
    told.ledger.publish_checkpoint()
    statement = verb.format(table)
    with told.ledger.store.reading() as connection:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    statement = statement.replace("rowid = rowid + 1", f"{columns[0]} = {columns[0]}")

    with told.ledger.store.writing() as connection:
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() != (0,)
        with pytest.raises(sqlite3.IntegrityError, match="nothing recorded is ever changed"):
            connection.execute(statement)


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


def test_a_second_process_is_refused_by_name(told: Story) -> None:
    script = (
        "import sys; from pathlib import Path; from domain.ledger import Ledger; from domain.errors import Unavailable\n"
        "try: Ledger.open(Path(sys.argv[1]))\n"
        "except Unavailable as refusal: print(refusal.en)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, str(told.ledger.folder)], capture_output=True, text=True, check=True
    )

    import os

    assert f"in use by process {os.getpid()}" in done.stdout


def test_a_refused_save_leaves_nothing_behind(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    size = told.ledger.size
    happened = []

    def fail(*_: object) -> None:
        happened.append(True)
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(told.ledger.store, "_note", fail)
    with pytest.raises(sqlite3.OperationalError):
        told.ledger.close_account(told.actor("admin"), "c", account="clerk", reason="离岗")
    monkeypatch.undo()

    assert happened
    assert told.ledger.size == size
    assert told.ledger.actor("clerk").role == "clerk"
    assert told.do("admin", "close_account", account="clerk", reason="离岗").index == size


def test_a_document_larger_than_a_chunk_comes_back_whole(told: Story) -> None:
    content = bytes(range(256)) * 10_000

    reference = told.ledger.put(content)
    again = told.ledger.put(content)

    assert told.ledger.store.document(reference["sha256"]) == content
    assert again == reference


def test_a_log_in_an_empty_folder_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no log"):
        Ledger.open(tmp_path)


def test_a_stepped_clock_is_only_for_demonstrations(tmp_path: Path) -> None:
    from domain.errors import Invalid

    with pytest.raises(Invalid, match=r"begin with demo\."):
        new_ledger(tmp_path / "log", "ledger.example/220100")


def test_an_interrupted_creation_is_finished_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    happened = []

    def die(*_: object) -> None:
        happened.append(True)
        raise KeyboardInterrupt

    monkeypatch.setattr("domain.core.Unit.register", die)
    with pytest.raises(KeyboardInterrupt):
        new_ledger(tmp_path / "log")
    monkeypatch.undo()

    with new_ledger(tmp_path / "log") as ledger:
        assert happened
        assert [entries.parse(raw).kind for raw in ledger.store.entries()] == [
            "log.created",
            "unit.registered",
            "account.opened",
        ]
