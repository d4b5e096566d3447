"""The right edge of a growing tree: the hashes that the next leaf may complete to larger subtrees."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from verify.tree import node_hash

Node = tuple[int, int, bytes]
"""(level, position, hash) of a complete subtree over 2^level leaves."""


class Growth:
    """A tree of `size` leaves, of which only the complete subtrees at its right edge are kept."""

    def __init__(self, size: int = 0, edge: dict[int, bytes] | None = None) -> None:
        self.size, self._edge = size, edge or {}

    @classmethod
    def of(cls, size: int, node: Callable[[int, int], bytes]) -> Growth:
        """Return the edge at `size` from stored subtrees; `node(level, position)` gives their hashes."""
        edge = {level: node(level, (size >> level) - 1) for level in range(size.bit_length()) if size >> level & 1}
        return cls(size, edge)

    def copy(self) -> Growth:
        """Return a tree that grows by itself: a transaction that is undone leaves the old one as it was."""
        return Growth(self.size, dict(self._edge))

    def add(self, leaf: bytes) -> Iterator[Node]:
        """Take the next leaf, and yield the subtrees that it completes."""
        level, position, hash_ = 0, self.size, leaf
        while position & 1:
            level, position, hash_ = level + 1, position >> 1, node_hash(self._edge[level], hash_)
            yield level, position, hash_
        self._edge[level] = hash_
        self.size += 1
