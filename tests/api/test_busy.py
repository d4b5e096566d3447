"""Whoever runs a command while a service holds the log is told which route or which restart of the service does it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.cli import main
from tests.api.conftest import Doors
from tests.story import new_ledger
from verify import note

VKEY = note.format_vkey("ledger.example/1", bytes(31) + b"\x09")
COMMANDS: dict[str, tuple[list[str], str]] = {
    "publish": (["static"], "serve --publish"),
    "anchor": (["--url", "http://127.0.0.1:9"], "--every"),
    "cosign": ([], "GET /api/v1/witnesses"),
    "signer announce": ([VKEY], "POST /api/v1/log/keys"),
    "signer retire": ([VKEY], "POST /api/v1/log/keys/retirement"),
    "export": (["export"], "GET /export.tar"),
    "rebuild": ([], "POST /api/v1/views/rebuild"),
    "receipt": (["0", "r"], "GET /api/v1/receipts/"),
    "recover": (["--from", "export", "--reason", "x"], "systemctl stop"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_log_in_use_is_refused_with_what_to_do_instead(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    more, words = COMMANDS[command]
    with new_ledger(tmp_path / "log") as ledger:
        size = ledger.size
        code = main([*command.split(), "--dir", str(tmp_path / "log"), *more])
        assert ledger.size == size

    said = capsys.readouterr().err.splitlines()
    assert code == 1
    assert ["台账正由进程" in said[0], "in use by process" in said[1]] == [True, True]
    zh, en = said[2:]
    assert zh.startswith("请")
    assert en.startswith("What to do: ")
    assert all(words in each and "systemctl stop" in each for each in (zh, en))


def test_the_routes_that_are_named_are_there(doors: Doors) -> None:
    named = {route for _, words in COMMANDS.values() for route in re.findall(r"(?:GET|POST) (/\S+[a-z])$", words)}
    served = set(doors.get("/openapi.json").json()["paths"])

    assert len(named) == 5
    assert named <= served | {"/export.tar"}
    doors.ledger.publish_checkpoint()
    assert doors.get("/export.tar").status_code == 200
