"""An older copy of the log as `--since`: it names the first entry that is another now, and counts only where it was signed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.asking import answer, of
from tests.cheats import common
from tests.forge import Forge, write
from verify.__main__ import main


@pytest.fixture
def forge(story) -> Forge:
    return Forge(story.export, story.key_pem)


@pytest.fixture
def older(story, tmp_path: Path) -> Path:
    """The log as it was when its first draw was signed off."""
    kept = Forge(story.export, story.key_pem)
    common.first_draw(kept)
    return write(kept.resign(), tmp_path / "older")


def test_a_log_that_only_grew_holds_against_a_whole_older_export(story, older: Path, capsys):
    told = answer(capsys, str(story.export), "--vkey", story.vkey, "--since", str(older))

    assert told["exit"] == 0
    assert [each["check"] for each in of(told, "HOLDS")].count("since") == 1


def test_the_first_entry_that_is_another_is_named(forge: Forge, story, older: Path, tmp_path, capsys):
    common.first_draw(forge)
    edited = forge.first("plan.drafted")
    edited["data"]["title"] = "另一份计划"
    forged = write(forge.settle(), tmp_path / "forged")

    told = answer(capsys, str(forged), "--vkey", story.vkey, "--since", str(older))

    assert [each["index"] for each in of(told, "BROKEN")] == [None, forge.at(edited)]
    assert "rewritten or forked" in of(told, "BROKEN")[0]["reason"]


def test_of_a_log_that_was_cut_the_first_entry_that_is_gone_is_named(
    forge: Forge, story, older: Path, tmp_path, capsys
):
    common.first_draw(forge)
    del forge.entries[-2:]
    forged = write(forge.resign(), tmp_path / "forged")

    told = answer(capsys, str(forged), "--vkey", story.vkey, "--since", str(older))

    assert [each["index"] for each in of(told, "BROKEN") if each["check"] == "since"] == [None, len(forge.entries)]


@pytest.mark.parametrize("damage", ["a line is edited", "lines are missing", "no entries"])
def test_a_copy_that_is_not_what_was_signed_proves_nothing(damage: str, story, older: Path, capsys):
    entries = older / "entries.jsonl"
    lines = entries.read_bytes().splitlines(keepends=True)
    if damage == "no entries":
        entries.unlink()
        (older / "tile/0/000.p").rename(older / "elsewhere")
    else:
        entries.write_bytes(
            b"".join(lines[:-1] if "missing" in damage else [*lines[:-1], lines[-1].replace(b"a", b"b", 1)])
        )

    told = answer(capsys, str(story.export), "--vkey", story.vkey, "--since", str(older))

    assert not of(told, "BROKEN")
    assert [each["check"] for each in of(told, "UNCHECKED")] == ["since"]


def test_the_tiles_of_a_mirror_name_the_entry_too(forge: Forge, story, older: Path, tmp_path, capsys):
    """Who keeps the checkpoint and `tile/0` of a served log has 32 bytes of every entry, and none of its content."""
    (older / "entries.jsonl").unlink()
    common.first_draw(forge)
    edited = forge.first("plan.drafted")
    edited["data"]["title"] = "另一份计划"
    forged = write(forge.settle(), tmp_path / "forged")

    told = answer(capsys, str(forged), "--vkey", story.vkey, "--since", str(older))

    assert [each["index"] for each in of(told, "BROKEN")] == [None, forge.at(edited)]


def test_what_is_kept_is_a_mirror_s_and_grows_with_the_log(forge: Forge, story, older: Path, tmp_path, capsys):
    kept = tmp_path / "kept" / "here"

    for log in (older, story.export, story.export):
        told = answer(capsys, str(log), "--vkey", story.vkey, "--keep", str(kept))
        assert told["exit"] == 0
        assert (kept / "checkpoint").read_bytes() == (log / "checkpoint").read_bytes()

    files = {path.relative_to(kept) for path in kept.rglob("*") if path.is_file()}
    assert len(files) == 3  # the checkpoint, and one tile of each size
    for name in files - {Path("checkpoint")}:
        assert any(
            (kept / name).read_bytes() == (log / name).read_bytes()
            for log in (older, story.export)
            if (log / name).exists()
        )


def test_what_is_kept_stays_where_the_log_was_rewritten(forge: Forge, story, tmp_path, capsys):
    kept = tmp_path / "kept"
    answer(capsys, str(story.export), "--vkey", story.vkey, "--keep", str(kept))
    before = {path: path.read_bytes() for path in kept.rglob("*") if path.is_file()}
    common.first_draw(forge)
    edited = forge.first("plan.drafted")
    edited["data"]["title"] = "另一份计划"
    forged = write(forge.settle(), tmp_path / "forged")

    told = answer(capsys, str(forged), "--vkey", story.vkey, "--keep", str(kept))

    assert forge.at(edited) in [each["index"] for each in of(told, "BROKEN")]
    assert "as evidence" in next(each for each in of(told, "NOTED") if each["check"] == "since")["reason"]
    assert {path: path.read_bytes() for path in kept.rglob("*") if path.is_file()} == before


def test_what_cannot_be_compared_is_not_written_over(story, older: Path, tmp_path, capsys):
    kept = tmp_path / "kept"
    answer(capsys, str(older), "--vkey", story.vkey, "--keep", str(kept))
    tile = next(path for path in kept.rglob("*") if path.is_file() and path.name != "checkpoint")
    tile.write_bytes(tile.read_bytes()[:-32] + bytes(32))
    head = (kept / "checkpoint").read_bytes()

    told = answer(capsys, str(story.export), "--vkey", story.vkey, "--keep", str(kept))

    assert [each["check"] for each in of(told, "UNCHECKED")] == ["since"]
    assert (kept / "checkpoint").read_bytes() == head


def test_where_nothing_can_be_kept_it_is_said(story, tmp_path, capsys):
    (tmp_path / "file").write_text("")

    told = answer(capsys, str(story.export), "--vkey", story.vkey, "--keep", str(tmp_path / "file"))

    assert [each["check"] for each in of(told, "UNCHECKED")] == ["since"]
    assert "could be kept" in of(told, "UNCHECKED")[0]["reason"]


def test_two_older_heads_are_wrong_usage(story, older: Path, tmp_path, capsys):
    kept = tmp_path / "kept"
    answer(capsys, str(older), "--vkey", story.vkey, "--keep", str(kept))

    assert main([str(story.export), "--since", str(older), "--keep", str(kept)]) == 64
    assert "--since" in capsys.readouterr().err


def test_a_folder_without_a_checkpoint_is_wrong_usage(story, older: Path, capsys):
    shutil.move(older / "checkpoint", older / "elsewhere")

    assert main([str(story.export), "--since", str(older)]) == 64
    assert "checkpoint" in capsys.readouterr().err
