"""Roots and proofs in one query: first it is noted which hashes they are made of, then all of them are read at once.

A subtree over 2^level leaves is complete with its last leaf, so its hash stands in the row of that entry: after the leaf
itself (level 0), the column `subtrees` holds the hashes of the levels 1, 2 … that the entry completes, 32 bytes each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from verify.nodes import Node

T = TypeVar("T")
Places = Collection[tuple[int, int]]
"""(level, position) of whole subtrees; level 0 are the leaves."""
Read = Callable[[Sequence[int]], Mapping[int, tuple[bytes, bytes]]]
"""Reads (leaf, subtrees) of the entries with these indexes, as far as there are such."""


def hashes_of(read: Read, places: Places) -> list[bytes]:
    """Return the hashes of whole subtrees in the order of their places. KeyError where one is not stored."""
    last = [(position + 1 << level) - 1 for level, position in places]
    rows = read(last)
    return [_in(rows[index], level) for index, (level, _) in zip(last, places, strict=True)]


def _in(row: tuple[bytes, bytes], level: int) -> bytes:
    return row[1][32 * (level - 1) : 32 * level] if level else row[0]


def at_once(read: Read, compute: Callable[[Node], T]) -> T:
    """Return `compute(node)`, for which `read` is called once. KeyError where a subtree is not stored.

    Which hashes a root or a path needs depends on sizes alone, never on the hashes.
    """
    wanted: dict[tuple[int, int], bytes] = {}

    def note(level: int, position: int) -> bytes:
        return wanted.setdefault((level, position), bytes(32))

    compute(note)
    found = dict(zip(wanted, hashes_of(read, wanted), strict=True))
    return compute(lambda level, position: found[level, position])
