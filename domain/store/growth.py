"""The end of a log that grows: its last leaf, when that was recorded, and the right edge of the tree.

The edge are the hashes that the next leaf may complete to larger subtrees.
"""

from __future__ import annotations

from collections.abc import Callable

from verify.tree import node_hash


class Growth:
    """A tree of `size` leaves, of which only the complete subtrees at its right edge are kept.

    `leaf` is the last one, empty before the first; `at` is for whoever adds leaves to say when.
    """

    def __init__(self, size: int, leaf: bytes, at: str, edge: dict[int, bytes]) -> None:
        self.size, self.leaf, self.at, self._edge = size, leaf, at, edge

    @classmethod
    def of(cls, size: int, leaf: bytes, at: str, node: Callable[[int, int], bytes]) -> Growth:
        """Return the edge at `size` from stored subtrees; `node(level, position)` gives their hashes."""
        edge = {level: node(level, (size >> level) - 1) for level in range(size.bit_length()) if size >> level & 1}
        return cls(size, leaf, at, edge)

    def copy(self) -> Growth:
        """Return a tree that grows by itself: a transaction that is undone leaves the old one as it was."""
        return Growth(self.size, self.leaf, self.at, dict(self._edge))

    def add(self, leaf: bytes) -> bytes:
        """Take the next leaf, and return the hashes of the subtrees that it completes, over 2, 4, 8 … leaves, joined."""
        self.leaf, level, position, made = leaf, 0, self.size, b""
        while position & 1:
            leaf = node_hash(self._edge[level], leaf)
            level, position, made = level + 1, position >> 1, made + leaf
        self._edge[level] = leaf
        self.size += 1
        return made
