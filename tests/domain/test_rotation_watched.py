"""A watcher follows a log from one key to the next, whichever of them it was given, and no key that the log did not lead to."""

from __future__ import annotations

import re
import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.domain.test_rotation import Rotated, rotated
from tests.watching import at_port
from verify import checkpoint, note
from verify.findings import Outcome
from verify.note import VerifierKey
from verify.source import UsageError
from verify.watch.fetching import Site
from verify.watch.round import Answer, Watcher

__all__ = ["rotated"]


@pytest.mark.parametrize("given", ["old", "new"])
def test_a_watcher_follows_a_handover_it_has_seen_coming(rotated: Rotated, tmp_path: Path, given: str) -> None:
    served, key = tmp_path / "served", note.parse_vkey(getattr(rotated, given))
    stages = ("before", "both", "after") if given == "old" else ("both", "after")
    rounds = []
    with at_port(partial(SimpleHTTPRequestHandler, directory=str(served))) as server:
        site = Site(f"http://127.0.0.1:{server.server_port}", patience=5)
        for stage in stages:
            shutil.copytree(rotated.folder / stage, served, dirs_exist_ok=True)
            rounds.append(Watcher(tmp_path / "state", site, key).round(False))

    assert [[str(each) for each in answer.findings if each.outcome is Outcome.BROKEN] for answer in rounds] == [
        [] for _ in stages
    ]
    assert rounds[-1].size == checkpoint.parse((rotated.folder / "after" / "checkpoint").read_bytes())[0].size
    assert not rounds[-1].whole
    said = [each.check for answer in rounds for each in answer.findings if each.outcome is Outcome.HOLDS]
    assert "keys" in said


def served_in_turn(rotated: Rotated, tmp_path: Path, key: VerifierKey, heads: list[tuple[str, bytes]]) -> list[Answer]:
    """Return what a watcher with a key says of exports that are served one after the other, each with a head of its own."""
    served, rounds = tmp_path / "served", []
    with at_port(partial(SimpleHTTPRequestHandler, directory=str(served))) as server:
        site = Site(f"http://127.0.0.1:{server.server_port}", patience=5)
        for stage, head in heads:
            shutil.copytree(rotated.folder / stage, served, dirs_exist_ok=True)
            (served / "checkpoint").write_bytes(head)
            rounds.append(Watcher(tmp_path / "state", site, key).round(False))
    return rounds


def head_of(rotated: Rotated, stage: str) -> bytes:
    return (rotated.folder / stage / "checkpoint").read_bytes()


def signed_only_by(rotated: Rotated, stage: str, name: str) -> bytes:
    """Return the head of a stage, signed by one of the keys of the log and by no other."""
    text = note.split(head_of(rotated, stage))[0]
    key = note.parse_vkey(getattr(rotated, name))
    private = next(each for each in private_keys(rotated) if each.public_key().public_bytes_raw() == key.public)
    return text + b"\n" + note.format_signature(key.name, key.key_id, private.sign(text))


def private_keys(rotated: Rotated) -> list[Ed25519PrivateKey]:
    found = [
        load_pem_private_key(path.read_bytes(), None) for path in (rotated.folder / "log" / "signer").glob("*.pem")
    ]
    return [each for each in found if isinstance(each, Ed25519PrivateKey)]


def broken_in(answer: Answer) -> list[str]:
    return [each.check for each in answer.findings if each.outcome is Outcome.BROKEN]


@pytest.mark.parametrize("stages", [("before", "both", "after"), ("before", "after"), ("both", "both", "after")])
def test_a_watcher_begun_with_the_old_key_goes_on_with_the_new_one(
    rotated: Rotated, tmp_path: Path, stages: tuple[str, ...]
) -> None:
    """Whether the handover came in an earlier round, in this one, or is under way."""
    first, *later = stages
    rounds = served_in_turn(rotated, tmp_path, note.parse_vkey(rotated.old), [(first, head_of(rotated, first))])
    for stage in later:
        rounds += served_in_turn(rotated, tmp_path, note.parse_vkey(rotated.new), [(stage, head_of(rotated, stage))])

    assert [broken_in(each) for each in rounds] == [[] for _ in stages]
    assert rounds[-1].size == checkpoint.parse(head_of(rotated, "after"))[0].size
    for answer_ in rounds[1:]:
        assert "whose" in {each.check for each in answer_.findings if each.outcome is Outcome.HOLDS}


@pytest.mark.parametrize("stage", ["before", "both", "after"])
def test_a_watcher_refuses_a_key_that_its_first_one_does_not_lead_to(
    rotated: Rotated, tmp_path: Path, stage: str
) -> None:
    public = Ed25519PrivateKey.from_private_bytes(b"s" * 32).public_key().public_bytes_raw()
    stranger = note.parse_vkey(note.format_vkey(note.parse_vkey(rotated.old).name, public))
    given = note.parse_vkey(rotated.new) if stage == "before" else stranger
    served_in_turn(rotated, tmp_path, note.parse_vkey(rotated.old), [("before", head_of(rotated, "before"))])
    before = (tmp_path / "state" / "state.json").read_bytes()

    with pytest.raises(UsageError) as refused:
        served_in_turn(rotated, tmp_path, given, [(stage, head_of(rotated, stage))])

    for words in (refused.value.zh, refused.value.en):
        assert {note.parse_vkey(rotated.old).key_id.hex(), given.key_id.hex()} <= set(re.findall("[0-9a-f]{8}", words))
    assert (tmp_path / "state" / "state.json").read_bytes() == before


def test_a_watcher_that_reaches_nobody_leaves_the_key_open(rotated: Rotated, tmp_path: Path) -> None:
    served_in_turn(rotated, tmp_path, note.parse_vkey(rotated.old), [("before", head_of(rotated, "before"))])

    told = Watcher(tmp_path / "state", Site("http://127.0.0.1:9", patience=5), note.parse_vkey(rotated.new)).round()

    open_ = [each.check for each in told.findings if each.outcome is Outcome.UNCHECKED]
    assert open_ == ["unreachable", "whose"]


@pytest.mark.parametrize("seen", [["before", "after"], ["after"]], ids=["saw the beginning", "saw nothing"])
def test_a_watcher_that_missed_a_handover_follows_it(rotated: Rotated, tmp_path: Path, seen: list[str]) -> None:
    heads = [(stage, head_of(rotated, stage)) for stage in seen]

    rounds = served_in_turn(rotated, tmp_path, note.parse_vkey(rotated.old), heads)

    assert [broken_in(each) for each in rounds] == [[] for _ in seen]
    assert rounds[-1].size == checkpoint.parse(head_of(rotated, "after"))[0].size


@pytest.mark.parametrize(
    ("stages", "by"),
    [
        (["both", "after"], "old"),
        (["before", "after"], "old"),
        (["after"], "old"),
        (["before", "both"], "new"),
        (["both"], "new"),
    ],
    ids=["retired, seen", "retired, missed", "retired, at first", "not over, seen", "not over, at first"],
)
def test_a_head_without_the_line_of_the_key_due_is_not_taken(
    rotated: Rotated, tmp_path: Path, stages: list[str], by: str
) -> None:
    """A retired key signs for nobody, and a new one not alone before the old one was retired."""
    *before, last = stages
    heads = [(stage, head_of(rotated, stage)) for stage in before]
    heads += [(last, signed_only_by(rotated, last, by)), (last, head_of(rotated, last))]

    rounds = served_in_turn(rotated, tmp_path, note.parse_vkey(rotated.old), heads)

    *honest, false, after = rounds
    assert [broken_in(each) for each in honest] == [[] for _ in honest]
    assert broken_in(false) == ["checkpoint"]
    assert false.size == (honest[-1].size if honest else 0)
    assert broken_in(after) == []
    assert after.size == checkpoint.parse(head_of(rotated, last))[0].size


def test_what_a_stranger_serves_under_the_name_of_a_log_is_nothing_that_the_log_said(
    rotated: Rotated, tmp_path: Path
) -> None:
    """He signs a root of his own with a key of his own: no fork, no evidence, and nothing is taken."""
    key, stranger = note.parse_vkey(rotated.old), Ed25519PrivateKey.from_private_bytes(b"s" * 32)
    head = checkpoint.parse(head_of(rotated, "both"))[0]
    text = checkpoint.Checkpoint(head.origin, head.size, bytes(32)).text()
    public = stranger.public_key().public_bytes_raw()
    foreign = note.format_signature(head.origin, note.key_id(head.origin, note.ED25519, public), stranger.sign(text))
    heads = [("before", head_of(rotated, "before")), ("both", text + b"\n" + foreign)]

    rounds = served_in_turn(rotated, tmp_path, key, heads)

    assert [broken_in(each) for each in rounds] == [[], []]
    assert [each.check for each in rounds[1].findings if each.outcome is Outcome.UNCHECKED] == ["garbage"]
    assert rounds[1].size == rounds[0].size
    assert not (tmp_path / "state" / "evidence").exists()
