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
    else:
        entries.write_bytes(
            b"".join(lines[:-1] if "missing" in damage else [*lines[:-1], lines[-1].replace(b"a", b"b", 1)])
        )

    told = answer(capsys, str(story.export), "--vkey", story.vkey, "--since", str(older))

    assert not of(told, "BROKEN")
    assert [each["check"] for each in of(told, "UNCHECKED")] == ["since"]


def test_a_folder_without_a_checkpoint_is_wrong_usage(story, older: Path, capsys):
    shutil.move(older / "checkpoint", older / "elsewhere")

    assert main([str(story.export), "--since", str(older)]) == 64
    assert "checkpoint" in capsys.readouterr().err
