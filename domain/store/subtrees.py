"""Roots and proofs in one query: first it is noted which hashes they are made of, then all of them are read at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from verify.nodes import Node

T = TypeVar("T")
Places = Collection[tuple[int, int]]
"""(level, position) of whole subtrees; level 0 are the leaves."""
Hashes = Mapping[tuple[int, int], bytes]


def at_once(read: Callable[[Places], Hashes], compute: Callable[[Node], T]) -> T:
    """Return `compute(node)`, for which `read` is called once. KeyError where a subtree is not stored.

    Which hashes a root or a path needs depends on sizes alone, never on the hashes.
    """
    wanted: dict[tuple[int, int], bytes] = {}

    def note(level: int, position: int) -> bytes:
        return wanted.setdefault((level, position), bytes(32))

    compute(note)
    found = read(wanted.keys())
    return compute(lambda level, position: found[level, position])
