"""One log, one answer: however many processes read it in however many segments, every fault is named where it stands."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.forge import Forge, spell, write
from verify import segments
from verify.__main__ import main
from verify.checks import chain
from verify.findings import Finding
from verify.history import History
from verify.progress import Progress

LENGTH = 8
ALL_AT_ONCE = 1 << 14
Json = dict[str, Any]
Edit = Callable[[list[bytes], int], None]


@pytest.fixture(autouse=True)
def processes_for_small_logs_too(monkeypatch):
    monkeypatch.setattr(chain, "ALONE", 0)


@pytest.fixture(scope="module")
def honest(story) -> list[bytes]:
    """The lines of an honest log that ends within a segment."""
    lines: list[bytes] = (story.export / "entries.jsonl").read_bytes().splitlines(keepends=True)
    return lines[: 4 * LENGTH + 3]


def followed(path: Path, processes: int, length: int, monkeypatch) -> tuple[list[Finding], list[Any]]:
    """Return the findings of the chain, and what the history then holds."""
    monkeypatch.setattr(segments, "LENGTH", length)
    with path.open("rb") as file:
        history = History(file.fileno())
        findings = list(chain.follow(file.fileno(), history, Progress(None), True, processes))
        history.keep_heads(*range(len(history.leaves)))
        held = [list(history.leaves), list(history.entries), history.unread, history.heads]
        return findings, [*held, [(name, list(run)) for name, run in history.of("account")]]


def edited(line: bytes, **changes: Any) -> bytes:
    return spell({**json.loads(line), **changes}) + b"\n"


def flip(lines: list[bytes], at: int) -> None:
    lines[at] = lines[at].replace(b'"at":"2026', b'"at":"2027', 1)


def drop(lines: list[bytes], at: int) -> None:
    del lines[at]


def repeat(lines: list[bytes], at: int) -> None:
    lines.insert(at, lines[at - 1])


def wrong_link(lines: list[bytes], at: int) -> None:
    lines[at] = edited(lines[at], prev="f" * 64)


def wrong_index(lines: list[bytes], at: int) -> None:
    lines[at] = edited(lines[at], index=at + 7)


def wrong_version(lines: list[bytes], at: int) -> None:
    lines[at] = edited(lines[at], version=9)


def back_in_time(lines: list[bytes], at: int) -> None:
    lines[at] = edited(lines[at], at="2020-01-01T00:00:00.000+08:00")


def command_of_before(lines: list[bytes], at: int) -> None:
    before = json.loads(lines[at - 1])
    lines[at] = edited(lines[at], actor=before["actor"], command=before["command"])


def unknown_kind(lines: list[bytes], at: int) -> None:
    lines[at] = edited(lines[at], kind="draw.forgotten")


def no_entry(lines: list[bytes], at: int) -> None:
    lines[at] = b"{}\n"


def too_long(lines: list[bytes], at: int) -> None:
    lines[at] = b"x" * 70_000 + b"\n"


def phone(lines: list[bytes], at: int) -> None:
    lines[at] = edited(lines[at], kind="account.closed", data={"reason": "请致电 13800138000"})


BORDERS = [LENGTH - 1, LENGTH, LENGTH + 1, 2 * LENGTH - 1, 2 * LENGTH, 4 * LENGTH - 1, 4 * LENGTH, 4 * LENGTH + 1]
FAULTS: dict[str, tuple[Edit, str, str, int]] = {
    "a changed entry breaks the next link": (flip, "F01", "The chain is broken", 1),
    "an entry is taken out": (drop, "F01", "The chain is broken", 0),
    "an entry is repeated": (repeat, "F01", "expected", 0),
    "another link": (wrong_link, "F01", "The chain is broken", 0),
    "another index": (wrong_index, "F01", "has the index", 0),
    "another version": (wrong_version, "F01", "has version 9", 0),
    "back in time": (back_in_time, "F01", "clock runs backwards", 0),
    "a command twice": (command_of_before, "entries", "Two entries with one command", 0),
    "a kind that nobody knows": (unknown_kind, "entries", "Unknown kind", 0),
    "a line that is no entry": (no_entry, "entries", "is not an entry", 0),
    "a line without end": (too_long, "entries", "is longer than", 0),
}


@pytest.mark.parametrize("at", BORDERS)
@pytest.mark.parametrize(("edit", "check", "words", "after"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_at_a_border_is_named_where_it_stands(
    edit: Edit, check: str, words: str, after: int, at: int, honest, tmp_path, monkeypatch
):
    lines = list(honest)
    edit(lines, at)
    assert lines != honest
    path = tmp_path / "entries.jsonl"
    path.write_bytes(b"".join(lines))

    whole = followed(path, 1, ALL_AT_ONCE, monkeypatch)
    in_segments = followed(path, 1, LENGTH, monkeypatch)

    assert any(
        (each.check, each.index) == (check, at + after) and words.lower() in each.en.lower() for each in in_segments[0]
    ), in_segments[0]
    assert in_segments == whole


def test_an_honest_log_is_read_alike_by_any_number_of_processes(honest, tmp_path, monkeypatch):
    path = tmp_path / "entries.jsonl"
    path.write_bytes(b"".join(honest))

    whole = followed(path, 1, ALL_AT_ONCE, monkeypatch)

    assert whole[0] == []
    assert all(followed(path, processes, LENGTH, monkeypatch) == whole for processes in (1, 2, 3))


@pytest.mark.parametrize("seed", range(40))
def test_a_mutated_log_is_read_alike_by_any_number_of_processes(seed: int, honest, tmp_path, monkeypatch):
    chance = random.Random(seed)
    lines = list(honest)
    for _ in range(chance.randint(1, 6)):
        edit = chance.choice([*(each[0] for each in FAULTS.values()), phone])
        at = chance.randrange(1, len(lines))
        if lines[at - 1].startswith(b'{"prev"') and lines[at].startswith(b'{"prev"'):
            edit(lines, at)
    assert lines != honest
    content = b"".join(lines)
    path = tmp_path / "entries.jsonl"
    path.write_bytes(content[: len(content) - chance.choice([0, 1, 50])])

    whole = followed(path, 1, ALL_AT_ONCE, monkeypatch)

    assert whole[0]
    assert all(followed(path, processes, LENGTH, monkeypatch) == whole for processes in (1, 2, 3))


@pytest.mark.parametrize("processes", [1, 2, 3])
@pytest.mark.parametrize("told", [3, 100])
def test_a_flood_of_faults_is_counted_alike(processes: int, told: int, honest, tmp_path, monkeypatch):
    for place in ("verify.checks.Cap.__init__.__defaults__", "verify.checks.chain.TOLD"):
        monkeypatch.setattr(place, (told,) if "defaults" in place else told)
    lines = [
        edited(line, command="c-1", index=n // 2, kind="draw.none") if n else line for n, line in enumerate(honest)
    ]
    lines[5::3] = [b"{}\n"] * len(lines[5::3])
    path = tmp_path / "entries.jsonl"
    path.write_bytes(b"".join(lines))

    whole = followed(path, 1, ALL_AT_ONCE, monkeypatch)

    assert any("more faults" in each.en for each in whole[0]) == (told == 3)
    assert followed(path, processes, LENGTH, monkeypatch) == whole


@pytest.mark.parametrize("most", [1, 2, 8, 9, 12])
@pytest.mark.parametrize("processes", [1, 3])
def test_reading_ends_at_the_same_line_that_is_no_entry(most: int, processes: int, honest, tmp_path, monkeypatch):
    monkeypatch.setattr(chain, "MOST_UNREADABLE", most)
    lines = list(honest)
    lines[3::3] = [b"{}\n"] * len(lines[3::3])
    path = tmp_path / "entries.jsonl"
    path.write_bytes(b"".join(lines))

    whole = followed(path, 1, ALL_AT_ONCE, monkeypatch)

    stopped = [each.index for each in whole[0] if each.check == "tree"]
    assert stopped == ([3 + 3 * (most - 1) + 1] if most <= len(lines[3::3]) else [])
    assert followed(path, processes, LENGTH, monkeypatch) == whole


def told_by(export: Path, vkey: str, capsys, *more: str) -> Json:
    main([str(export), "--vkey", vkey, "--json", *more])
    told: Json = json.loads(capsys.readouterr().out)
    return told


def test_the_whole_answer_is_the_same_with_one_two_and_three_processes(story, tmp_path, capsys, monkeypatch):
    forge = Forge(story.export, story.key_pem)
    forge.first("unit.registered", 3)["data"]["name"] = "处长 13800138000"
    forge.first("inspection.completed")["data"]["methods"] = ["telepathy"]
    export = write(forge.rehash(), tmp_path / "forged")

    whole = told_by(export, story.vkey, capsys, "--processes", "1")
    monkeypatch.setattr(segments, "LENGTH", LENGTH)

    assert {"personal", "inspections", "tree"} <= {f["check"] for f in whole["findings"] if f["outcome"] == "BROKEN"}
    for processes in "123":
        assert told_by(export, story.vkey, capsys, "--processes", processes) == whole


def test_the_chain_alone_is_told_as_such(story, capsys, monkeypatch):
    monkeypatch.setattr(segments, "LENGTH", LENGTH)

    told = told_by(story.export, story.vkey, capsys, "--chain", "--processes", "2")

    assert told["exit"] == 2
    assert told["origin"].startswith("demo.")
    assert [f["check"] for f in told["findings"] if f["outcome"] == "UNCHECKED"] == ["scope"]
    holding = [f["check"] for f in told["findings"] if f["outcome"] == "HOLDS"]
    assert holding == ["chain", "whose", "checkpoint", "tree"]
    assert told["root"] == told_by(story.export, story.vkey, capsys)["root"]


@pytest.mark.parametrize("at", [0, 1, *BORDERS, -1])
def test_the_chain_alone_finds_a_changed_entry_wherever_it_stands(at: int, story, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(segments, "LENGTH", LENGTH)
    forge = Forge(story.export, story.key_pem)
    forge.entries[at]["command"] = "another"
    export = write(forge.raw(), tmp_path / "forged")

    told = told_by(export, story.vkey, capsys, "--chain", "--processes", "2")

    broken = [(f["check"], f["index"]) for f in told["findings"] if f["outcome"] == "BROKEN"]
    number = at % len(forge.entries)
    link = [("F01", number + 1)] if number + 1 < len(forge.entries) else []
    assert broken == [*link, ("tree", None)]


def test_a_bar_is_drawn_on_a_terminal_and_taken_away_again():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        bar = Progress(stream)
        assert list(bar.over("abcd", 4, "核对", "checking")) == list("abcd")
        bar.close()

    assert "核对 checking" in terminal.getvalue()
    assert " 75%" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")
    assert file.getvalue() == ""


@pytest.mark.parametrize("processes", ["1", "2"])
def test_the_chain_alone_says_nothing_of_a_line_it_did_not_read_whole(processes, story, tmp_path, capsys, monkeypatch):
    """Everything is linked and signed over the first 65,537 bytes of line 5, whatever follows them."""
    monkeypatch.setattr(segments, "LENGTH", LENGTH)
    forge = Forge(story.export, story.key_pem)
    forge.entries[5]["data"]["name"] += "x" * (65_537 - len(spell(forge.entries[5])))
    forge._link()
    files = forge.raw() | {"checkpoint": forge.sign(len(forge.entries))}
    lines = files["entries.jsonl"].split(b"\n")
    assert len(lines[5]) == 65_537
    lines[5] += b"A" * 7
    files["entries.jsonl"] = b"\n".join(lines)

    told = told_by(write(files, tmp_path / "forged"), story.vkey, capsys, "--chain", "--processes", processes)

    assert [(f["check"], f["index"]) for f in told["findings"] if f["outcome"] == "BROKEN"] == [("entries", 5)]
    assert not {"chain", "tree"} & {f["check"] for f in told["findings"] if f["outcome"] == "HOLDS"}


def test_the_chain_alone_wants_the_last_line_feed(story, tmp_path, capsys):
    files = Forge(story.export, story.key_pem).raw()
    files["entries.jsonl"] = files["entries.jsonl"][:-1]

    told = told_by(write(files, tmp_path / "forged"), story.vkey, capsys, "--chain")

    assert [f["check"] for f in told["findings"] if f["outcome"] == "BROKEN"] == ["entries"]
    assert "does not end with a line feed" in told["findings"][0]["reason"]


def test_a_file_that_changes_is_found_though_it_has_the_first_descriptor_of_all(story, tmp_path):
    copy = shutil.copytree(story.export, tmp_path / "copy")
    script = (
        "import os, sys; import verify.checks.rules as rules, verify.__main__ as program\n"
        "asked = rules.check_rules\n"
        "def meanwhile(*given):\n"
        "    with open(sys.argv[1] + '/entries.jsonl', 'ab') as file: print(os.fstat(0).st_ino, file.write(b'x'))\n"
        "    yield from asked(*given)\n"
        "rules.check_rules = meanwhile\n"
        "sys.exit(program.main([sys.argv[1]]))"
    )
    command = [sys.executable, "-c", script, str(copy)]

    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=lambda: os.close(0))

    assert f"{(copy / 'entries.jsonl').stat().st_ino} 1" in done.stdout  # it was descriptor 0, and it changed
    assert done.returncode == 70, done.stdout
