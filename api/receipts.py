"""What is handed to one person: the receipt of an entry, and the self-check of a business.

Both rest on the last published checkpoint, with whatever cosignatures it has, and are checked without this program.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from itertools import count
from typing import Any

from domain.errors import NotFound
from domain.ledger import Ledger
from projections import draws
from projections.tables import Connection, Record
from verify import canonical, checkpoint, documents, selfcheck
from verify.nodes import inclusion_path_at
from verify.proof import Proof
from verify.tree import HASH_SIZE, leaf_hash, node_hash

KEPT = 4
"""The trees of so many lists are kept: two thirds of a list of 200,000 lines, 13 MB, for which one must not hash it again."""


def receipt(ledger: Ledger, index: int) -> bytes | None:
    """Return the tlog-proof of an entry with its bytes as `extra`, None where it is not published."""
    note = ledger.checkpoint()
    path = ledger.inclusion(index, checkpoint.parse(note)[0].size) if note else None
    if note is None or path is None:
        return None
    return Proof(index, path, note, next(ledger.store.entries(index, index + 1))).to_bytes()


def self_check(ledger: Ledger, connection: Connection, name: str, business: str) -> Record | None:
    """Return the self-check of a business in the draw `name`; None where that draw is not over, or not published yet.

    NotFound where the business is not in the pool. Form: `verify.selfcheck.SHAPE`.
    """
    stream = f"draw/{name}"
    steps = {step["kind"]: step for step in draws.steps(connection, stream)}
    note = ledger.checkpoint()
    if note is None or not all(kind in steps for kind in selfcheck.STEPS.values()):
        return None
    size = checkpoint.parse(note)[0].size
    held = {key: _entry(ledger, steps[kind]["index"], size) for key, kind in selfcheck.STEPS.items()}
    if any(each is None for each in held.values()):
        return None
    frozen, seeded, drawn = (steps[kind]["data"] for kind in selfcheck.STEPS.values())
    pool = _line(ledger, frozen["documents"]["objects"], business)
    if pool is None:
        raise NotFound(f"{business} 不在本次抽取的名录中", f"{business} is not in the pool of this draw", "LEDGER 8")
    row = canonical.decode(pool["line"].encode())
    result = selfcheck.result_of(business, row, bytes.fromhex(seeded["seed"]), drawn["strata"])
    value: dict[str, Any] = {
        "format": selfcheck.FORMAT,
        "draw": stream,
        "object": business,
        "entries": held,
        "pool": pool,
    }
    value |= {"checkpoint": note.decode().removesuffix("\n").split("\n"), **result}
    listed = _line(ledger, drawn["document"], business)
    return value if listed is None else {**value, "listed": listed}


def spelled(value: Record) -> bytes:
    """Return a self-check as the file that is handed out."""
    return canonical.encode(value) + b"\n"


def _entry(ledger: Ledger, index: int, size: int) -> Record | None:
    path = ledger.inclusion(index, size)
    if path is None:
        return None
    raw = next(ledger.store.entries(index, index + 1))
    return {"index": index, "entry": raw.decode(), "path": [each.hex() for each in path]}


def _line(ledger: Ledger, reference: Record, name: str) -> Record | None:
    """Return the line of an id in a list with its place and its path under the root of the list, None where it has none."""
    sha256 = reference["sha256"]
    known = b'"id":%s' % canonical.encode(name)
    for place, line in enumerate(documents.own_lines(ledger.pieces(sha256))):
        if known in line and canonical.decode(line)["id"] == name:
            path = _TREES.of(sha256, lambda: documents.own_lines(ledger.pieces(sha256))).path(place)
            return {"index": place, "line": line.decode(), "path": [each.hex() for each in path]}
    return None


class _Tree:
    """Every whole subtree over the lines of a list, level by level, each level as one string of bytes."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.levels = [b"".join(map(leaf_hash, lines))]
        self.size = len(self.levels[0]) // HASH_SIZE
        for level in count():
            whole = self.size >> (level + 1)
            if not whole:
                break
            pairs = ((self._node(level, 2 * each), self._node(level, 2 * each + 1)) for each in range(whole))
            self.levels.append(b"".join(node_hash(left, right) for left, right in pairs))

    def path(self, index: int) -> list[bytes]:
        return inclusion_path_at(self._node, index, self.size)

    def _node(self, level: int, position: int) -> bytes:
        return self.levels[level][position * HASH_SIZE : (position + 1) * HASH_SIZE]


class _Trees:
    """The trees of the lists that were asked for last, by the hash of the list, which never changes."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Tree] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, sha256: str, lines: Any) -> _Tree:
        with self._lock:  # of many who ask at once one makes it
            tree = self._kept.pop(sha256, None) or _Tree(lines())
            self._kept[sha256] = tree
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return tree


_TREES = _Trees()
