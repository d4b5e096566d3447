"""Whoever knows one key of a log checks it with `fsck`, `receipt` and `evidence` after a handover, as far as the bytes show it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.asking import answer, of
from tests.browser.in_the_hand import receipt
from tests.cheats import on_keys
from tests.cheats.common import Files, first_draw
from tests.forge import Forge, write
from verify import note
from verify.__main__ import main
from verify.checkpoint import Checkpoint
from verify.tree import leaf_hash, root

Signing = Callable[[Forge], Files]
FALSE: dict[str, Signing] = {
    "from nowhere": on_keys.key_from_nowhere,
    "announced, not retired": on_keys.key_announced_and_the_old_one_silent,
    "the new key hands over to itself": on_keys.retirement(on_keys.of_the_new_key),
    "a head before the announcement": on_keys.retirement(on_keys.of_before_the_announcement),
    "a head of another history": on_keys.retirement(on_keys.of_another_history),
    "the retired key goes on": on_keys.retired_key_goes_on,
}


def old_of(forge: Forge) -> str:
    return note.format_vkey(forge.key.name, forge.key.public)


@pytest.mark.parametrize("rotated", [on_keys.both_sign, on_keys.handed_over])
@pytest.mark.parametrize("given", [old_of, on_keys.new_key])
def test_fsck_accepts_a_rotated_log_with_its_first_and_its_present_key(
    forge: Forge, tmp_path: Path, capsys: pytest.CaptureFixture[str], rotated: Signing, given: Callable[[Forge], str]
) -> None:
    folder = write(rotated(forge), tmp_path / "log")
    (tmp_path / "policy").write_text(f"log {given(forge)}\nquorum none\n")

    for option in (("--vkey", given(forge)), ("--policy", str(tmp_path / "policy"))):
        told = answer(capsys, "fsck", str(folder), *option)

        assert (told["exit"], of(told, "BROKEN")) == (0, [])
        assert {"whose", "keys", "checkpoint", "tree"} <= {each["check"] for each in of(told, "HOLDS")}


@pytest.mark.parametrize("false", FALSE)
def test_fsck_follows_no_handover_that_the_log_does_not_prove(
    forge: Forge, tmp_path: Path, capsys: pytest.CaptureFixture[str], false: str
) -> None:
    folder = write(FALSE[false](forge), tmp_path / "log")

    told = answer(capsys, "fsck", str(folder), "--vkey", old_of(forge))

    assert told["exit"] == 1
    assert {each["check"] for each in of(told, "BROKEN")} & {"whose", "keys", "checkpoint"}


def test_fsck_passes_over_key_entries_that_are_none(
    forge: Forge, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever can sign can write anything: it must not stop the check, nor name a key."""
    first_draw(forge)
    on_keys.log_entry(forge, "log.key-announced", {"vkey": 7})
    on_keys.log_entry(forge, "log.key-retired", {})
    on_keys.log_entry(forge, "log.created", {"vkey": on_keys.new_key(forge)})
    folder = str(write(on_keys.signed_by(forge, forge.private), tmp_path / "log"))

    assert answer(capsys, "fsck", folder, "--vkey", old_of(forge))["exit"] == 0
    assert answer(capsys, "fsck", folder, "--vkey", on_keys.new_key(forge))["exit"] == 1


def test_a_receipt_says_which_key_signed_and_which_was_given(
    forge: Forge, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files, old, new = on_keys.handed_over(forge), note.parse_vkey(old_of(forge)), on_keys.new_key(forge)
    (tmp_path / "r").write_bytes(receipt(files, 5))

    assert answer(capsys, "receipt", str(tmp_path / "r"), "--vkey", new)["exit"] == 0
    told = answer(capsys, "receipt", str(tmp_path / "r"), "--vkey", old_of(forge))

    assert told["exit"] == 1
    for words in ("reason", "reason_zh"):
        (said,) = (each[words] for each in of(told, "BROKEN"))
        assert old.key_id.hex() in said
        assert note.parse_vkey(new).key_id.hex() in said
    assert [each["check"] for each in of(told, "NOTED")] == ["whose"]


def forked(forge: Forge, size: int, key: note.VerifierKey | None = None) -> bytes:
    """Return a head of another history that the old key, or the new one, signed."""
    private = forge.private if key is None else on_keys.NEW
    vkey = note.parse_vkey(on_keys.vkey_of(private, forge.key.name))
    text = Checkpoint(forge.key.name, size, bytes(32)).text()
    return text + b"\n" + note.format_signature(vkey.name, vkey.key_id, private.sign(text))


def honest(forge: Forge, files: Files, size: int) -> bytes:
    """Return the head of the first entries that the old key signed."""
    leaves = [leaf_hash(line) for line in files["entries.jsonl"].splitlines()]
    text = Checkpoint(forge.key.name, size, root(leaves[:size])).text()
    return text + b"\n" + note.format_signature(forge.key.name, forge.key.key_id, forge.private.sign(text))


@pytest.mark.parametrize("given", [old_of, on_keys.new_key])
def test_heads_of_two_keys_are_one_history_or_a_fork_where_the_entries_show_the_handover(
    forge: Forge, tmp_path: Path, capsys: pytest.CaptureFixture[str], given: Callable[[Forge], str]
) -> None:
    files = on_keys.handed_over(forge)
    log, small = write(files, tmp_path / "log"), tmp_path / "small"
    asked = ["evidence", str(small), str(log / "checkpoint"), "--vkey", given(forge)]

    for content, code in ((honest(forge, files, 9), 0), (forked(forge, 9), 1)):
        small.write_bytes(content)
        assert main([*asked, "--entries", str(log), "--json"]) == code
        assert json.loads(capsys.readouterr().out.splitlines()[-1])["check"] == "fork"
        assert main(asked) == 2
        said = capsys.readouterr().out
        assert "--entries" in said
        assert all(note.parse_vkey(each(forge)).key_id.hex() in said for each in (old_of, on_keys.new_key))


@pytest.mark.parametrize("given", [old_of, on_keys.new_key])
def test_a_key_that_the_log_did_not_hand_over_to_is_no_evidence_against_it(
    forge: Forge, tmp_path: Path, capsys: pytest.CaptureFixture[str], given: Callable[[Forge], str]
) -> None:
    """A stranger announces and retires as he likes in entries of his own, under a key of his own."""
    files = on_keys.retirement(on_keys.of_the_new_key)(forge)
    log, other = write(files, tmp_path / "log"), tmp_path / "other"
    if given is old_of:
        other.write_bytes(honest(forge, files, 9))
    else:  # the one whose entries they are can vouch for his own head, and for nothing that another one signed
        other.write_bytes(forked(forge, 9))
        (log / "checkpoint").write_bytes(forked(forge, 9, note.parse_vkey(on_keys.new_key(forge))))

    code = main(["evidence", str(other), str(log / "checkpoint"), "--vkey", given(forge), "--entries", str(log)])

    assert code == 2, capsys.readouterr().out
    capsys.readouterr()
