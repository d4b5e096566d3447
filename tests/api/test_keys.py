"""The keys of a log are handed over through the HTTP interface or from the command line, by an administrator, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.cli import main
from domain.signer import Signer
from tests.api.conftest import Doors
from verify import note


def test_a_key_is_announced_and_the_old_one_retired_over_http(doors: Doors) -> None:
    old, new = doors.ledger.vkey, Signer(doors.ledger.folder / "signer").add_key()

    announced = doors.post("/log/keys", {"vkey": new}, key="announce")
    again = doors.post("/log/keys", {"vkey": new}, key="announce")
    doors.ledger.publish_checkpoint()
    both = doors.get("/checkpoint").content
    stated = doors.get("/log.vkey").text.strip()
    retired = doors.post("/log/keys/retirement", {"vkey": old}, key="retire")
    doors.ledger.publish_checkpoint()

    assert (announced.status_code, retired.status_code) == (201, 201)
    assert again.json() == announced.json()
    assert [key.key_id.hex() for key in note.open_note(both, [note.parse_vkey(old), note.parse_vkey(new)])[1]] == [
        old.split("+")[1],
        new.split("+")[1],
    ]
    assert stated == old
    assert doors.get("/log.vkey").text.strip() == new
    assert new.split("+")[1] in doors.get("/").text


def test_what_is_no_next_key_is_refused_with_its_reason(doors: Doors) -> None:
    unheld = note.format_vkey(doors.ledger.origin, bytes(31) + b"\x09")

    answers = [
        doors.post("/log/keys", {"vkey": "nonsense"}),
        doors.post("/log/keys", {"vkey": unheld}),
        doors.post("/log/keys/retirement", {"vkey": doors.ledger.vkey}),
        doors.post("/log/keys", {"vkey": unheld}, account=None),
    ]

    assert [answer.status_code for answer in answers] == [422, 409, 409, 401]
    assert doors.ledger.size == 3


def test_a_handover_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = str(tmp_path / "log")
    signer = str(tmp_path / "log" / "signer")
    assert main(["init", "--dir", log, "--origin", "ledger.example/1", "--unit", "220100", "--unit-name", "局"]) == 0
    old = Signer(tmp_path / "log" / "signer").vkey
    assert main(["signer", "rotate", "--dir", signer]) == 0
    new = Signer(tmp_path / "log" / "signer").vkeys[1]
    assert f"signer announce --dir LOG {new}" in capsys.readouterr().out

    codes = [
        main(["signer", "announce", "--dir", log, new]),
        main(["signer", "retire", "--dir", log, old]),
        main(["signer", "drop", "--dir", signer, old]),
        main(["signer", "show", "--dir", signer]),
        main(["export", "--dir", log, str(tmp_path / "export")]),
        main(["verify", str(tmp_path / "export"), "--vkey", old]),
    ]
    told = capsys.readouterr().out

    assert codes == [0] * 6
    assert f"现用公钥 / the key now: {old}" in told
    assert f"现用公钥 / the key now: {new}" in told
    assert "signed last: 5 " in told
    assert not (tmp_path / "log" / "signer" / "key.pem").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["serve", "--dir", "x"],
        ["serve", "--dir", "x", "--socket", "y", "--systemd"],
        ["rotate"],
        ["init", "--dir", "x"],
        [],
    ],
)
def test_a_signer_that_is_not_told_enough_is_wrong_usage(words: list[str]) -> None:
    assert main(["signer", *words]) == 64


def test_a_signer_that_serves_nobody_there_is_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Signer.create(tmp_path / "signer", "ledger.example/1")
    serve = ["signer", "serve", "--dir", str(tmp_path / "signer")]

    assert main([*serve, "--socket", str(tmp_path / "s"), "--client", "nobody-of-this-name"]) == 64
    assert main([*serve, "--systemd"]) == 1
    assert "systemd handed over no socket" in capsys.readouterr().err
