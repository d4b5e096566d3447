"""Files that people bring, CSV and JSON, read into rows of the ledger or refused fault by fault."""

from __future__ import annotations

from typing import Any

from api.importing import inspectors, items, objects, table
from api.importing.inspectors import read_inspectors
from api.importing.items import read_items
from api.importing.objects import read_objects

__all__ = ["notices", "read_inspectors", "read_items", "read_objects"]

_FORMS = {"objects": objects.FORM, "inspectors": inspectors.FORM, "items": items.FORM}


def notices(data: bytes, kind: str) -> list[dict[str, Any]]:
    """Return, in the form of faults, what a CSV file of `kind` objects, inspectors or items has and nobody reads."""
    return table.notices(data, _FORMS[kind])
