"""The signer as its own process: the service never holds the key, and the process may be killed at any moment."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from api.cli import main
from api.exporting import export
from domain.errors import Conflict, Unavailable
from domain.ledger import Ledger
from domain.recovery import recover
from domain.signer import Signer
from domain.signing.remote import RemoteSigner
from tests.asking import answer, of
from tests.domain.signers import ORIGIN, ROOT, answering, process, short_folder, wait_for
from tests.story import Story
from verify import checkpoint, note
from verify.tree import consistency_path, leaf_hash, root

ORIGIN_OF_STORY = "demo.fairdraw.example/220100"


def founded(folder: Path, socket: Path) -> Ledger:
    return Ledger.create(folder, ORIGIN_OF_STORY, clock="stepped", unit="220100", unit_name="市商务局", signer=socket)


def test_a_log_runs_on_a_signer_that_is_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["signer", "init", "--dir", str(tmp_path / "signer"), "--origin", ORIGIN_OF_STORY]) == 0
    with short_folder() as short, process(tmp_path / "signer", short / "s") as running:
        with founded(tmp_path / "log", short / "s") as ledger:
            Story(ledger).organise()
            export(ledger, tmp_path / "export")
        with Ledger.open(tmp_path / "log") as ledger:
            size = ledger.published_size
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 130
        assert not (short / "s").exists()
        with pytest.raises(Unavailable, match="no signer answers"):
            Ledger.open(tmp_path / "log")

    assert not (tmp_path / "log" / "signer").exists()
    assert not [path for path in (tmp_path / "log").rglob("*") if path.suffix == ".pem"]
    capsys.readouterr()
    told = answer(capsys, str(tmp_path / "export"), "--vkey", Signer(tmp_path / "signer").vkey)
    assert size > 3
    assert of(told, "BROKEN") == []


@pytest.mark.skipif(shutil.which("systemd-socket-activate") is None, reason="systemd-socket-activate is not here")
def test_the_socket_that_systemd_opened_is_answered(tmp_path: Path) -> None:
    Signer.create(tmp_path / "signer", ORIGIN)
    with short_folder() as short:
        serve = [sys.executable, "-m", "api.cli", "signer", "serve", "--dir", str(tmp_path / "signer"), "--systemd"]
        command = ["systemd-socket-activate", "-l", str(short / "s"), f"--setenv=PATH={os.environ['PATH']}", *serve]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as running:
            try:
                wait_for(short / "s")
                assert signed_once(short / "s", tmp_path) == 1
                assert running.stdout is not None
                assert "signing for" in running.stdout.readline()
            finally:
                running.kill()


def signed_once(socket: Path, folder: Path) -> int:
    until = time.monotonic() + 60
    while True:
        try:
            remote = RemoteSigner(socket, folder)
            break
        except Unavailable:  # it is bound and does not listen yet, or the signer is still starting
            assert time.monotonic() < until
            time.sleep(0.05)
    leaf = [leaf_hash(b"0")]
    return checkpoint.open_checkpoint(remote.sign(1, root(leaf), []), note.parse_vkey(remote.vkey)).size


def test_the_command_line_makes_a_log_on_a_signer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = Signer.create(tmp_path / "signer", ORIGIN)
    with short_folder() as short, answering(own, short / "s"):
        made = ["init", "--dir", str(tmp_path / "log"), "--origin", ORIGIN, "--unit", "220100", "--unit-name", "局"]
        assert main([*made, "--signer", str(short / "s")]) == 0
        assert main(["export", "--dir", str(tmp_path / "log"), str(tmp_path / "export")]) == 0

        assert main([*made, "--signer", str(short / "other")]) == 1

    assert json.loads((tmp_path / "log" / "signer.json").read_text()) == {"socket": str(short / "s")}
    told = capsys.readouterr()
    assert own.vkey in told.out
    assert "signed by another signer" in told.err


def test_a_log_is_not_made_on_the_signer_of_another_one_and_nothing_is_left(tmp_path: Path) -> None:
    own, foreign = (
        Signer.create(tmp_path / "own", ORIGIN_OF_STORY),
        Signer.create(tmp_path / "foreign", "other.example/1"),
    )
    with short_folder() as short, answering(own, short / "s"), answering(foreign, short / "f"):
        founded(tmp_path / "log", short / "s").publish_checkpoint()
        refused = {
            "is that of other.example/1": short / "f",
            "has signed 3 entries": short / "s",
            "signer": short / "nobody",
        }
        for words, socket in refused.items():
            with pytest.raises((Conflict, Unavailable), match=words):
                founded(tmp_path / "second", socket)
            assert sorted(path.name for path in (tmp_path / "second").iterdir()) in ([], ["signer.lock"])


def test_a_signer_of_another_log_is_refused(tmp_path: Path) -> None:
    own, other = (Signer.create(tmp_path / name, ORIGIN_OF_STORY) for name in ("signer", "other"))
    with short_folder() as short:
        with answering(own, short / "s"):
            founded(tmp_path / "log", short / "s").close()
        with answering(other, short / "s"), pytest.raises(Unavailable, match="lacks the keys"):
            Ledger.open(tmp_path / "log")


def test_a_signer_with_an_older_folder_is_refused_at_the_start_and_while_running(tmp_path: Path) -> None:
    own = Signer.create(tmp_path / "signer", ORIGIN_OF_STORY)
    with short_folder() as short, answering(own, short / "s"):
        with founded(tmp_path / "log", short / "s") as ledger:
            ledger.publish_checkpoint()
            shutil.copytree(tmp_path / "signer", tmp_path / "backup")
            Story(ledger).organise()
            ledger.publish_checkpoint()
            published = ledger.published_size
            shutil.copyfile(tmp_path / "backup" / "head.json", tmp_path / "signer" / "head.json")
            assert own.signed_last()[0] < published
            admin = ledger.actor("admin")
            ledger.register_unit(admin, "one-more", unit="220199", name="示例单位", kind="office", parent=None)
            with pytest.raises(Unavailable, match="its folder is an older one"):
                ledger.publish_checkpoint()
            assert ledger.published_size == published

        with pytest.raises(Unavailable, match="its folder is an older one"):
            Ledger.open(tmp_path / "log")


def test_an_embedded_signer_with_an_older_folder_is_refused(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "log", ORIGIN_OF_STORY, clock="stepped", unit="220100", unit_name="局") as ledger:
        head = (tmp_path / "log" / "signer" / "head.json").read_bytes()
        ledger.publish_checkpoint()
    (tmp_path / "log" / "signer" / "head.json").write_bytes(head)

    with pytest.raises(Unavailable, match="its folder is an older one"):
        Ledger.open(tmp_path / "log")


def test_a_lost_database_is_recovered_with_a_signer_elsewhere(tmp_path: Path) -> None:
    own = Signer.create(tmp_path / "signer", ORIGIN_OF_STORY)
    with short_folder() as short, answering(own, short / "s"):
        with founded(tmp_path / "log", short / "s") as ledger:
            Story(ledger).organise()
            export(ledger, tmp_path / "export")
        (tmp_path / "log" / "ledger.db").unlink()
        with pytest.raises(Unavailable, match="is missing"):
            Ledger.open(tmp_path / "log")

        receipt = recover(tmp_path / "log", tmp_path / "export", "磁盘损坏")

        with Ledger.open(tmp_path / "log") as ledger:
            assert ledger.published_size == receipt.index + 1


def test_a_signer_that_is_killed_at_any_moment_never_signs_two_histories(tmp_path: Path) -> None:
    """Eight times the process dies while it signs; no signature that left it is ahead of the head on its disk."""
    leaves, interrupted = [leaf_hash(b"%d" % n) for n in range(800)], 0
    Signer.create(tmp_path / "signer", ORIGIN)
    key = note.parse_vkey(Signer(tmp_path / "signer").vkey)
    seen: list[tuple[int, bytes]] = [(0, root([]))]
    with short_folder() as short:
        for round_ in range(8):
            with process(tmp_path / "signer", short / "s") as running:
                remote = RemoteSigner(short / "s", tmp_path)
                threading.Timer(0.01 + 0.02 * round_, lambda: os.kill(running.pid, signal.SIGKILL)).start()
                try:
                    for size in range(remote.size + 1, len(leaves)):
                        path = consistency_path(leaves[:size], remote.size)
                        head = checkpoint.open_checkpoint(remote.sign(size, root(leaves[:size]), path), key)
                        seen.append((head.size, head.root))
                except Unavailable:
                    interrupted += 1
                assert running.wait(20) == -signal.SIGKILL
            kept = Signer(tmp_path / "signer")
            assert kept.size >= seen[-1][0]
            assert kept.root == root(leaves[: kept.size])

    assert interrupted == 8
    assert len(seen) > 4
    assert [size for size, _ in seen] == sorted({size for size, _ in seen})
    forked = [b"\x07" * 32, *leaves[1:]]
    with pytest.raises(Unavailable, match="does not extend"):
        kept.sign(800, root(forked), consistency_path(forked, kept.size))
