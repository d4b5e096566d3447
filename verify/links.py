"""The links of a chain, followed with nothing but SHA-256: no parser has to be trusted for them.

leaf(i) = SHA-256(0x00 || line i), and bytes 9 to 73 of line i + 1 are its hex. The leaves are folded into the perfect
subtrees of RFC 6962 on the way. Source: ledger specification, section 1.
"""

from __future__ import annotations

import hashlib
from binascii import hexlify
from collections.abc import Sequence

from verify.entries import PREV
from verify.tree import HASH_SIZE

Broken = tuple[int, bytes]
"""The number of a line within its segment, and the bytes that stand there in the place of its predecessor's leaf."""


class Links:
    """The chain of one segment: its `leaves` one after the other, what its `first` line names, and where it is `broken`."""

    def __init__(self) -> None:
        self.leaves = bytearray()
        self.first = b""
        self.broken: list[Broken] = []
        self._single: list[bytes] = []

    def take(self, lines: Sequence[bytes]) -> None:
        """Follow some more lines, at least one. The whole run is compared at once, and line by line only where it differs."""
        sha256, begin, end = hashlib.sha256, PREV.start, PREV.stop
        before = hexlify(self.leaves[-HASH_SIZE:])
        at = len(self.leaves) // HASH_SIZE
        single = [sha256(b"\x00" + line).digest() for line in lines]
        leaves = b"".join(single)
        stated = b"".join([line[begin:end] for line in lines])
        if not at:
            self.first = before = lines[0][PREV]
        due = before + hexlify(leaves[:-HASH_SIZE])
        if stated != due:
            self.broken += _differences(at, lines, due, len(before))
        self.leaves += leaves
        self._single += single

    def leaf(self, line: int) -> bytes:
        """Return the leaf of a line of this segment."""
        return bytes(self.leaves[line * HASH_SIZE : (line + 1) * HASH_SIZE])

    def subtrees(self) -> list[bytes]:
        """Return the roots of the perfect subtrees over the leaves, largest first; once, when all lines were taken."""
        sha256 = hashlib.sha256
        found: list[bytes] = []
        level, self._single = self._single, []
        while level:
            if len(level) & 1:
                found.append(level.pop())
            pairs = iter(level)
            level = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
        return found[::-1]


def _differences(at: int, lines: Sequence[bytes], due: bytes, first: int) -> list[Broken]:
    """Return the lines that do not name their predecessor; the first `first` bytes of `due` are what the first one should name."""
    found = []
    place = 0
    for number, line in enumerate(lines):
        end = first if number == 0 else place + 2 * HASH_SIZE
        if line[PREV] != due[place:end]:
            found.append((at + number, line[PREV]))
        place = end
    return found
