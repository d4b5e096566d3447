"""Hostile exports: files made to cost a verifier its memory or its patience are named, and cost it nothing.

Each is verified in a process that may not use more than 600 MB, on sparse files of gigabytes and floods of lines.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.forge import Forge, write
from verify import documents

ROOT = Path(__file__).resolve().parent.parent
MEMORY = 600_000_000
SECONDS = 30
HUGE = 5_000_000_000
Deed = Callable[[Path], None]


def sparse(name: str) -> Deed:
    """Make the first file of this pattern seem to have five gigabytes."""

    def deed(export: Path) -> None:
        path = next(each for each in sorted(export.glob(name)) if each.is_file())
        with path.open("r+b") as file:
            file.truncate(HUGE)

    return deed


def flood(line: bytes, count: int) -> Deed:
    def deed(export: Path) -> None:
        with (export / "entries.jsonl").open("ab") as file:
            file.write(line * count)

    return deed


def long_line_first(export: Path) -> None:
    path = export / "entries.jsonl"
    path.write_bytes(b"x" * 3_000_000 + b"\n" + path.read_bytes())


def stray_folder(export: Path) -> None:
    (export / "documents" / "drafts" / "old").mkdir(parents=True)


def stray_files(export: Path) -> None:
    (export / "more").mkdir()
    for n in range(300):
        (export / "more" / str(n)).touch()


def abyss(export: Path) -> None:
    """Nest folders deeper than a recursion goes."""
    here = os.open(export, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("a", dir_fd=here)
        below = os.open("a", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


def pipe_for_a_key(export: Path) -> None:
    (export / "log.vkey").unlink()
    os.mkfifo(export / "log.vkey")


DEEDS: dict[str, tuple[Deed, str, str]] = {
    "an endless checkpoint": (sparse("checkpoint"), "checkpoint", "longer than 65536 bytes"),
    "an endless key": (sparse("log.vkey"), "whose", "too long"),
    "a pipe for a key": (pipe_for_a_key, "whose", "missing"),
    "an endless tile": (sparse("tile/0/**/*"), "tree", "differs from entries.jsonl"),
    "an endless bundle": (sparse("tile/entries/**/*"), "tree", "differs from entries.jsonl"),
    "an endless document": (sparse("documents/*"), "documents", f"has {HUGE} bytes"),
    "endless entries": (sparse("entries.jsonl"), "entries", "longer than the 65535 bytes of an entry"),
    "a line of megabytes": (long_line_first, "entries", "line 0 is longer than the 65535 bytes"),
    "two million empty lines": (flood(b"\n", 2_000_000), "tree", "10000 lines are no entries"),
    "lines that are nearly entries": (flood(b'{"prev":"' + b"0" * 300 + b"\n", 30_000), "entries", "more faults"),
    "folders with nothing in them": (stray_folder, "folder", "documents/drafts/old/"),
    "files without number": (stray_files, "folder", "200 more faults of this kind"),
}


def verified(export: Path, vkey: str) -> tuple[int, list[dict[str, str]]]:
    """Return the exit code and the findings of a verifier that has little memory and little time."""
    done = subprocess.run(
        [sys.executable, "-m", "verify", str(export), "--vkey", vkey, "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
    assert not done.stderr
    return done.returncode, json.loads(done.stdout)["findings"]


@pytest.mark.parametrize(("deed", "check", "words"), DEEDS.values(), ids=DEEDS.keys())
def test_a_hostile_file_is_named_and_costs_little(deed: Deed, check: str, words: str, story, tmp_path):
    export = tmp_path / "export"
    shutil.copytree(story.export, export)
    deed(export)

    code, findings = verified(export, story.vkey)

    told = [each for each in findings if each["outcome"] == "BROKEN"]
    assert code == 1
    assert any(each["check"] == check and words in each["reason"].lower() for each in told), told[:5]
    assert len(told) < 1000


def test_an_abyss_of_folders_is_named(story, tmp_path):
    export = tmp_path / "export"
    shutil.copytree(story.export, export)
    abyss(export)
    try:
        code, findings = verified(export, story.vkey)
    finally:  # what tidies up after the tests would fall into it
        subprocess.run(["rm", "-rf", str(export / "a")], check=True)

    assert code == 1
    assert any(each["check"] == "folder" and "a/a/a/a/" in each["reason"] for each in findings)


def test_a_line_that_is_too_long_is_told_once_and_the_next_one_is_read(story, tmp_path):
    export = tmp_path / "export"
    shutil.copytree(story.export, export)
    with (export / "entries.jsonl").open("ab") as file:
        file.write(b"x" * 3_000_000 + b"\n" + b"{}\n")

    _, findings = verified(export, story.vkey)

    told = [each["reason"] for each in findings if each["check"] == "entries"]
    assert [("is longer than" in reason, "is not an entry" in reason) for reason in told] == [
        (True, False),
        (False, True),
    ]


def test_a_document_that_is_said_to_be_endless_stays_unchecked(story, tmp_path):
    """Its length is as stated, so nothing is broken yet; but nobody reads five gigabytes to find out."""
    forge = Forge(story.export, story.key_pem)
    batch = forge.first("registry.imported")
    name = batch["data"]["document"]["sha256"]
    batch["data"]["document"] = documents.reference(forge.documents[name]) | {"bytes": HUGE}
    export = write(forge.resign(), tmp_path / "export")
    sparse(f"documents/{name}")(export)

    _, findings = verified(export, story.vkey)

    assert any(
        each["check"] == "documents" and each["outcome"] == "UNCHECKED" and "too long" in each["reason"]
        for each in findings
    )
