"""The verifier as a whole: its answers, its exit codes, alone in an empty folder, and one flipped byte anywhere."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.asking import answer, of
from tests.cheats import common, on_files
from tests.forge import Forge, write
from verify import entries, note
from verify.__main__ import main

ROOT = Path(__file__).resolve().parent.parent


def test_the_honest_export_holds(story, capsys):
    told = answer(capsys, str(story.export), "--vkey", story.vkey)

    assert (told["exit"], told["outcome"]) == (0, "HOLDS"), of(told, "BROKEN") + of(told, "UNCHECKED")
    assert {"F01", "tree", "documents", "actors", "F02", "registries", "F14", "F15", "F16"} <= {
        each["check"] for each in of(told, "HOLDS")
    }


def test_rewritten_history_is_found_by_an_older_checkpoint(forge: Forge, story, tmp_path, capsys):
    forge.resign()
    older = tmp_path / "older"
    older.write_bytes(forge.sign(30))
    forged = write(on_files.edited_and_resigned(forge), tmp_path / "forged")

    alone = answer(capsys, str(forged), "--vkey", story.vkey)
    compared = answer(capsys, str(forged), "--vkey", story.vkey, "--since", str(older))
    honest = answer(capsys, str(story.export), "--vkey", story.vkey, "--since", str(older))

    assert alone["exit"] == 0
    assert compared["exit"] == 1
    assert "rewritten or forked" in of(compared, "BROKEN")[0]["reason"]
    assert honest["exit"] == 0
    assert "since" in {each["check"] for each in of(honest, "HOLDS")}


def test_a_log_that_was_rolled_back_is_found_by_an_older_checkpoint(forge: Forge, story, tmp_path, capsys):
    newest = tmp_path / "newest"
    newest.write_bytes(forge.files["checkpoint"])
    common.first_draw(forge)

    told = answer(capsys, str(write(forge.resign(), tmp_path / "f")), "--vkey", story.vkey, "--since", str(newest))

    assert any("rolled back" in each["reason"] for each in of(told, "BROKEN"))


def test_a_demonstration_that_calls_itself_real_is_broken(forge: Forge, tmp_path, capsys):
    common.first_draw(forge)
    real = "fairdraw.example/220100"
    vkey = note.format_vkey(real, forge.key.public)
    forge.key = note.parse_vkey(vkey)
    forge.files["log.vkey"] = vkey.encode() + b"\n"
    created = forge.entries[0]
    created["data"] |= {"origin": real, "vkey": vkey}
    created["prev"] = entries.genesis(real)

    told = answer(capsys, str(write(forge.settle(), tmp_path / "real")), "--vkey", vkey)

    reasons = {each["check"]: each["reason"] for each in of(told, "BROKEN")}
    assert "stepped clock is for demonstrations only" in reasons.pop("log")
    assert "only the dice of a demonstration may be simulated" in reasons.pop("V2")
    assert not reasons


def test_without_a_key_from_outside_whose_log_it_is_stays_unchecked(story, capsys):
    told = answer(capsys, str(story.export))

    assert told["exit"] == 2
    assert [each["check"] for each in of(told, "UNCHECKED")] == ["whose"]


def test_a_log_that_only_grew_holds_against_its_older_checkpoint(story, tmp_path, capsys):
    (tmp_path / "older").write_bytes(story.older_checkpoint)

    told = answer(capsys, str(story.export), "--vkey", story.vkey, "--since", str(tmp_path / "older"))

    assert told["exit"] == 0
    assert [each["check"] for each in of(told, "HOLDS")].count("since") == 1


def test_an_empty_log_is_unchecked(forge: Forge, story, tmp_path, capsys):
    forge.entries.clear()
    forge.documents.clear()
    forge.leaves.clear()

    told = answer(
        capsys, str(write(forge._rebuilt() | {"checkpoint": forge.sign(0)}, tmp_path / "e")), "--vkey", story.vkey
    )

    assert told["exit"] == 2
    assert not of(told, "BROKEN")


def test_a_document_that_everybody_must_see_cannot_be_called_private(forge: Forge, story, tmp_path, capsys):
    common.first_round(forge)
    reference = forge.first("calendar.recorded")["data"]["document"]
    reference["public"] = False
    files = forge.resign()

    told = answer(capsys, str(write(files, tmp_path / "private")), "--vkey", story.vkey)

    assert any("data.document.public is not of the form true" in each["reason"] for each in of(told, "BROKEN"))


def test_one_flipped_byte_anywhere_is_found(story, tmp_path, capsys):
    copy = tmp_path / "copy"
    shutil.copytree(story.export, copy)
    files = sorted(path for path in copy.rglob("*") if path.is_file())
    ends: list[int] = []
    for path in files:
        ends.append((ends[-1] if ends else 0) + path.stat().st_size)
    chance = random.Random(2026)

    for _ in range(200):
        offset = chance.randrange(ends[-1])
        number = next(n for n, end in enumerate(ends) if offset < end)
        path, place = files[number], offset - (ends[number - 1] if number else 0)
        before = path.read_bytes()
        flipped = before[place] ^ chance.randrange(1, 256)
        path.write_bytes(before[:place] + bytes([flipped]) + before[place + 1 :])
        code = main([str(copy), "--vkey", story.vkey])
        output = capsys.readouterr()
        path.write_bytes(before)

        assert (code, output.err) == (1, ""), f"{path.name}, byte {place}: {output.err}"


def alone(folder: Path, *arguments: str, libraries: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the verifier copied alone into an empty folder, without the libraries of this environment."""
    if not folder.exists():
        shutil.copytree(ROOT / "verify", folder / "verify", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "verify"] if libraries else [sys.executable, "-S", "-m", "verify"]
    return subprocess.run(
        [*command, *arguments], cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False
    )


def test_the_verifier_copied_alone_answers_and_names_what_it_cannot_check(story, tmp_path):
    bare = alone(tmp_path / "bare", str(story.export), "--vkey", story.vkey, "--json")

    told = json.loads(bare.stdout)
    assert (bare.returncode, bare.stderr) == (2, "")
    assert {each["check"] for each in of(told, "UNCHECKED")} == {"checkpoint", "F06"}
    assert not of(told, "BROKEN")


def test_a_copy_of_the_verifier_has_the_digest_that_the_draws_named(story, tmp_path):
    copied = alone(tmp_path / "copy", str(story.export), "--vkey", story.vkey, "--json", libraries=True)

    told = json.loads(copied.stdout)
    assert copied.returncode == 0
    assert "V13" not in {each["check"] for each in told["findings"]}


def test_people_read_chinese_first_and_a_verdict_last(story, capsys):
    code = main([str(story.export), "--vkey", story.vkey])

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert lines[0].startswith("日志 Log: demo.")
    assert lines[-1] == "结论：全部成立。 Verdict: All holds."
    assert [line.split()[-2] for line in lines if not line.startswith(" ") and line.endswith(")")] == ["NOTED", "HOLDS"]


def test_the_key_may_stand_in_a_file(story, tmp_path, capsys):
    (tmp_path / "key").write_text(story.vkey + "\n", encoding="utf-8")

    assert answer(capsys, str(story.export), "--vkey", str(tmp_path / "key"))["exit"] == 0


WRONG_CALLS = {
    "no target": [],
    "no such folder": ["{}/nowhere"],
    "a folder without a log": ["{}/empty"],
    "an unknown option": ["{}/empty", "--fast"],
    "an option without its value": ["{}/empty", "--vkey"],
    "two targets": ["{}/empty", "{}/empty"],
    "a key that is none": ["{export}", "--vkey", "nonsense"],
    "an older checkpoint that is not there": ["{export}", "--since", "{}/nowhere"],
    "an older checkpoint that is none": ["{export}", "--since", "{}/text"],
}


@pytest.mark.parametrize("call", WRONG_CALLS.values(), ids=WRONG_CALLS.keys())
def test_wrong_usage_is_64_and_says_what_to_change(call, story, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("not a checkpoint")

    code = main([word.format(tmp_path, export=story.export) for word in call])

    output = capsys.readouterr()
    assert (code, output.out) == (64, "")
    assert "Usage:" in output.err


def test_a_fault_of_the_verifier_itself_is_70_on_one_line(story, monkeypatch, capsys):
    monkeypatch.setattr("verify.checks.rules.verifier_digest", lambda: 1 // 0)

    code = main([str(story.export), "--vkey", story.vkey])

    output = capsys.readouterr()
    assert (code, output.out) == (70, "")
    assert output.err.count("\n") == 1
    assert "ZeroDivisionError" in output.err
