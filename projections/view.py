"""A view is a few tables that are folded from the entries of some streams, and this is what all views share.

Everything in a view follows from entries and the documents they name, so two folds of one log hold equal tables.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from sqlite3 import Connection
from typing import Any

from verify import canonical, documents
from verify.entries import Entry

Documents = Callable[[str], bytes | None]
Record = dict[str, Any]
Decoders = Mapping[str, Callable[[Any], Any]]
Parameters = tuple[Any, ...] | dict[str, Any]


class ViewError(ValueError):
    """An entry cannot be folded; a table that skipped it would tell another story than the log."""


class UnknownKind(ViewError):
    """The entry stands in a stream of this view, but the view does not know its kind."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(f"entry {entry.index}: this view does not know {entry.kind}")


@dataclass(frozen=True)
class View:
    """The tables of one view (name -> columns with the primary key), its indexes, and how it folds one entry."""

    name: str
    nouns: frozenset[str]
    tables: Mapping[str, str]
    fold: Callable[[Connection, Entry, Documents], None]
    indexes: tuple[str, ...] = ()

    def statements(self) -> list[str]:
        """Return the SQL that makes the tables."""
        made = [f"CREATE TABLE {name} ({columns}) STRICT, WITHOUT ROWID" for name, columns in self.tables.items()]
        return [*made, *(f"CREATE INDEX {index}" for index in self.indexes)]

    def schema(self) -> str:
        """Return a fingerprint of the tables: where it changed, what was folded before has another form."""
        return sha256("\n".join(self.statements()).encode()).hexdigest()

    def make(self, connection: Connection) -> None:
        """Make the tables anew and empty."""
        for table in self.tables:
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in self.statements():
            connection.execute(statement)


def moment(entry: Entry) -> Record:
    """Return where, when and by whom an entry was made, as a view shows one step of a procedure."""
    actor = entry.actor
    return {"index": entry.index, "at": entry.at, "account": actor["account"], "unit": actor["unit"]}


def content(read: Documents, reference: Mapping[str, Any]) -> bytes:
    """Return the bytes of a document that an entry refers to; ViewError where they are not there."""
    found = read(reference["sha256"])
    if found is None:
        raise ViewError(f"the document {reference['sha256']} is missing")
    return found


def lines(read: Documents, listing: Mapping[str, Any]) -> list[Record]:
    """Return the lines of the list document that an entry carries under `document`."""
    return documents.parse(content(read, listing["document"]))


def spelled(value: Any) -> Any:
    """Return a value as a column holds it: lists and objects as canonical JSON, truth as 0 or 1."""
    if isinstance(value, dict | list):
        return canonical.encode(value).decode()
    return int(value) if isinstance(value, bool) else value


def put(connection: Connection, table: str, **values: Any) -> None:
    """Insert one row. Names of tables and columns are ours alone, never of a caller."""
    put_all(connection, table, [values])


def put_all(connection: Connection, table: str, rows: Iterable[Record]) -> None:
    """Insert rows that all have the keys of the first one."""
    rows = list(rows)
    if rows:
        columns = ", ".join(f'"{name}"' for name in rows[0])
        slots = ", ".join("?" * len(rows[0]))
        values = ([spelled(row[name]) for name in rows[0]] for row in rows)
        connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({slots})", values)


def change(connection: Connection, table: str, key: Record, **values: Any) -> None:
    """Change the one row with this key; ViewError where there is none, because an entry before it was missed."""
    assignments = ", ".join(f'"{name}" = ?' for name in values)
    condition = " AND ".join(f'"{name}" = ?' for name in key)
    done = connection.execute(
        f"UPDATE {table} SET {assignments} WHERE {condition}", [*map(spelled, values.values()), *key.values()]
    )
    if done.rowcount != 1:
        raise ViewError(f"{table} has no row {key}")


def fetch(connection: Connection, sql: str, given: Parameters = (), decode: Decoders | None = None) -> list[Record]:
    """Return the rows of a query as dicts; `decode` names the columns that hold JSON or truth, None stays None."""
    cursor = connection.execute(sql, given)
    names = [column[0] for column in cursor.description]
    decoders = decode or {}

    def read(name: str, value: Any) -> Any:
        return decoders[name](value) if name in decoders and value is not None else value

    return [{name: read(name, value) for name, value in zip(names, row, strict=True)} for row in cursor]


def fetch_one(
    connection: Connection, sql: str, given: Parameters = (), decode: Decoders | None = None
) -> Record | None:
    """Return the first row of a query, None where there is none."""
    return next(iter(fetch(connection, sql, given, decode)), None)


def decoders(json_columns: Iterable[str] = (), truths: Iterable[str] = ()) -> Decoders:
    """Return how to read columns that hold JSON, and columns that hold truth as 0 or 1."""
    return {**dict.fromkeys(json_columns, json.loads), **dict.fromkeys(truths, bool)}
