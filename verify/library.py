"""The library: the documents that entries name, handed out only where their bytes are those that were named.

Nothing is kept: the rows of a list are read one by one, and who needs them more than once keeps what he needs. Source:
ledger specification, section 3.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from verify import canonical, documents
from verify.documents import Row
from verify.entries import Entry
from verify.registry import Change, changes
from verify.shape import misfit
from verify.source import Folder
from verify.tree import Frontier, leaf_hash

REFERENCE_KEYS = frozenset({"sha256", "bytes", "type", "public"})
LARGEST = 1 << 29
"""The most bytes of a document that this verifier reads, about two million rows; a longer one stays unchecked."""
Reference = dict[str, Any]


T = TypeVar("T")


class Absent(Exception):
    """The bytes of a document are not here, or not those that were named; the documents check says which of both."""


class Unlike(Exception):
    """A document is here and is what was named, but is not the list that its entry says. `zh` and `en` say in what."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True)
class Library:
    """The documents of an export."""

    folder: Folder

    def pieces(self, reference: Reference) -> Iterator[bytes]:
        """Yield the bytes of a document piece by piece; Absent where they are not here or have another length or hash.

        They are hashed before the first piece is handed out, and again while they are: the file may be changed meanwhile.
        """
        name, size, sha256 = f"documents/{reference['sha256']}", reference["bytes"], reference["sha256"]
        if size > LARGEST or self.folder.sha256(name, size) != sha256:
            raise Absent(sha256)
        hashing = hashlib.sha256()
        for piece in self.folder.pieces(name, size):
            hashing.update(piece)
            yield piece
        if hashing.hexdigest() != sha256:
            raise Absent(sha256)

    def lines(self, data: dict[str, Any], shape: Any = None) -> Iterator[Row]:
        """Yield the rows of `data["document"]`, whose `count` and `root` stand beside it. Absent, Unlike.

        Whether they have that count and that root is known after the last one.
        """
        return rows_of(documents.parse(self.pieces(data["document"])), data["count"], data["root"], shape)

    def changes(self, data: dict[str, Any], kind: str) -> Iterator[Change]:
        """Yield the lines of the batch `data["document"]`. Absent, Unlike, RegistryError; see `lines`."""
        return rows_of(changes(self.pieces(data["document"]), kind), data["count"], data["root"])

    def listing(self, data: dict[str, Any], shape: Any = None) -> list[Row]:
        """Return all rows of a list that is not long. Absent, Unlike."""
        return list(self.lines(data, shape))

    def record(self, reference: Reference, shape: Any) -> Any:
        """Return the one JSON value of a document that has `shape`. Absent, Unlike."""
        try:
            value = canonical.decode(b"".join(self.pieces(reference)))
        except canonical.NotCanonical as error:
            raise Unlike(f"不是规范的 JSON：{error}", f"it is not canonical JSON: {error}") from error
        reason = misfit(value, shape, "record")
        if reason:
            raise Unlike(f"格式不符：{reason}", reason)
        return value


@dataclass(frozen=True)
class Listed:
    """A list of the library that was read and found right: whoever reads it again need not check it again."""

    library: Library
    reference: Reference
    count: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Row]:
        return map(json.loads, documents.own_lines(self.library.pieces(self.reference)))


def rows_of(
    lines: Iterable[tuple[bytes, T]], count: int | None = None, root: str | None = None, shape: Any = None
) -> Iterator[T]:
    """Yield the rows of a list as it is parsed; Unlike where it has another count, root or shape of its lines, or is none."""
    tree = Frontier()
    try:
        for line, row in lines:
            tree.append(leaf_hash(line))
            reason = misfit(row, shape, row["id"]) if isinstance(row, dict) and shape is not None else None
            if reason:
                raise Unlike(f"行不合格式：{reason}", f"a line does not fit: {reason}")
            yield row
    except documents.DocumentError as error:
        raise Unlike(f"不是规范排序的清单：{error}", f"it is not a canonical sorted list: {error}") from error
    if count is not None and tree.size != count:
        raise Unlike(f"写明 {count} 行，实有 {tree.size} 行", f"{count} lines are stated, it has {tree.size}")
    if root is not None and tree.root().hex() != root:
        raise Unlike(f"清单的根不是 {root}", f"its root is not {root}")


def references(entry: Entry) -> Iterator[Reference]:
    """Yield every document that an entry refers to, wherever in its data."""
    waiting: list[Any] = [entry.data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if value.keys() == REFERENCE_KEYS:
                yield value
            else:
                waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
