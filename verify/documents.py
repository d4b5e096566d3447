"""A list as a document: lines of canonical JSON sorted by id, with its count and its RFC 6962 root.

A leaf of the root is the line without its line feed, so one line of a million is proved with twenty hashes. Lists are
written and read line by line: a list of a million lines takes no more memory than one of a thousand. Source: ledger
specification, section 3.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import Any, Self

from verify import canonical
from verify.tree import Frontier, leaf_hash, root

LINES = "application/jsonl"
JSON = "application/json"
PIECE = 1 << 20
"""Documents are handed on in pieces of about this many bytes."""
IN_MEMORY = 4 * PIECE
"""A list that is longer than this waits on the disk."""
LONGEST = 4 * PIECE
"""The most bytes of one line."""
TOGETHER = 1_000
"""So many lines are hashed and written at once."""

Row = dict[str, Any]


class DocumentError(ValueError):
    """These bytes are not a list of this specification; the message names the line."""


class Listing:
    """A list that is written line by line, and then is ready to be stored: its pieces, count, root, length and hash.

    Who has read of it writes no more to it.
    """

    def __init__(self) -> None:
        self._spool = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - it is closed with the list
        self._hash = hashlib.sha256()
        self._tree = Frontier()
        self._size = 0
        self._last: str | None = None
        self._waiting: list[bytes] = []

    def __del__(self) -> None:
        self._spool.close()

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Self:
        """Return the list of `rows` that come in the order of their ids. DocumentError where they do not."""
        written = cls()
        for row in rows:
            written.add(row["id"], canonical.encode(row))
        return written

    def add(self, name: str, line: bytes) -> None:
        """Write the next line, the canonical JSON of a row with the id `name`. DocumentError where it is out of order."""
        if self._last is not None and name <= self._last:  # the order of code points is that of UTF-8 bytes
            fault = "occurs twice" if name == self._last else "is not after the one before it"
            raise DocumentError(f"the id {name!r} {fault}")
        if len(line) > LONGEST:
            raise DocumentError(f"the line of {name!r} is longer than {LONGEST} bytes")
        self._last = name
        self._waiting.append(line)
        if len(self._waiting) == TOGETHER:
            self._write()

    def _write(self) -> None:
        if self._waiting:
            self._tree.extend(map(leaf_hash, self._waiting))
            piece = b"\n".join([*self._waiting, b""])
            self._waiting.clear()
            self._hash.update(piece)
            self._size += self._spool.write(piece)

    @property
    def count(self) -> int:
        """The number of lines."""
        return self._tree.size + len(self._waiting)

    @property
    def root(self) -> bytes:
        """The RFC 6962 root over the lines."""
        self._write()
        return self._tree.root()

    @property
    def fingerprint(self) -> dict[str, Any]:
        """What entries say of a list: `{"count","root"}`."""
        return {"count": self.count, "root": self.root.hex()}

    @property
    def reference(self) -> Row:
        """How an entry refers to the list: `{"sha256","bytes","type","public"}`."""
        self._write()
        return {"sha256": self._hash.hexdigest(), "bytes": self._size, "type": LINES, "public": True}

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes of the document."""
        self._write()
        place = 0
        while True:
            self._spool.seek(place)
            piece = self._spool.read(PIECE)
            if not piece:
                return
            place += len(piece)
            yield piece

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Row]:
        return map(json.loads, own_lines(self.pieces()))


def reference(content: bytes, media: str = LINES, public: bool = True) -> Row:
    """Return how an entry refers to a document: `{"sha256","bytes","type","public"}`."""
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "type": media, "public": public}


def listing(rows: Iterable[Row]) -> Listing:
    """Return the list of a few `rows` in any order; DocumentError where an id occurs twice."""
    return Listing.of(sorted(rows, key=lambda row: str(row["id"])))


def own_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of a list that this program made itself and keeps under its hash, one at a time.

    Nothing is checked: this tells nothing about a list that comes from elsewhere, for which there is `parse`.
    """
    rest = b""
    for piece in pieces:
        lines = (rest + piece).split(b"\n")
        rest = lines.pop()
        yield from lines


def lines_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of any list without their line feeds; DocumentError for one that never ends."""
    rest = b""
    number = 0
    for piece in pieces:
        lines = (rest + piece).split(b"\n")
        rest = lines.pop()
        if len(lines[0] if lines else rest) > LONGEST:
            raise DocumentError(f"line {number + 1}: longer than {LONGEST} bytes")
        number += len(lines)
        yield from lines
    if rest:
        raise DocumentError("the last line has no line feed")


def parse(pieces: Iterable[bytes], read: Callable[[bytes], Any] | None = None) -> Iterator[tuple[bytes, Any]]:
    """Yield (line, row) of a list; DocumentError names the first line that is not canonical, sorted and unique.

    `read` makes something else of a line than its row, something with an `id`; it is as strict as `row_of`.
    """
    last: str | None = None
    for number, line in enumerate(lines_of(pieces), start=1):
        try:
            row: Any = row_of(line) if read is None else read(line)
        except canonical.NotCanonical as error:
            raise DocumentError(f"line {number}: {error}") from error
        name = row["id"] if read is None else row.id
        if last is not None and name <= last:
            raise DocumentError(f"line {number}: the id {name!r} is not after the one before it")
        last = name
        yield line, row


def row_of(line: bytes) -> Row:
    """Return the row of one line; NotCanonical where it is none."""
    row = canonical.decode(line)
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        raise canonical.NotCanonical("not an object with an id")
    return row


def root_of(content: bytes) -> bytes:
    """Return the RFC 6962 root over the lines of a list."""
    return root(leaf_hash(line) for line in content.split(b"\n")[:-1])
