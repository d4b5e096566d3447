"""The static log is the published log, goes on where it stands, and is never written over another log."""

import os
import shutil
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.testclient import TestClient

from api import exporting
from api.many import application
from api.publishing import Disagrees, Publisher
from api.settings import Settings
from tests.dying import Disk, contents, on, stages
from tests.growing import grow
from tests.running import served
from tests.story import new_ledger
from verify import checkpoint, note, tiles
from verify.fsck import fsck

__all__ = ["stages"]


def test_the_folder_is_the_published_log_and_holds_from_its_bytes(stages):
    ledger, folders = stages
    files = contents(folders[-1])

    assert fsck(folders[-1], note.parse_vkey(ledger.vkey)).exit == 0
    assert files["checkpoint"] == ledger.checkpoint()
    public = {f"documents/{info['sha256']}" for info in ledger.store.documents() if info["public"]}
    assert {name for name in files if name.startswith("documents/")} == public
    for level, index, width in tiles.tiles_of(ledger.size):
        path = tiles.tile_path(level, index, width)
        assert files[path] == tiles.tile_bytes(level, index, width, list(ledger.leaves()))


def test_what_is_in_the_folder_and_in_an_export_has_the_same_bytes(stages, tmp_path):
    ledger, folders = stages
    exporting.export(ledger, tmp_path / "export")
    exported, static = contents(tmp_path / "export"), contents(folders[-1])

    assert exported.keys() - static.keys() == {"entries.jsonl"}
    assert {name: exported[name] for name in static.keys() & exported.keys()} == static


def test_the_checkpoint_comes_after_everything_that_it_speaks_of(stages, tmp_path, monkeypatch):
    ledger, _ = stages
    replace, names = Path.replace, []
    monkeypatch.setattr(Path, "replace", lambda self, target: names.append(target.name) or replace(self, target))

    Publisher(ledger, tmp_path / "static").publish()

    assert names[-1] == "checkpoint"
    assert names.count("checkpoint") == 1


def test_what_is_written_grows_with_what_is_new(tmp_path, monkeypatch):
    with new_ledger(tmp_path / "log") as ledger:
        grow(ledger, 5000)
        publisher = Publisher(ledger, tmp_path / "static")
        publisher.publish()
        grow(ledger, 5001)
        asked = []
        entries = ledger.store.entries
        monkeypatch.setattr(ledger.store, "entries", lambda *span: asked.append(span) or entries(*span))
        with on(Disk(), monkeypatch) as disk:
            publisher.publish()

    assert sum(stop - start for start, stop in asked) <= 2 * tiles.WIDTH
    assert disk.steps < 30


def test_the_parts_of_a_tile_go_once_it_is_full(stages):
    names = contents(stages[1][-1])

    assert "tile/0/000" in names
    assert "tile/entries/001" in names
    parts = {name for name in names if ".p/" in name}
    assert parts == {"tile/1/000.p/2", "tile/entries/002.p/18", "tile/0/002.p/18"}


def test_a_checkpoint_that_was_cosigned_later_replaces_the_one_of_the_same_size(stages, tmp_path, monkeypatch):
    ledger, folders = stages
    shutil.copytree(folders[-1], tmp_path / "static")
    cosigned = ledger.checkpoint() + note.format_signature("witness.example", b"abcd", bytes(72))
    monkeypatch.setattr(ledger, "checkpoint", lambda: cosigned)

    Publisher(ledger, tmp_path / "static").publish()

    assert (tmp_path / "static" / "checkpoint").read_bytes() == cosigned


def test_a_key_that_signed_what_is_there_is_replaced_by_the_one_it_was_handed_over_to(stages, tmp_path):
    ledger, folders = stages
    folder, old = tmp_path / "static", Ed25519PrivateKey.generate()
    shutil.copytree(folders[1], folder)
    vkey = note.parse_vkey(note.format_vkey(ledger.origin, old.public_key().public_bytes_raw()))
    (folder / "log.vkey").write_text(note.format_vkey(vkey.name, vkey.public) + "\n")
    before = contents(folder)
    with pytest.raises(Disagrees, match=r"log\.vkey"):
        Publisher(ledger, folder).publish()
    assert contents(folder) == before

    text = checkpoint.parse(before["checkpoint"])[0].text()
    line = note.format_signature(vkey.name, vkey.key_id, old.sign(text))
    (folder / "checkpoint").write_bytes(before["checkpoint"] + line)
    Publisher(ledger, folder).publish()

    assert contents(folder) == contents(folders[-1])


def test_several_logs_behind_one_service_have_a_folder_each(tmp_path):
    with new_ledger(tmp_path / "a", "demo.x.example/1") as one, new_ledger(tmp_path / "b", "demo.x.example/2") as two:
        app = application({"1": one, "2": two}, Settings(publish_seconds=0.01, static=tmp_path / "static"))
        with TestClient(app):
            pass  # a keeper publishes when it stops
        for name, ledger in (("1", one), ("2", two)):
            assert fsck(tmp_path / "static" / name, note.parse_vkey(ledger.vkey)).exit == 0


def altered(folder: Path, name: str) -> None:
    raw = bytearray((folder / name).read_bytes())
    raw[-2] ^= 1
    (folder / name).write_bytes(raw)


@pytest.mark.parametrize("name", ["log.vkey", "tile/0/000.p/250", "tile/entries/000.p/250", "checkpoint"])
def test_a_folder_that_disagrees_is_not_written_to_and_the_file_is_named(stages, tmp_path, name):
    ledger, folders = stages
    folder = tmp_path / "static"
    shutil.copytree(folders[1], folder)
    if name == "checkpoint":
        raw = (folder / name).read_bytes().split(b"\n")
        (folder / name).write_bytes(b"\n".join([raw[0], b"249", *raw[2:]]))
    else:
        altered(folder, name)
    before = contents(folder)

    with pytest.raises(Disagrees) as refused:
        Publisher(ledger, folder).publish()

    assert refused.value.name == name
    assert contents(folder) == before


def test_the_folder_of_another_log_and_one_with_foreign_files_are_refused(stages, tmp_path):
    ledger, folders = stages
    with new_ledger(tmp_path / "other", "demo.other.example/1") as other:
        other.publish_checkpoint()
        with pytest.raises(Disagrees, match="checkpoint"):
            Publisher(other, folders[1]).publish()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(Disagrees, match="thesis"):
        Publisher(ledger, tmp_path / "mine").publish()


def test_a_folder_that_is_ahead_of_the_log_is_refused(stages, tmp_path, monkeypatch):
    ledger, folders = stages
    monkeypatch.setattr(ledger, "checkpoint", (folders[1] / "checkpoint").read_bytes)

    with pytest.raises(Disagrees, match="530 entries, this log has published 250"):
        Publisher(ledger, folders[-1]).publish()


def test_a_service_keeps_the_folder_up_and_says_a_disagreement_once(stages, tmp_path, caplog):
    ledger, _ = stages
    folder = tmp_path / "static"
    publisher = Publisher(ledger, folder)
    publisher.keep_up(last=True)
    assert checkpoint.parse((folder / "checkpoint").read_bytes())[0].size == ledger.size

    (folder / "thesis.txt").write_text("years of work")
    again = Publisher(ledger, folder)
    again.keep_up(last=True)
    again.keep_up(last=True)

    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "thesis.txt" in caplog.text


def test_a_disk_that_hangs_or_fails_keeps_nobody_waiting_and_is_tried_again(stages, tmp_path, monkeypatch, caplog):
    ledger, _ = stages
    publisher, hangs, tried = Publisher(ledger, tmp_path / "static"), threading.Event(), []
    publish = publisher.publish

    def hang() -> int:
        tried.append(None)
        if len(tried) == 1:
            hangs.wait(60)
            raise OSError("the disk is full")
        return publish()

    monkeypatch.setattr(publisher, "publish", hang)
    for _ in range(3):
        publisher.keep_up(last=False)  # returns at once, or the test would not end
    assert len(tried) == 1

    hangs.set()
    publisher.keep_up(last=True)

    assert len(tried) == 2
    assert "the disk is full" in caplog.text
    assert checkpoint.parse((tmp_path / "static" / "checkpoint").read_bytes())[0].size == ledger.size


def test_what_is_served_with_publish_stands_in_the_folder_too(tmp_path):
    with new_ledger(tmp_path / "log") as ledger:
        token, vkey = ledger.private.issue_token("admin"), ledger.vkey
    body = {"unit": "u1", "name": "处", "kind": "office", "parent": "220100"}

    with served(tmp_path, "--dir", tmp_path / "log", "--publish", tmp_path / "static") as service:
        assert service.ask("POST", "/api/v1/units", token, body)[0] == 201

    report = fsck(tmp_path / "static", note.parse_vkey(vkey))
    assert report.exit == 0
    assert report.size == 4


def test_the_files_are_readable_for_a_web_server_whatever_the_service_keeps_to_itself(stages, tmp_path):
    umask = os.umask(0o077)
    try:
        Publisher(stages[0], tmp_path / "static").publish()
    finally:
        os.umask(umask)

    for path in (tmp_path / "static").rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644)
