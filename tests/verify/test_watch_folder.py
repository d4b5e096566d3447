"""The watcher's own folder: whoever alters it is noticed, and what was altered is made anew from the log."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.watching import Folder, essence, log, other, told, watch, watched
from verify import note
from verify.__main__ import main
from verify.source import UsageError
from verify.watch.state import held

__all__ = ["log", "other"]


def _all_gone(cache: Path) -> None:
    shutil.rmtree(cache)


def _pages_altered(cache: Path) -> None:
    content = (cache / "pages-0").read_bytes()
    (cache / "pages-0").write_bytes(bytes(byte ^ 1 for byte in content))


def _pages_cut(cache: Path) -> None:
    with (cache / "pages-0").open("r+b") as file:
        file.truncate(100)


def _entries_altered(cache: Path) -> None:
    content = (cache / "entries.jsonl").read_bytes()
    (cache / "entries.jsonl").write_bytes(content.replace(b'"kind":"bureau"', b'"kind":"office"'))
    assert (cache / "entries.jsonl").read_bytes() != content


def _entries_cut(cache: Path) -> None:
    with (cache / "entries.jsonl").open("r+b") as file:
        file.truncate(1000)


def _edge_altered(cache: Path) -> None:
    for path in cache.iterdir():
        if len(path.name) == 64 and path.stat().st_size % 32 == 10:
            path.write_bytes(path.read_bytes()[:-1] + b"\0")
            return
    raise AssertionError("there is no edge")


HARM: dict[str, Callable[[Path], None]] = {
    "the cache is gone": _all_gone,
    "every page is altered": _pages_altered,
    "the pages are cut off": _pages_cut,
    "an entry of the copy is altered": _entries_altered,
    "the copy is cut off": _entries_cut,
    "the edge of the tree is altered": _edge_altered,
}


@pytest.mark.parametrize("name", HARM)
def test_an_altered_cache_is_noticed_and_made_anew(name: str, log: Folder, tmp_path: Path):
    watched(log, tmp_path / "w", 100)
    HARM[name](tmp_path / "w" / "cache-1")
    log.publish(120)

    answer = watch(tmp_path / "w", log.url, log.forge.key)

    assert (answer.whole, answer.size) == (True, 120)
    assert ("cache", None) in told(answer, "NOTED")
    assert told(answer, "BROKEN", "UNCHECKED") == []
    log.publish(140)
    assert not watch(tmp_path / "w", log.url, log.forge.key).whole


def test_altered_registries_and_documents_of_the_cache_are_fetched_or_folded_again(log: Folder, tmp_path: Path):
    watched(log, tmp_path / "w", 105)
    kept = [path for path in (tmp_path / "w" / "cache-1").iterdir() if len(path.name) == 64]
    documents = list((tmp_path / "w" / "cache-1" / "documents").iterdir())
    for path in documents:
        path.write_bytes(b"{}\n")
    for path in kept:
        if path.read_bytes()[:1] == b"[":
            path.write_bytes(path.read_bytes().replace(b"active", b"closed"))
    log.publish()

    answer = watch(tmp_path / "w", log.url, log.forge.key)

    assert documents
    assert (answer.whole, told(answer, "BROKEN", "UNCHECKED")) == (False, [])
    assert ("F02", 106) in told(answer, "HOLDS")


def test_a_cache_made_anew_still_has_to_continue_the_old_head(log: Folder, other: Folder, tmp_path: Path):
    kept = watched(log, tmp_path / "w", 150)
    shutil.rmtree(tmp_path / "w" / "cache-1")
    other.publish(160)

    answer = watch(tmp_path / "w", other.url, log.forge.key)

    assert told(answer, "BROKEN") == [("fork", None)]
    assert essence(tmp_path / "w") == kept


def test_a_state_that_is_no_state_is_refused_and_not_forgotten(log: Folder, tmp_path: Path, capsys):
    watched(log, tmp_path / "w", 100)
    path = tmp_path / "w" / "state.json"
    honest = path.read_bytes()
    vkey = log.files["log.vkey"].decode().strip()
    for content in (b"", b"{}", honest[:-5], honest.replace(b'"size"', b'"seize"'), b"[" * 5000):
        path.write_bytes(content)

        assert main(["watch", log.url, "--state", str(tmp_path / "w"), "--vkey", vkey]) == 64

        assert "state.json" in capsys.readouterr().err
        assert path.read_bytes() == content


def test_a_state_whose_hashes_were_altered_does_not_pass(log: Folder, tmp_path: Path):
    watched(log, tmp_path / "w", 100)
    path = tmp_path / "w" / "state.json"
    value = json.loads(path.read_text())
    path.write_text(json.dumps({**value, "map": "1" * 64 + value["map"][64:]}))
    log.publish(120)

    answer = watch(tmp_path / "w", log.url, log.forge.key)

    assert answer.whole
    assert told(answer, "BROKEN", "UNCHECKED") == []


def test_the_folder_of_another_log_and_of_another_watcher_is_refused(log: Folder, tmp_path: Path, capsys):
    watched(log, tmp_path / "w", 100)
    stranger = note.parse_vkey(note.format_vkey("other.example", b"k" * 32))
    with pytest.raises(UsageError, match="another log"):
        watch(tmp_path / "w", log.url, stranger)
    vkey = log.files["log.vkey"].decode().strip()
    with held(tmp_path / "w"):
        assert main(["watch", log.url, "--state", str(tmp_path / "w"), "--vkey", vkey]) == 64
    assert "Another watcher" in capsys.readouterr().err


def test_wrong_words_are_refused_before_anything_is_fetched(log: Folder, tmp_path: Path, capsys):
    vkey = log.files["log.vkey"].decode().strip()
    state = ["--state", str(tmp_path / "w")]
    for words in (
        [log.url, *state],
        [log.url, "--vkey", vkey],
        ["file:///etc", *state, "--vkey", vkey],
        [log.url, *state, "--vkey", "nobody"],
        [log.url, *state, "--vkey", vkey, "--policy", str(tmp_path / "none")],
        [log.url, *state, "--vkey", vkey, "--every", "often"],
    ):
        assert main(["watch", *words]) == 64, words
    capsys.readouterr()
    assert log.asked == []
