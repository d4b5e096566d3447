"""The library: the documents that entries name, handed out only where their bytes are those that were named.

Nothing is kept: who needs the rows of a list reads them once and lets them go. Source: ledger specification, section 3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from verify import canonical, documents
from verify.entries import Entry
from verify.shape import misfit
from verify.source import Folder

REFERENCE_KEYS = frozenset({"sha256", "bytes", "type", "public"})
LARGEST = 1 << 29
"""The most bytes of a document that this verifier reads, about two million rows; a longer one stays unchecked."""
Row = dict[str, Any]
Reference = dict[str, Any]


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

    def read(self, reference: Reference) -> bytes:
        """Return the bytes of a document; Absent where they are not here or have another length or hash."""
        most = reference["bytes"]
        content = self.folder.read(f"documents/{reference['sha256']}", most) if most <= LARGEST else None
        if content is None or len(content) != most:
            raise Absent(reference["sha256"])
        if hashlib.sha256(content).hexdigest() != reference["sha256"]:
            raise Absent(reference["sha256"])
        return content

    def listing(self, data: dict[str, Any]) -> list[Row]:
        """Return the rows of `data["document"]`, whose `count` and `root` stand beside it. Absent, Unlike."""
        return rows_of(self.read(data["document"]), data["count"], data["root"])

    def record(self, reference: Reference, shape: Any) -> Any:
        """Return the one JSON value of a document that has `shape`. Absent, Unlike."""
        try:
            value = canonical.decode(self.read(reference))
        except canonical.NotCanonical as error:
            raise Unlike(f"不是规范的 JSON：{error}", f"it is not canonical JSON: {error}") from error
        reason = misfit(value, shape, "record")
        if reason:
            raise Unlike(f"格式不符：{reason}", reason)
        return value


def rows_of(content: bytes, count: int | None = None, root: str | None = None, shape: Any = None) -> list[Row]:
    """Return the rows of a list; Unlike where it is not canonical, or has another count, root or shape of its lines."""
    try:
        rows = documents.parse(content)
    except documents.DocumentError as error:
        raise Unlike(f"不是规范排序的清单：{error}", f"it is not a canonical sorted list: {error}") from error
    if count is not None and len(rows) != count:
        raise Unlike(f"写明 {count} 行，实有 {len(rows)} 行", f"{count} lines are stated, it has {len(rows)}")
    if root is not None and documents.root_of(content).hex() != root:
        raise Unlike(f"清单的根不是 {root}", f"its root is not {root}")
    if shape is not None:
        for row in rows:
            reason = misfit(row, shape, row["id"])
            if reason:
                raise Unlike(f"行不合格式：{reason}", f"a line does not fit: {reason}")
    return rows


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
