"""How tests ask the verifier: in this process, for the JSON that a program would read."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from verify.__main__ import main


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """Run the verifier and return what it says with --json; its exit code is the one in there."""
    code = main([*arguments, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["exit"] == code
    return dict(told)


def of(told: dict[str, Any], outcome: str) -> list[dict[str, Any]]:
    return [finding for finding in told["findings"] if finding["outcome"] == outcome]


def unpack(archive: bytes, folder: Path) -> None:
    """Unpack an archive as the README tells a stranger to."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["tar", "x"], input=archive, cwd=folder, check=True)
