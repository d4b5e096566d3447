"""The journal: every finding that was told, one line of JSON each, and the signed notes that prove something against a log."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from verify import durable
from verify.checkpoint import Checkpoint
from verify.findings import Finding, Outcome

EVERY_TIME = ("scope", "checkpoint")
"""What is noted of every round, or of every head, is no find."""
FILE, EVIDENCE = "findings.jsonl", "evidence"
SHOWN = 200


def write(folder: Path, findings: Iterable[Finding], moment: str, size: int) -> None:
    """Append findings durably. Killed before its state is written, a watcher finds and tells them again."""
    lines = [
        json.dumps({"time": moment, "size": size, **finding.as_json()}, ensure_ascii=False)
        for finding in findings
        if finding.outcome is not Outcome.HOLDS
        and (finding.outcome is not Outcome.NOTED or finding.check not in EVERY_TIME)
    ]
    if not lines:
        return
    with (folder / FILE).open("ab") as file:
        file.write("".join(f"{line}\n" for line in lines).encode())
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path) -> list[dict[str, Any]]:
    """Return the last findings that were told, the latest first; a line that was cut off is left out."""
    try:
        lines = (folder / FILE).read_bytes().splitlines()[-SHOWN:]
    except OSError:
        return []
    found = []
    for line in reversed(lines):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict) and {"outcome", "check", "reason_zh", "reason"} <= value.keys():
            found.append(value)
    return found


def evidence(folder: Path, *notes: tuple[Checkpoint, bytes]) -> str:
    """Keep signed heads as files that anybody can verify; return their names."""
    (folder / EVIDENCE).mkdir(parents=True, exist_ok=True)
    names = []
    for head, note in notes:
        name = f"{EVIDENCE}/{head.size}-{head.root.hex()[:16]}.note"
        durable.write(folder / name, note)
        names.append(name)
    return ", ".join(names)
