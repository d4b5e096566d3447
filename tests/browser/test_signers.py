"""Whose signature counts: of a policy, of an older checkpoint, of a cosigner; no line that merely looks right does."""

from __future__ import annotations

import base64
import copy
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.asking import answer
from tests.browser.in_the_hand import ask, outcomes
from tests.cheats import common, on_cosigners, on_keys
from tests.forge import Forge, write
from tests.vectors import trusted
from verify import note
from verify.checkpoint import Checkpoint
from verify.tree import root


@pytest.fixture
def forge(story) -> Forge:
    return Forge(story.export, story.key_pem)


def line(vkey: str, signature: bytes) -> bytes:
    """Return a signature line under the id of a key, whatever it says."""
    key = note.parse_vkey(vkey)
    return f"\N{EM DASH} {key.name} ".encode() + base64.b64encode(key.key_id + signature) + b"\n"


def policy(tmp_path: Path, *logs: str) -> str:
    path = tmp_path / "policy"
    path.write_text("".join(f"log {each}\n" for each in logs) + "quorum none\n")
    return str(path)


def asked_with(
    forge: Forge, files: dict[str, bytes], tmp_path: Path, vkey: str, *logs: str, ed25519: bool = True
) -> set[str]:
    told = ask(write(files, tmp_path / "log"), vkey, "--policy", policy(tmp_path, *logs), ed25519=ed25519)
    return outcomes(told, "policy")


def test_a_policy_of_this_log_holds(forge, story, tmp_path):
    assert asked_with(forge, forge.honest, tmp_path, story.vkey, story.vkey) == {"HOLDS"}


def test_a_policy_without_a_log_line_is_about_no_log(forge, story, tmp_path):
    assert asked_with(forge, forge.honest, tmp_path, story.vkey) == {"BROKEN"}


def test_a_garbage_line_under_the_key_of_a_policy_makes_it_no_policy_of_this_log(forge, story, tmp_path):
    other = on_keys.new_key(forge)
    files = forge.honest | {"checkpoint": forge.honest["checkpoint"] + line(other, bytes(64))}

    assert asked_with(forge, files, tmp_path, story.vkey, other) == {"BROKEN"}


def test_a_policy_of_another_key_is_broken_without_ed25519_too(forge, story, tmp_path):
    other = on_keys.new_key(forge)

    assert asked_with(forge, forge.honest, tmp_path, story.vkey, other, ed25519=False) == {"BROKEN"}


def test_a_policy_is_unchecked_without_ed25519(forge, story, tmp_path):
    assert asked_with(forge, forge.honest, tmp_path, story.vkey, story.vkey, ed25519=False) == {"UNCHECKED"}


@pytest.mark.parametrize("which", ["old", "new"])
def test_a_policy_may_name_the_key_given_or_the_one_it_was_handed_over_to(which, forge, story, tmp_path):
    files = on_keys.handed_over(forge)
    named = story.vkey if which == "old" else on_keys.new_key(forge)

    assert asked_with(forge, files, tmp_path, story.vkey, named) == {"HOLDS"}


def older(forge: Forge, tmp_path: Path, size: int, key: Ed25519PrivateKey) -> str:
    """Return the path of a checkpoint of the first entries, signed by a key."""
    path = tmp_path / "older"
    text = Checkpoint(forge.key.name, size, root(forge.leaves[:size])).text()
    path.write_bytes(text + b"\n" + line(on_keys.vkey_of(key, forge.key.name), key.sign(text)))
    return str(path)


@pytest.mark.parametrize("which", ["old", "new"])
def test_an_older_head_is_signed_by_a_key_that_was_due_at_its_size(which, forge, story, tmp_path):
    """The old key signs up to its retirement, the new one from its announcement on."""
    folder = write(on_keys.handed_over(forge), tmp_path / "log")
    announced, retired = (forge.at(forge.first(f"log.key-{what}")) for what in ("announced", "retired"))
    key, other = (forge.private, on_keys.NEW) if which == "old" else (on_keys.NEW, forge.private)
    right, wrong = (announced, retired + 1) if which == "old" else (retired + 1, announced)

    def told(size: int) -> set[str]:
        return outcomes(ask(folder, story.vkey, "--since", older(forge, tmp_path, size, key)), "since")

    assert told(right) == told(retired) == {"HOLDS"}
    assert told(wrong) == {"BROKEN"}
    assert outcomes(ask(folder, story.vkey, "--since", older(forge, tmp_path, wrong, other)), "since") == {"HOLDS"}


@pytest.mark.parametrize("later", [True, False], ids=["announced after the draw", "never announced"])
def test_a_cosigner_whose_key_the_log_announces_later_is_the_log_itself(later, forge, story, tmp_path):
    common.first_draw(forge)
    own = note.format_vkey("other.example", on_keys.NEW.public_key().public_bytes_raw(), note.COSIGNATURE)
    cosigners = [*on_cosigners.vkeys(*on_cosigners.NAMES[:1]), own]
    files = on_cosigners.settled(forge, on_cosigners.NAMES[:1], {"threshold": 1, "cosigners": cosigners})
    if later:
        on_keys.announced(forge)
        files = on_keys.signed_by(forge, forge.private, on_keys.NEW)

    told = ask(write(files, tmp_path / "log"), story.vkey)

    broken = {(each["check"], each["index"]) for each in told["findings"] if each["outcome"] == "BROKEN"}
    assert broken == ({("V2", forge.at(forge.first("draw.frozen")))} if later else set())


def test_of_repeated_lines_of_one_key_only_the_first_is_judged(forge, story, tmp_path):
    garbage, (text, _, honest) = line(story.vkey, bytes(64)), forge.honest["checkpoint"].rpartition(b"\n\n")

    after = write(forge.honest | {"checkpoint": text + b"\n\n" + honest + garbage}, tmp_path / "after")
    before = write(forge.honest | {"checkpoint": text + b"\n\n" + garbage + honest}, tmp_path / "before")

    assert outcomes(ask(after, story.vkey), "checkpoint") == {"HOLDS"}
    assert outcomes(ask(before, story.vkey), "checkpoint") == {"BROKEN"}


@pytest.mark.parametrize("number", range(len(trusted.CASES)))
def test_both_say_the_same_of_whom_a_draw_names_and_a_policy_trusts(number, forge, tmp_path, capsys):
    asked = trusted.vectors(lambda: copy.deepcopy(forge))[number]["input"]
    (tmp_path / "policy").write_text(asked["policy"])
    folder = write(asked["files"], tmp_path / "log")

    python = answer(capsys, str(folder), "--vkey", asked["vkey"], "--policy", str(tmp_path / "policy"))
    other = ask(folder, asked["vkey"], "--policy", str(tmp_path / "policy"))

    def told(report: dict[str, Any]) -> list[tuple[str, int | None]]:
        return [(each["outcome"], each["index"]) for each in report["findings"] if each["check"] == "policy"]

    assert told(other) == told(python)
    why = trusted.CASES[number][3]
    assert [outcome for outcome, _ in told(other)][1:] == (["NOTED"] if "NOTED" in why else ["BROKEN"] * trusted.CASES[number][4])


def test_of_several_logs_a_policy_is_about_the_one_that_states_itself(forge, story, tmp_path):
    other = note.format_vkey("other.example", note.parse_vkey(on_keys.new_key(forge)).public)
    path = policy(tmp_path, other, story.vkey)

    told = ask(write(forge.honest, tmp_path / "log"), None, "--policy", path)

    assert outcomes(told, "whose") == outcomes(told, "policy") == {"HOLDS"}
