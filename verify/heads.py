"""The leaves of a log in one string of bytes, and its heads: the roots at any sizes, for which few leaves are hashed again.

A whole segment is a perfect subtree, so the tree over segments is a tree like any other. Source: RFC 6962, section 2.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from verify.tree import EMPTY_ROOT, HASH_SIZE, Frontier


class Leaves(Sequence[bytes]):
    """The leaf hashes of all lines, sound or not."""

    def __init__(self) -> None:
        self.joined = bytearray()

    def __len__(self) -> int:
        return len(self.joined) // HASH_SIZE

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> list[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | list[bytes]:
        if isinstance(place, slice):
            return [self._at(number) for number in range(*place.indices(len(self)))]
        return self._at(range(len(self))[place])

    def __iter__(self) -> Iterator[bytes]:
        return map(self._at, range(len(self)))

    def _at(self, number: int) -> bytes:
        return bytes(self.joined[number * HASH_SIZE : (number + 1) * HASH_SIZE])


class Heads:
    """The tree over the segments that came: the roots of those that have `length` lines, and the subtrees of the last one."""

    def __init__(self) -> None:
        self.leaves = Leaves()
        self._length = 0
        self._whole: list[bytes] = []
        self._rest: list[bytes] = []

    def take(self, leaves: bytes | bytearray, subtrees: list[bytes]) -> None:
        """Take the next segment: all have the same number of leaves, a power of two, but the last, which may have fewer."""
        self._length = self._length or len(leaves) // HASH_SIZE
        self.leaves.joined += leaves
        if len(leaves) == self._length * HASH_SIZE and len(subtrees) == 1:
            self._whole += subtrees
        else:
            self._rest = subtrees

    def roots(self, wanted: Iterable[int]) -> dict[int, bytes]:
        """Return size -> root for 0, for all leaves, and for those `wanted` sizes that the log has."""
        size = len(self.leaves)
        heads = {0: EMPTY_ROOT}
        before, tree = Frontier(), Frontier()
        for each in sorted(each for each in set(wanted) if 0 < each < size):
            start = each - each % self._length
            if tree.size < start:
                for root in self._whole[before.size : start // self._length]:
                    before.append(root)
                tree = Frontier(start, before.hashes)
            for leaf in self.leaves[tree.size : each]:
                tree.append(leaf)
            heads[each] = tree.root()
        for root in self._whole[before.size :]:
            before.append(root)
        heads[size] = Frontier(size, [*before.hashes, *self._rest]).root()
        return heads
