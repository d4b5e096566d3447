"""The signer never signs two histories, and a log that was put back to an older state does not start."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from api.exporting import export
from domain.errors import Conflict, Invalid, Unavailable
from domain.ledger import Ledger
from domain.recovery import recover
from domain.signer import Signer
from tests.story import Story, new_ledger
from verify import entries, note
from verify.checkpoint import open_checkpoint
from verify.tree import consistency_path, leaf_hash, root

LEAVES = [leaf_hash(bytes([n])) for n in range(40)]


def signed(signer: Signer, size: int) -> bytes:
    return signer.sign(size, root(LEAVES[:size]), consistency_path(LEAVES[:size], signer.size))


def test_a_signed_checkpoint_opens_with_the_published_key(tmp_path: Path) -> None:
    signer = Signer.create(tmp_path / "signer", "ledger.example/220100")

    checkpoint = open_checkpoint(signed(signer, 7), note.parse_vkey(signer.vkey))

    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == ("ledger.example/220100", 7, root(LEAVES[:7]))


@pytest.mark.parametrize("size", range(1, 21))
def test_a_fork_at_any_size_is_not_signed(tmp_path: Path, size: int) -> None:
    signer = Signer.create(tmp_path / "signer", "ledger.example/220100")
    signed(signer, 20)
    forked = [*LEAVES[: size - 1], leaf_hash(b"forged"), *LEAVES[size:30]]

    with pytest.raises(Unavailable, match="does not extend"):
        signer.sign(30, root(forked), consistency_path(forked, 20))

    assert (signer.size, signer.root) == (20, root(LEAVES[:20]))


def test_a_smaller_tree_is_not_signed(tmp_path: Path) -> None:
    signer = Signer.create(tmp_path / "signer", "ledger.example/220100")
    signed(signer, 20)

    with pytest.raises(Unavailable, match="does not extend"):
        signer.sign(19, root(LEAVES[:19]), [])


def test_a_second_process_goes_on_from_what_the_first_signed_last(tmp_path: Path) -> None:
    first = Signer.create(tmp_path / "signer", "ledger.example/220100")
    second = Signer(tmp_path / "signer")
    signed(first, 20)
    forked = [*LEAVES[:10], leaf_hash(b"forged"), *LEAVES[11:30]]

    with second.alone(), pytest.raises(Unavailable, match="does not extend"):
        second.sign(30, root(forked), consistency_path(forked, 20))

    assert (second.size, second.root) == (20, root(LEAVES[:20]))


def test_the_head_is_on_disk_before_the_signature_leaves(tmp_path: Path) -> None:
    signer = Signer.create(tmp_path / "signer", "ledger.example/220100")
    signed(signer, 12)

    head = json.loads((tmp_path / "signer" / "head.json").read_text())

    assert head == {"origin": "ledger.example/220100", "size": 12, "root": root(LEAVES[:12]).hex()}
    assert (tmp_path / "signer" / "key.pem").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("column", ["raw", "leaf"])
def test_what_is_signed_was_recomputed_from_the_stored_bytes(tmp_path: Path, column: str) -> None:
    with new_ledger(tmp_path / "log") as ledger:
        Story(ledger).organise()
    database = sqlite3.connect(tmp_path / "log" / "ledger.db")
    with database:
        database.execute("DROP TRIGGER entries_no_update")
        (stored,) = database.execute(f"SELECT {column} FROM entries WHERE idx = 5").fetchone()
        forged = stored.replace(b"220100", b"220199") if column == "raw" else bytes(32)
        assert database.execute(f"UPDATE entries SET {column} = ? WHERE idx = 5", (forged,)).rowcount == 1
    database.close()

    with Ledger.open(tmp_path / "log") as ledger, pytest.raises(Unavailable, match="nothing is signed"):
        ledger.publish_checkpoint()


def older_backup(folder: Path) -> tuple[Path, Path]:
    """Return a log whose database was put back to an older backup, and the export that was published meanwhile."""
    with new_ledger(folder / "log") as ledger:
        story = Story(ledger)
        story.organise()
    shutil.copyfile(folder / "log" / "ledger.db", folder / "backup.db")
    with Ledger.open(folder / "log") as ledger:
        story = Story(ledger, number=story.number)
        story.plan({"CCSW-003": "general"})
        ledger.publish_checkpoint()
        export(ledger, folder / "export")
    shutil.copyfile(folder / "backup.db", folder / "log" / "ledger.db")
    for name in ("ledger.db-wal", "ledger.db-shm"):
        (folder / "log" / name).unlink(missing_ok=True)
    return folder / "log", folder / "export"


def test_a_database_from_a_backup_does_not_start(tmp_path: Path) -> None:
    log, _ = older_backup(tmp_path)

    with pytest.raises(Unavailable, match="older than the checkpoint"):
        Ledger.open(log)


def test_recovery_takes_over_what_was_published_and_says_so_in_public(tmp_path: Path) -> None:
    log, published = older_backup(tmp_path)
    lines = (published / "entries.jsonl").read_bytes().splitlines()

    receipt = recover(log, published, "磁盘损坏，数据库由备份恢复")

    with Ledger.open(log) as ledger:
        recorded = list(ledger.store.entries())
        assert recorded[:-1] == lines
        incident = entries.parse(recorded[-1])
        assert (incident.kind, incident.index) == ("log.recovered", receipt.index)
        assert incident.data["restored"] == len(lines) - incident.data["found_size"]
        assert ledger.published_size == len(recorded)
        again = Story(ledger)
        assert again.ledger.items("itemlist/220100-1")  # documents came back too


def test_a_recovery_that_was_interrupted_is_finished_with_its_incident(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, published = older_backup(tmp_path)
    happened = []

    def die(*_: object) -> None:
        happened.append(True)
        raise KeyboardInterrupt

    monkeypatch.setattr("domain.recovery._record", die)
    with pytest.raises(KeyboardInterrupt):
        recover(log, published, "磁盘损坏")
    monkeypatch.undo()
    with pytest.raises(Unavailable, match="a recovery is not finished"):
        Ledger.open(log)

    receipt = recover(log, published, "再试一次")

    with Ledger.open(log) as ledger:
        incident = entries.parse(next(ledger.store.entries(receipt.index)))
        assert happened
        assert (incident.kind, incident.data["reason"]) == ("log.recovered", "磁盘损坏")
        assert incident.data["restored"] == receipt.index - incident.data["found_size"]


def test_a_recovery_without_a_reason_restores_nothing(tmp_path: Path) -> None:
    log, published = older_backup(tmp_path)

    with pytest.raises(Invalid, match="the reason is missing"):
        recover(log, published, "")

    with pytest.raises(Unavailable, match="older than the checkpoint"):
        Ledger.open(log)


@pytest.mark.parametrize("what", ["missing", "empty"])
def test_a_lost_database_is_recovered_and_never_made_anew(tmp_path: Path, what: str) -> None:
    log, published = older_backup(tmp_path)
    (log / "ledger.db").unlink()
    if what == "empty":
        (log / "ledger.db").touch()
    with pytest.raises(Unavailable):
        new_ledger(log)
    with pytest.raises(Unavailable):
        Ledger.open(log)

    receipt = recover(log, published, "数据库丢失")

    with Ledger.open(log) as ledger:
        assert ledger.size == receipt.index + 1


def test_nobody_else_on_the_machine_reads_the_database(tmp_path: Path) -> None:
    with new_ledger(tmp_path / "log") as ledger:
        Story(ledger).organise()
        modes = {path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "log").glob("ledger.db*")}

    assert (tmp_path / "log").stat().st_mode & 0o077 == 0
    assert modes
    assert set(modes.values()) == {0}


def test_an_origin_that_no_key_can_be_named_after_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot be used"):
        Ledger.create(tmp_path / "log", "bad origin", unit="220100", unit_name="局")
    with pytest.raises(Invalid, match=r"data\.unit"):
        Ledger.create(tmp_path / "log", "ledger.example/1", unit="长春", unit_name="局")

    assert not (tmp_path / "log").exists()


def test_a_client_that_asks_again_after_a_recovery_gets_its_receipt(tmp_path: Path) -> None:
    log, published = older_backup(tmp_path)
    recover(log, published, "恢复")

    with Ledger.open(log) as ledger:
        entry = next(e for raw in ledger.store.entries() if (e := entries.parse(raw)).kind == "plan.published")
        receipt = ledger.publish(
            ledger.actor("market"), entry.command, stream=entry.stream, channel="渠道", reference="公告"
        )

        assert receipt.index == entry.index


def test_recovery_refuses_an_export_that_is_not_this_history(tmp_path: Path) -> None:
    log, published = older_backup(tmp_path)
    lines = (published / "entries.jsonl").read_bytes().splitlines(keepends=True)
    (published / "entries.jsonl").write_bytes(b"".join(lines[:-1]))

    with pytest.raises(Unavailable, match="is not the history"):
        recover(log, published, "恢复")

    with pytest.raises(Unavailable, match="older than the checkpoint"):
        Ledger.open(log)


def test_a_log_that_lost_nothing_is_not_recovered(tmp_path: Path) -> None:
    with new_ledger(tmp_path / "log") as ledger:
        ledger.publish_checkpoint()
        export(ledger, tmp_path / "export")

    with pytest.raises(Conflict, match="not behind"):
        recover(tmp_path / "log", tmp_path / "export", "恢复")
