"""Every way around a time stamp is named, by the files alone or with the authority's certificate.

The log runs on a real clock and was stamped twice; the cheats stand in `tests/cheats/on_anchors.py`.
"""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.anchoring import anchor
from api.exporting import export
from domain.clock import SystemClock, after
from domain.ledger import Ledger
from tests.asking import answer, of
from tests.cheats import on_anchors
from tests.cheats.common import Cheat
from tests.forge import Forge, write
from tests.timestamping import Authority
from verify import timestamps
from verify.__main__ import main


@dataclass(frozen=True)
class Stamped:
    """The export of a log that was stamped twice, its keys, and the file with the authority's root."""

    export: Path
    vkey: str
    pem: bytes
    tsa: Path


@pytest.fixture(scope="module")
def stamped(tmp_path_factory: pytest.TempPathFactory) -> Stamped:
    return stamp_twice(tmp_path_factory.mktemp("stamped"))


def stamp_twice(folder: Path) -> Stamped:
    """Make a log and have it stamped twice."""
    authority = Authority(folder / "tsa")
    (folder / "root.pem").write_bytes(authority.root)
    with Ledger.create(folder / "log", "ledger.example/220100", unit="220100", unit_name="市商务局") as ledger:
        admin = ledger.actor("admin")
        for number in range(2):
            unit = f"22019{number}"
            ledger.register_unit(admin, f"c-{number}", unit=unit, name="示例单位", kind="office", parent=None)
            ledger.publish_checkpoint()
            anchor(ledger, authority.reply)
        export(ledger, folder / "export")
        pem = (folder / "log" / "signer" / "key.pem").read_bytes()
        return Stamped(folder / "export", ledger.vkey, pem, folder / "root.pem")


CHEATS: dict[str, tuple[Cheat, str, str]] = {
    "a token is replayed": (on_anchors.token_replayed, "anchors", "it was replayed"),
    "a byte of a token is changed": (on_anchors.byte_of_a_token_changed, "documents", "was altered"),
    "the signature of a token is changed": (on_anchors.signature_of_a_token_changed, "anchors", "does not hold"),
    "a token is none": (on_anchors.token_that_is_none, "anchors", "does not hold"),
    "a token is called a note": (on_anchors.token_called_a_list, "anchors", "is not a application/timestamp-reply"),
    "history is rewritten below a stamp": (
        on_anchors.history_rewritten_below_a_stamp,
        "anchors",
        "no checkpoint of this log: no head of the entries before it",
    ),
    "a fork is stamped with an old token": (on_anchors.checkpoint_of_a_fork_stamped, "anchors", "it was replayed"),
    "the signature in the entry is of another head": (
        on_anchors.signature_in_the_entry_changed,
        "anchors",
        "the signature in the entry fails",
    ),
    "an anchor before its checkpoint": (
        on_anchors.anchor_before_its_checkpoint,
        "anchors",
        "no head of the entries before it",
    ),
}


@pytest.mark.parametrize(("cheat", "check", "words"), CHEATS.values(), ids=CHEATS.keys())
def test_the_cheat_is_named(cheat: Cheat, check: str, words: str, stamped: Stamped, tmp_path: Path, capsys) -> None:
    forge = Forge(stamped.export, stamped.pem)
    files = cheat(forge)
    assert files != forge.honest

    told = answer(capsys, str(write(files, tmp_path / "f")), "--vkey", stamped.vkey, "--tsa", str(stamped.tsa))

    found = [each for each in of(told, "BROKEN") if each["check"] == check]
    assert any(words in each["reason"] for each in found), of(told, "BROKEN")
    assert all(each["index"] is not None for each in found)
    assert {each["check"] for each in of(told, "BROKEN")} == {check}


def test_an_honest_log_holds_and_so_does_one_signed_anew(stamped: Stamped, tmp_path: Path, capsys) -> None:
    """So it is the edit that is found above, not the forger's hand."""
    forged = write(Forge(stamped.export, stamped.pem).resign(), tmp_path / "f")

    for folder in (stamped.export, forged):
        told = answer(capsys, str(folder), "--vkey", stamped.vkey, "--tsa", str(stamped.tsa))
        assert of(told, "BROKEN") == []
        assert any("2 checkpoints were stamped" in each["reason"] for each in of(told, "HOLDS"))


@pytest.mark.parametrize(
    ("seconds", "outcome", "words"),
    [
        (3600, "BROKEN", "older than entry"),
        (-3600, "BROKEN", "the log is backdated"),
        (30, "NOTED", "60 s are allowed"),
        (-30, "NOTED", "60 s are allowed"),
    ],
)
def test_a_log_whose_clock_is_wrong_is_told_by_the_authoritys(
    seconds: int, outcome: str, words: str, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cheat dates everything while he writes it, signs it, and has it stamped when it is."""
    honest = SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda clock: max(clock._earliest, after(honest(SystemClock()), seconds)))
    made = stamp_twice(tmp_path / "made")
    monkeypatch.undo()

    told = answer(capsys, str(made.export), "--vkey", made.vkey, "--tsa", str(made.tsa))

    assert any(words in each["reason"] for each in of(told, outcome) if each["check"] == "anchors"), told["findings"]
    assert {each["check"] for each in of(told, "BROKEN")} <= {"anchors"}
    assert told["exit"] == (outcome == "BROKEN")


def test_what_can_be_told_without_a_certificate_is_told(stamped: Stamped, tmp_path: Path, capsys) -> None:
    files = on_anchors.token_replayed(Forge(stamped.export, stamped.pem))

    told = answer(capsys, str(write(files, tmp_path / "f")), "--vkey", stamped.vkey)

    assert any("it was replayed" in each["reason"] for each in of(told, "BROKEN"))


def test_without_the_library_time_stamps_are_unchecked(stamped: Stamped, capsys, monkeypatch) -> None:
    def missing(*_: object) -> None:
        raise timestamps.LibraryMissing("time stamps need the package `rfc3161-client`")

    monkeypatch.setattr(timestamps, "read", missing)

    told = answer(capsys, str(stamped.export), "--vkey", stamped.vkey, "--tsa", str(stamped.tsa))

    assert any("need the package" in each["reason"] for each in of(told, "UNCHECKED") if each["check"] == "anchors")
    assert told["exit"] == 2


@pytest.mark.parametrize("content", [b"", b"no certificate", None])
def test_a_certificate_that_is_none_is_wrong_usage(content: bytes | None, stamped: Stamped, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "pem").write_bytes(content)

    assert main([str(stamped.export), "--tsa", str(tmp_path / "pem")]) == 64


def test_openssl_agrees_about_the_tokens(stamped: Stamped, tmp_path: Path) -> None:
    """A second implementation, which nobody here wrote, verifies each token over its note."""
    forge = Forge(stamped.export, stamped.pem)
    for entry in on_anchors.anchors(forge):
        note, token = (stamped.export / "documents" / entry["data"][name]["sha256"] for name in ("checkpoint", "token"))
        asked = ["openssl", "ts", "-verify", "-data", str(note), "-in", str(token), "-CAfile", str(stamped.tsa)]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        assert "Verification: OK" in done.stdout, done.stderr


def test_bytes_of_a_token_that_nobody_signed_exist_and_the_entry_covers_them(stamped: Stamped) -> None:
    """Why the hash of the raw bytes is in the entry: some changed tokens still verify."""
    forge = Forge(stamped.export, stamped.pem)
    entry, token = on_anchors.anchors(forge)[0], on_anchors.token_of(forge, 0)
    digest = bytes.fromhex(entry["data"]["checkpoint"]["sha256"])
    passing = 0
    for place in range(len(token)):
        changed = token[:place] + bytes([token[place] ^ 1]) + token[place + 1 :]
        try:
            timestamps.verify(changed, digest, stamped.tsa.read_bytes())
        except timestamps.StampError:
            continue
        passing += 1
        assert hashlib.sha256(changed).hexdigest() != entry["data"]["token"]["sha256"]
    assert passing > 0
