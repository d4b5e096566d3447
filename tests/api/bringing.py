"""Files as bytes, and what the importing room reads from them: all rows as a list."""

import io
from typing import Any

from api import importing

Found = tuple[list[dict[str, Any]], list[dict[str, Any]]]


def read_objects(data: bytes) -> Found:
    rows, faults = importing.read_objects(io.BytesIO(data))
    return list(rows), faults


def read_inspectors(data: bytes) -> Found:
    return importing.read_inspectors(io.BytesIO(data))


def notices(data: bytes, kind: str) -> list[dict[str, Any]]:
    return importing.notices(io.BytesIO(data), kind)
