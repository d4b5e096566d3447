"""The verifier of the browser, run by Node: one process that is asked for one log after the other."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from tests.installing import program

ROOT = Path(__file__).resolve().parents[2]
BROWSER = ROOT / "verify" / "browser"
OLDEST = 18


def node() -> str:
    """Return the path of Node; the test is skipped where none can be had, or none that is new enough."""
    path = program("node", "nodejs")
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version[1:].split(".")[0]) < OLDEST:
        pytest.skip(f"node {version} is older than {OLDEST}")
    return path


class Verifier:
    """Verifies exports; a fault of the program itself fails the test."""

    def __init__(self) -> None:
        command = [node(), str(Path(__file__).with_name("many.mjs"))]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def __enter__(self) -> Verifier:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def ask(self, target: Path, vkey: str) -> dict[str, Any]:
        """Return {exit, outcome, findings}."""
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps({"target": str(target), "vkey": vkey}), file=self._process.stdin, flush=True)
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert "fault" not in told, told
        return told


def broken(told: dict[str, Any]) -> set[tuple[str, int | None]]:
    """Return (check, index) of everything that is BROKEN."""
    return {(each["check"], each["index"]) for each in told["findings"] if each["outcome"] == "BROKEN"}
