"""A view is a few tables that are folded from the entries of some streams, and this is what all views share.

Everything in a view follows from entries and the documents they name, so two folds of one log hold equal tables.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from projections.rows import Rows, ViewError
from projections.tables import Dialect, Record, Table
from verify import documents
from verify.entries import Entry

Documents = Callable[[str], Iterator[bytes] | None]


@dataclass(frozen=True)
class View:
    """The tables of one view (name -> columns with the primary key), its indexes, and how it folds one entry."""

    name: str
    nouns: frozenset[str]
    definitions: Mapping[str, str]
    fold: Callable[[Rows, Entry, Documents], None]
    indexes: tuple[str, ...] = ()

    @property
    def tables(self) -> list[Table]:
        """The tables, as they are defined."""
        return [Table(name, definition) for name, definition in self.definitions.items()]

    def statements(self, dialect: Dialect) -> list[str]:
        """Return the SQL that makes the tables, empty."""
        made = [table.statement(dialect) for table in self.tables]
        return [*made, *(f"CREATE INDEX {index}" for index in self.indexes)]

    def schema(self) -> str:
        """Return a fingerprint of the tables: where it changed, what was folded before has another form."""
        described = [f"{table.name} ({' '.join(table.definition.split())})" for table in self.tables]
        return sha256("\n".join([*described, *self.indexes]).encode()).hexdigest()


def moment(entry: Entry) -> Record:
    """Return where, when and by whom an entry was made, as a view shows one step of a procedure."""
    actor = entry.actor
    return {"index": entry.index, "at": entry.at, "account": actor["account"], "unit": actor["unit"]}


def content(read: Documents, reference: Mapping[str, Any]) -> Iterator[bytes]:
    """Return the bytes of a document that an entry refers to, in pieces; ViewError where they are not there."""
    found = read(reference["sha256"])
    if found is None:
        raise ViewError(f"the document {reference['sha256']} is missing")
    return found


def lines(read: Documents, listing: Mapping[str, Any]) -> Iterator[Record]:
    """Yield the lines of the list document that an entry carries under `document`."""
    return map(json.loads, documents.own_lines(content(read, listing["document"])))
