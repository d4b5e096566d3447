"""Files that people bring, CSV and JSON, read into rows of the ledger or refused fault by fault."""

from __future__ import annotations

from typing import Any

from api.importing import inspectors, items, objects, table
from api.importing.kinds import FORMS, another_kind

__all__ = ["notices", "read_inspectors", "read_items", "read_objects"]

Rows = list[dict[str, Any]]


def read_objects(data: bytes) -> tuple[Rows, Rows]:
    """Return (rows, faults) of a registry file of objects; see `objects`."""
    mistaken = another_kind(data, "objects")
    return ([], mistaken) if mistaken else objects.read_objects(data)


def read_inspectors(data: bytes) -> tuple[Rows, Rows]:
    """Return (rows, faults) of a registry file of inspectors; see `inspectors`."""
    mistaken = another_kind(data, "inspectors")
    return ([], mistaken) if mistaken else inspectors.read_inspectors(data)


def read_items(data: bytes, name: str) -> tuple[Rows, Rows]:
    """Return (lines, faults) of a list of check items, JSON where its `name` ends in .json; see `items`."""
    mistaken = [] if name.lower().endswith(".json") else another_kind(data, "items")
    return ([], mistaken) if mistaken else items.read_items(data, name)


def notices(data: bytes, kind: str) -> Rows:
    """Return, in the form of faults, what a CSV file of `kind` objects, inspectors or items has and nobody reads.

    Of a file of another kind that is nothing: its one fault says it all.
    """
    return [] if another_kind(data, kind) else table.notices(data, FORMS[kind])
