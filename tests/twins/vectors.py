"""Reads the vectors of `tests/vectors/fairdraw`, in the form that their README gives."""

import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]
FOLDER = Path(__file__).resolve().parents[1] / "vectors" / "fairdraw"


def small() -> list[Json]:
    """Return all vectors but those of whole logs."""
    return [each for path in sorted(FOLDER.glob("*.json")) for each in json.loads(path.read_text(encoding="utf-8"))]


def whole_logs() -> list[Json]:
    return [each for path in sorted(FOLDER.glob("logs/*.json")) for each in json.loads(path.read_text(encoding="utf-8"))]


def as_bytes(value: Any) -> bytes:
    """Return what a value of the type *bytes* stands for."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, list):
        return b"".join(map(as_bytes, value))
    return bytes.fromhex(value["hex"]) if "hex" in value else as_bytes(value["repeat"]) * value["times"]
