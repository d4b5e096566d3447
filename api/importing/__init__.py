"""Files that people bring, CSV and JSON, read into rows of the ledger or refused fault by fault."""

from __future__ import annotations

import io
from typing import IO, Any

from api.importing import inspectors, items, objects, table
from api.importing.kinds import FORMS, another_kind
from verify.rows import Rows

__all__ = ["notices", "read_inspectors", "read_items", "read_objects"]

Faults = list[dict[str, Any]]


def read_objects(file: IO[bytes]) -> tuple[Rows, Faults]:
    """Return (rows, faults) of a registry file of objects; see `objects`."""
    mistaken = another_kind(file, "objects")
    return (Rows(), mistaken) if mistaken else objects.read_objects(file)


def read_inspectors(file: IO[bytes]) -> tuple[list[dict[str, Any]], Faults]:
    """Return (rows, faults) of a registry file of inspectors; see `inspectors`."""
    mistaken = another_kind(file, "inspectors")
    return ([], mistaken) if mistaken else inspectors.read_inspectors(file)


def read_items(data: bytes, name: str) -> tuple[list[dict[str, Any]], Faults]:
    """Return (lines, faults) of a list of check items, JSON where its `name` ends in .json; see `items`."""
    mistaken = [] if name.lower().endswith(".json") else another_kind(io.BytesIO(data), "items")
    return ([], mistaken) if mistaken else items.read_items(data, name)


def notices(file: IO[bytes], kind: str) -> Faults:
    """Return, in the form of faults, what a CSV file of `kind` objects, inspectors or items has and nobody reads.

    Of a file of another kind that is nothing: its one fault says it all.
    """
    return [] if another_kind(file, kind) else table.notices(file, FORMS[kind])
