"""What a registry holds at an index: the rows of its batches, folded in the order of their entries.

A batch is a list document with one line per row that was added, changed or removed:
`{"id":…,"op":"added"|"changed","row":{…}}` or `{"id":…,"op":"removed"}`. The writer folds it while importing, the verifier
folds it again, so a pool cannot hide a business or carry a private roster.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from verify import canonical, documents
from verify.kinds import INSPECTOR_ROW, OBJECT_ROW
from verify.shape import misfit
from verify.tree import leaf_hash

Row = dict[str, Any]
State = dict[str, Row]
ROW_SHAPES = {"objects": OBJECT_ROW, "inspectors": INSPECTOR_ROW}


class RegistryError(ValueError):
    """A batch does not fit the rows it is applied to; the message names the id."""


def row_hash(row: Row) -> str:
    """Return the hex of SHA-256(0x00 || canonical row): what a pool's line says of its registry row."""
    return leaf_hash(canonical.encode(row)).hex()


def difference(state: Mapping[str, Row], rows: Iterable[Row], replace: bool) -> list[dict[str, Any]]:
    """Return the lines that turn `state` into itself plus `rows`; with `replace`, rows that are not given are removed."""
    lines: list[dict[str, Any]] = []
    seen: set[str] = set()
    for row in rows:
        seen.add(row["id"])
        before = state.get(row["id"])
        if before != row:
            lines.append({"id": row["id"], "op": "added" if before is None else "changed", "row": row})
    if replace:
        lines.extend({"id": gone, "op": "removed"} for gone in state if gone not in seen)
    return lines


def apply(state: State, lines: Iterable[dict[str, Any]], kind: str) -> None:
    """Fold one batch into `state`, in place. RegistryError where a line is malformed or does not fit what is there."""
    for line in lines:
        name, op, row = line["id"], line.get("op"), line.get("row")
        present = name in state
        if op == "removed" and set(line) == {"id", "op"}:
            if not present:
                raise RegistryError(f"{name} is removed, but is not in the registry")
            del state[name]
            continue
        if op not in ("added", "changed") or set(line) != {"id", "op", "row"} or not isinstance(row, dict):
            raise RegistryError(f"the line of {name} is neither added, changed nor removed")
        reason = misfit(row, ROW_SHAPES[kind], "row")
        if reason:
            raise RegistryError(f"{name}: {reason}")
        if row["id"] != name:
            raise RegistryError(f"the line of {name} carries the row of {row['id']}")
        if present != (op == "changed"):
            raise RegistryError(f"{name} is {op}, but is {'already' if present else 'not'} in the registry")
        state[name] = row


def summary(state: Mapping[str, Row]) -> dict[str, Any]:
    """Return `{"count","root"}` over all rows, sorted by id: the fingerprint of a registry after a batch."""
    whole = documents.listing(state.values())
    return {"count": whole.count, "root": whole.root.hex()}
