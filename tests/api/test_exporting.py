"""An export is whole or it is not there, and a stranger can verify it."""

import subprocess
import sys
from pathlib import Path

import pytest

from api import exporting
from api.exporting import NotAnExport, export
from verify import checkpoint

ROOT = Path(__file__).resolve().parents[2]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_export_is_verified_with_the_key_from_outside(finished, tmp_path):
    export(finished.ledger, tmp_path / "export")

    command = [sys.executable, "-m", "verify", str(tmp_path / "export"), "--vkey", finished.ledger.vkey]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_export_holds_nothing_but_the_published_log(finished, tmp_path):
    export(finished.ledger, tmp_path / "export")

    files = contents(tmp_path / "export")
    head = checkpoint.parse(files["checkpoint"])[0]
    public = {f"documents/{info['sha256']}" for info in finished.ledger.store.documents() if info["public"]}
    assert head.size == finished.ledger.size == files["entries.jsonl"].count(b"\n")
    assert files["log.vkey"].decode() == f"{finished.ledger.vkey}\n"
    assert {name for name in files if name.startswith("documents/")} == public
    assert {name.partition("/")[0] for name in files} == exporting.NAMES
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


def test_an_export_made_again_replaces_the_older_one(doors, tmp_path):
    export(doors.ledger, tmp_path / "export")
    doors.post("/units", {"unit": "u1", "name": "处", "kind": "office", "parent": "220100"})

    export(doors.ledger, tmp_path / "export")

    assert checkpoint.parse((tmp_path / "export" / "checkpoint").read_bytes())[0].size == 4


def test_a_crash_while_writing_leaves_the_older_export_whole(doors, tmp_path, monkeypatch):
    export(doors.ledger, tmp_path / "export")
    before = contents(tmp_path / "export")
    doors.post("/units", {"unit": "u1", "name": "处", "kind": "office", "parent": "220100"})

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(exporting, "_put", crash)
        with pytest.raises(KeyboardInterrupt):
            export(doors.ledger, tmp_path / "export")

    assert contents(tmp_path / "export") == before
    export(doors.ledger, tmp_path / "export")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export", "log"]


def test_a_crash_between_the_two_renames_leaves_no_half_export(doors, tmp_path, monkeypatch):
    export(doors.ledger, tmp_path / "export")
    rename = Path.rename

    def crash(self: Path, target: Path) -> Path:
        if self.name.endswith(".new"):
            raise KeyboardInterrupt
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", crash)
        with pytest.raises(KeyboardInterrupt):
            export(doors.ledger, tmp_path / "export")

    assert not (tmp_path / "export").exists()
    export(doors.ledger, tmp_path / "export")
    assert (tmp_path / "export" / "checkpoint").is_file()


def test_a_folder_that_holds_something_else_is_never_replaced(doors, tmp_path):
    foreign = tmp_path / "documents-of-mine"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("years of work")
    lookalike = tmp_path / "lookalike"
    (lookalike / "documents").mkdir(parents=True)
    (tmp_path / "file").write_text("x")

    for target in (foreign, lookalike, tmp_path / "file"):
        with pytest.raises(NotAnExport):
            export(doors.ledger, target)

    assert (foreign / "thesis.txt").read_text() == "years of work"


def test_an_empty_folder_and_one_that_is_not_there_yet_are_filled(doors, tmp_path):
    (tmp_path / "empty").mkdir()

    export(doors.ledger, tmp_path / "empty")
    export(doors.ledger, tmp_path / "a" / "b")

    assert contents(tmp_path / "empty") == contents(tmp_path / "a" / "b")
