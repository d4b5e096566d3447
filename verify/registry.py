"""What a registry holds at an index: the rows of its batches, folded in the order of their entries.

A batch is a list document with one line per row that was added, changed or removed:
`{"id":…,"op":"added"|"changed","row":{…}}` or `{"id":…,"op":"removed"}`. The writer folds it while importing, the verifier
folds it again, so a pool cannot hide a business or carry a private roster.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from json.encoder import encode_basestring
from typing import Any

from verify.documents import Listing, own_lines
from verify.kinds import INSPECTOR_ROW, OBJECT_ROW
from verify.rows import Row, Rows
from verify.shape import misfit
from verify.tree import leaf_hash, root

ROW_SHAPES = {"objects": OBJECT_ROW, "inspectors": INSPECTOR_ROW}
Line = tuple[bytes, Row]
Watch = Callable[[str, Row | None, Row | None], None]
_ROW = b',"row":'


class RegistryError(ValueError):
    """A batch does not fit the rows it is applied to; the message names the id."""


def difference(state: Rows, given: Rows, replace: bool) -> Listing:
    """Return the batch that turns `state` into itself plus `given`; with `replace`, rows that are not given are removed."""
    batch = Listing()
    gone = ((name, "") for name in state.names() if name not in given) if replace else ()
    for name, text in heapq.merge(given.items(), gone):
        before = state.text(name)
        if not text:
            line = f'{{"id":{encode_basestring(name)},"op":"removed"}}'
        elif text != before:
            op = "added" if before is None else "changed"
            line = f'{{"id":{encode_basestring(name)},"op":"{op}","row":{text}}}'
        else:
            continue
        batch.add(name, line.encode())
    return batch


def apply(state: Rows, lines: Iterable[Line], kind: str, watch: Watch | None = None) -> Counter[str]:
    """Fold one batch into `state`, all of it or nothing, and return how many lines have each `op`.

    `lines` are canonical; `watch(id, row before, row after)` is told of each, and may be told of lines that are undone.
    RegistryError where a line is malformed or does not fit what is there, and whatever `lines` raise.
    """
    counted: Counter[str] = Counter()
    with state.whole():
        for text, line in lines:
            name, op, row = line["id"], line.get("op"), line.get("row")
            before = None
            if watch is not None and op != "added":
                before = state.get(name)
            if op == "removed" and len(line) == 2:
                if not state.remove(name):
                    raise RegistryError(f"{name} is removed, but is not in the registry")
            else:
                _put(state, kind, text, line)
            counted[str(op)] += 1
            if watch is not None:
                watch(name, before, row)
    return counted


def _put(state: Rows, kind: str, text: bytes, line: Row) -> None:
    """Add or change the row of one line."""
    name, op, row = line["id"], line.get("op"), line.get("row")
    if op not in ("added", "changed") or len(line) != 3 or not isinstance(row, dict):
        raise RegistryError(f"the line of {name} is neither added, changed nor removed")
    reason = misfit(row, ROW_SHAPES[kind], "row")
    if reason:
        raise RegistryError(f"{name}: {reason}")
    if row["id"] != name:
        raise RegistryError(f"the line of {name} carries the row of {row['id']}")
    # Keys are sorted, so the row is the last of the three, and in a canonical line no text can hold this mark.
    spelled = text[text.index(_ROW) + len(_ROW) : -1].decode()
    if not (state.add if op == "added" else state.change)(name, spelled):
        raise RegistryError(f"{name} is {op}, but is {'already' if op == 'added' else 'not'} in the registry")


def own_batch(pieces: Iterable[bytes]) -> Iterator[Line]:
    """Yield the lines of a batch that this program wrote itself, as `apply` takes them."""
    return ((line, json.loads(line)) for line in own_lines(pieces))


def summary(state: Rows) -> dict[str, Any]:
    """Return `{"count","root"}` over all rows, sorted by id: the fingerprint of a registry after a batch."""
    return {"count": len(state), "root": root(leaf_hash(text.encode()) for text in state.texts()).hex()}
