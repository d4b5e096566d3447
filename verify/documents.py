"""A list as a document: lines of canonical JSON sorted by id, with its count and its RFC 6962 root.

A leaf of the root is the line without its line feed, so one line of a million is proved with twenty hashes.
Source: ledger specification, section 3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from verify import canonical
from verify.tree import leaf_hash, root

LINES = "application/jsonl"
JSON = "application/json"


class DocumentError(ValueError):
    """These bytes are not a list of this specification; the message names the line."""


@dataclass(frozen=True)
class Listing:
    """A list, ready to be stored: its bytes, its number of lines, and the root over them."""

    content: bytes
    count: int
    root: bytes


def reference(content: bytes, media: str = LINES, public: bool = True) -> dict[str, str | int | bool]:
    """Return how an entry refers to a document: `{"sha256","bytes","type","public"}`."""
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "type": media, "public": public}


def listing(rows: Iterable[dict[str, Any]]) -> Listing:
    """Return the list of `rows`, sorted by the UTF-8 bytes of `id`; DocumentError where an id occurs twice."""
    lines = [canonical.encode(row) for row in _sorted(rows)]
    return Listing(b"".join(line + b"\n" for line in lines), len(lines), root(map(leaf_hash, lines)))


def _sorted(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    ordered = sorted(rows, key=lambda row: row["id"].encode("utf-8"))
    for before, after in pairwise(ordered):
        if before["id"] == after["id"]:
            raise DocumentError(f"the id {after['id']!r} occurs twice")
    return ordered


def parse(content: bytes) -> list[dict[str, Any]]:
    """Return the rows of a list; DocumentError names the first line that is not canonical, sorted and unique."""
    if content and not content.endswith(b"\n"):
        raise DocumentError("the last line has no line feed")
    rows: list[dict[str, Any]] = []
    last: bytes | None = None
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        try:
            row = canonical.decode(line)
        except canonical.NotCanonical as error:
            raise DocumentError(f"line {number}: {error}") from error
        if not isinstance(row, dict) or not isinstance(row.get("id"), str):
            raise DocumentError(f"line {number}: not an object with an id")
        key = row["id"].encode("utf-8")
        if last is not None and key <= last:
            raise DocumentError(f"line {number}: the id {row['id']!r} is not after the one before it")
        last = key
        rows.append(row)
    return rows


def own_lines(content: bytes) -> Iterator[str]:
    """Yield the lines of a list that this program made itself and keeps under its hash, one at a time.

    Nothing is checked: this tells nothing about a list that comes from elsewhere, for which there is `parse`.
    """
    start = 0
    while (end := content.find(b"\n", start)) >= 0:
        yield content[start:end].decode()
        start = end + 1


def root_of(content: bytes) -> bytes:
    """Return the RFC 6962 root over the lines of a list."""
    return root(leaf_hash(line) for line in content.split(b"\n")[:-1])
