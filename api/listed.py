"""A long sorted list of which single lines are asked for: found, and proved, without a pass over the list for each question.

The list is read once. Then of every 256 lines only the first id, where it begins and one hash are kept (a million lines:
less than a megabyte), so a question takes a search among those ids and the reading of 256 lines. Source: RFC 6962, section 2.1.
"""

from __future__ import annotations

import json
import threading
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from typing import Any, Self

from domain.errors import Unavailable
from verify.nodes import inclusion_path_at
from verify.tree import leaf_hash, node_hash, root

LEVEL = 8
BLOCK = 1 << LEVEL
KEPT = 64
"""The blocks of so many lists are kept, by the hash of the list, which never changes."""
Part = Callable[[int, int], bytes]
"""Gives the bytes of a list from a place on, so many of them."""


class Listed:
    """A list of which the lines are found by their ids. `lines`: all of them, in order, read once; `part`: see `Part`."""

    def __init__(self, lines: Iterable[bytes], part: Part) -> None:
        self._read(lines)
        self._part = part

    def through(self, part: Part) -> Self:
        """Return this list as it is read elsewhere: the same bytes in another log."""
        other = copy(self)
        other._part = part
        return other

    def _read(self, lines: Iterable[bytes]) -> None:
        self.size = 0
        self._firsts: list[str] = []
        self._places = array("Q", [0])
        roots: list[bytes] = []
        for block in _blocks(lines):
            self._firsts.append(_id(block[0]))
            self._places.append(self._places[-1] + sum(map(len, block)) + len(block))
            self.size += len(block)
            roots.append(root(map(leaf_hash, block)))
        self._roots = roots
        self._levels = [roots[: self.size >> LEVEL]]  # of whole blocks, and of all whole subtrees above them
        while len(self._levels[-1]) > 1:
            pairs = iter(self._levels[-1])
            self._levels.append([node_hash(left, right) for left, right in zip(pairs, pairs, strict=False)])

    def find(self, name: str) -> tuple[int, bool]:
        """Return the number of the first line whose id is not below `name`, and whether it is the line of `name`."""
        block = bisect_right(self._firsts, name) - 1
        if block < 0:
            return 0, False
        lines = self._lines(block)
        within = bisect_left(lines, name, key=_id)
        return block * BLOCK + within, within < len(lines) and _id(lines[within]) == name

    def placed(self, index: int) -> dict[str, Any]:
        """Return the line of this number with its path to the root, `{"index","line","path"}`."""
        lines = self._lines(index >> LEVEL)
        leaves = {index >> LEVEL: [leaf_hash(each) for each in lines]}

        def node(level: int, position: int) -> bytes:
            if level >= LEVEL:
                return self._levels[level - LEVEL][position]
            block = position >> (LEVEL - level)
            if block not in leaves:  # of the last block, which is not whole, a path may need a part
                leaves[block] = [leaf_hash(each) for each in self._lines(block)]
            first = (position << level) - (block << LEVEL)
            return root(leaves[block][first : first + (1 << level)])

        path = inclusion_path_at(node, index, self.size)
        return {"index": index, "line": lines[index % BLOCK].decode(), "path": [each.hex() for each in path]}

    def _lines(self, block: int) -> list[bytes]:
        """Read the lines of a block again; Unavailable where they are not those that were read at first."""
        start, end = self._places[block], self._places[block + 1]
        lines = self._part(start, end - start).split(b"\n")[:-1]
        if root(map(leaf_hash, lines)) != self._roots[block]:
            raise Unavailable("名录文档已损坏", "the stored list was altered", "LEDGER 3")
        return lines


class Shelf:
    """The lists that were asked for last; of many who ask for one at once one reads it, and nobody else waits for that."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[threading.Lock, list[Listed]]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, sha256: str, make: Callable[[], Listed]) -> Listed:
        """Return the list of this hash, which `make` reads where it is not at hand."""
        with self._lock:
            lock, made = self._kept.setdefault(sha256, (threading.Lock(), []))
            self._kept.move_to_end(sha256)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        with lock:
            if not made:
                made.append(make())
            return made[0]


def _blocks(lines: Iterable[bytes]) -> Iterator[Sequence[bytes]]:
    block: list[bytes] = []
    for line in lines:
        block.append(line)
        if len(block) == BLOCK:
            yield block
            block = []
    if block:
        yield block


def _id(line: bytes) -> str:
    return str(json.loads(line)["id"])
