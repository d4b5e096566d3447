"""Reads the vectors of `tests/vectors/fairdraw`, in the form that their README gives."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

Json = dict[str, Any]
FOLDER = Path(__file__).resolve().parents[1] / "vectors" / "fairdraw"


def small() -> list[Json]:
    """Return all vectors but those of whole logs."""
    return [each for path in sorted(FOLDER.glob("*.json")) for each in json.loads(path.read_text(encoding="utf-8"))]


def whole_logs() -> list[Json]:
    """Return the vectors of whole logs, with the files of each as bytes."""
    texts = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("logs/*.json"))}
    shared = texts.pop("shared")
    for vectors in texts.values():
        for vector in vectors:
            files = vector["input"]["files"]
            files |= {name: as_bytes(value, shared) for name, value in files.items() if "bundle" not in value}
            files |= {name: _bundle(files[value["bundle"]]) for name, value in files.items() if isinstance(value, dict)}
    return [each for vectors in texts.values() for each in vectors]


def as_bytes(value: Any, shared: Mapping[str, Any] = MappingProxyType({})) -> bytes:
    """Return what a value of the type *bytes* stands for."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, list):
        return b"".join(as_bytes(each, shared) for each in value)
    if "shared" in value:
        return as_bytes(shared[value["shared"]])
    return bytes.fromhex(value["hex"]) if "hex" in value else as_bytes(value["repeat"]) * value["times"]


def _bundle(entries: bytes) -> bytes:
    return b"".join(len(line).to_bytes(2, "big") + line for line in entries.splitlines())
