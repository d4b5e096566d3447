"""What a registry holds at an index: the rows of its batches, folded in the order of their entries.

A batch is a list document with one line per row that was added, changed or removed:
`{"id":…,"op":"added"|"changed","row":{…}}` or `{"id":…,"op":"removed"}`. The writer folds it while importing, the verifier
folds it again, so a pool cannot hide a business or carry a private roster.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any

from verify import canonical
from verify.characters import is_plain
from verify.documents import Listing, parse, row_of
from verify.kinds import INSPECTOR_ROW, OBJECT_ROW
from verify.rows import Row, Rows
from verify.shape import misfit
from verify.spelling import WORDS, pattern
from verify.tree import leaf_hash, root

ROW_SHAPES: dict[str, dict[str, Any]] = {"objects": OBJECT_ROW, "inspectors": INSPECTOR_ROW}
_PLAIN = {
    kind: re.compile(
        rf'\{{"id":(?P<id>{WORDS[shape["id"]]}),"op":"(?P<op>added|changed)",'
        rf'"row":(?P<row>{pattern(shape, id="=id", status="status")})\}}'
    )
    for kind, shape in ROW_SHAPES.items()
}
"""The lines of batches as nearly all of them are."""
Watch = Callable[[Row | None, "Change"], None]


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


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a batch: the id, what is done, the row as canonical JSON, and whether it takes part ("" and False where
    it is removed)."""

    id: str
    op: str
    text: str = ""
    active: bool = False


def changes(pieces: Iterable[bytes], kind: str) -> Iterator[tuple[bytes, Change]]:
    """Yield (line, change) of a batch. DocumentError for what is no list, RegistryError for a line of another form."""
    known = _PLAIN[kind].fullmatch

    def read(line: bytes) -> Change:
        try:
            text = line.decode()
        except UnicodeDecodeError:
            return _change(line, kind)  # which says where
        found = known(text) if is_plain(text) else None
        if found is None:
            return _change(line, kind)
        name, op, row, status = found.groups()
        return Change(name[1:-1], op, row, status == '"active"')

    return parse(pieces, read)


def _change(line: bytes, kind: str) -> Change:
    """Read one line whatever its form."""
    row = row_of(line)
    name, op, shown = row["id"], row.get("op"), row.get("row")
    if op == "removed" and len(row) == 2:
        return Change(name, op)
    if op not in ("added", "changed") or len(row) != 3 or not isinstance(shown, dict):
        raise RegistryError(f"the line of {name} is neither added, changed nor removed")
    reason = misfit(shown, ROW_SHAPES[kind], "row")
    if reason:
        raise RegistryError(f"{name}: {reason}")
    if shown["id"] != name:
        raise RegistryError(f"the line of {name} carries the row of {shown['id']}")
    return Change(name, op, canonical.encode(shown).decode(), shown["status"] == "active")


def apply(state: Rows, batch: Iterable[Change], watch: Watch | None = None) -> Counter[str]:
    """Fold one batch into `state`, all of it or nothing, and return how many lines have each `op`.

    `watch(row before, change)` is told of each line, and may be told of lines that are undone. RegistryError where a line
    does not fit what is there, and whatever `batch` raises.
    """
    counted: Counter[str] = Counter()
    acts: dict[str, Callable[[str, str], bool]] = {"added": state.add, "changed": state.change, "removed": state.remove}
    with state.whole():
        for change in batch:
            before = state.get(change.id) if watch is not None and change.op != "added" else None
            if not acts[change.op](change.id, change.text):
                there = "already" if change.op == "added" else "not"
                raise RegistryError(f"{change.id} is {change.op}, but is {there} in the registry")
            counted[change.op] += 1
            if watch is not None:
                watch(before, change)
    return counted


def own_batch(pieces: Iterable[bytes], kind: str) -> Iterator[Change]:
    """Yield the changes of a batch that this program wrote itself."""
    return (change for _, change in changes(pieces, kind))


def summary(state: Rows) -> dict[str, Any]:
    """Return `{"count","root"}` over all rows, sorted by id: the fingerprint of a registry after a batch."""
    return {"count": len(state), "root": root(leaf_hash(text.encode()) for text in state.texts()).hex()}
