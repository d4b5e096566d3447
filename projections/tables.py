"""The tables of the views on the database that is handed over: one core SQL for SQLite and for PostgreSQL.

Statements are written once, with `?` or `:name` for values, TEXT and BIGINT for types, JSON kept as TEXT. Here stands all
that differs between the two: how a value's place is spelled, how a column sorts, who may fold, what a snapshot is.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, Protocol

Record = dict[str, Any]
Decoders = Mapping[str, Callable[[Any], Any]]
Given = Sequence[Any] | Mapping[str, Any]
Dialect = Literal["sqlite", "postgres"]

PAGE = 5_000
"""Rows that are read at once where a whole table is read."""

_SLOT = re.compile(r"\?|(?<![:\w]):(\w+)|%")
_COLUMN = re.compile(r'\s*"?(\w+)"? (TEXT|BIGINT)( NOT NULL)?( PRIMARY KEY)?')
_KEY = re.compile(r"PRIMARY KEY \(([^)]*)\)")
_SPELL = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


class Cursor(Protocol):
    """What both drivers answer with."""

    @property
    def description(self) -> Any:
        """One sequence per column, the name first."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def execute(self, sql: str, given: Any = ..., /) -> Any:
        """Run one statement."""

    def executemany(self, sql: str, given: Any, /) -> Any:
        """Run one statement for many rows."""

    def fetchone(self) -> Any:
        """Return the next row."""

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """A connection of either driver, `sqlite3` or psycopg, that gives rows as tuples."""

    def cursor(self) -> Cursor:
        """Return a new cursor."""


@dataclass(frozen=True)
class Table:
    """One table: its columns as they stand in the statement that makes it, and what can be read from that."""

    name: str
    definition: str
    columns: tuple[str, ...] = field(init=False)
    key: tuple[str, ...] = field(init=False)
    types: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        composed = _KEY.search(self.definition)
        found = [_COLUMN.match(part) for part in _KEY.sub("", self.definition).rstrip(", \n").split(",")]
        parts = [part.groups() for part in found if part]
        if len(parts) != len(found):
            raise ValueError(f"{self.name}: a column is a name, TEXT or BIGINT, and perhaps NOT NULL")
        single = tuple(name for name, _, _, is_key in parts if is_key)
        key = tuple(name.strip().strip('"') for name in composed[1].split(",")) if composed else single
        object.__setattr__(self, "columns", tuple(name for name, *_ in parts))
        object.__setattr__(self, "types", {name: kind for name, kind, *_ in parts})
        object.__setattr__(self, "key", key)

    def statement(self, dialect: Dialect) -> str:
        """Return the SQL that makes the table. On both databases text sorts by its UTF-8 bytes, so pages are equal."""
        if dialect == "sqlite":
            columns = self.definition.replace(" BIGINT", " INTEGER")
            return f"CREATE TABLE {self.name} ({columns}) STRICT, WITHOUT ROWID"
        columns = self.definition.replace(" TEXT", ' TEXT COLLATE "C"')
        return f"CREATE TABLE {self.name} ({columns})"


def dialect_of(connection: Connection) -> Dialect:
    """Return which database a connection leads to."""
    return "sqlite" if isinstance(connection, sqlite3.Connection) else "postgres"


def integrity_error(connection: Connection) -> type[Exception]:
    """Return what the driver raises where a row breaks a rule of its table; both offer it on the connection."""
    found: type[Exception] = connection.IntegrityError  # type: ignore[attr-defined]
    return found


@lru_cache(maxsize=1024)
def spelled_for(dialect: Dialect, sql: str) -> str:
    """Return a statement with the places of its values as the driver wants them."""
    if dialect == "sqlite":
        return sql
    return _SLOT.sub(lambda slot: f"%({slot[1]})s" if slot[1] else "%s" if slot[0] == "?" else "%%", sql)


def execute(connection: Connection, sql: str, given: Given = ()) -> Cursor:
    """Run one statement and return its cursor."""
    cursor = connection.cursor()
    cursor.execute(spelled_for(dialect_of(connection), sql), given)
    return cursor


def fetch(connection: Connection, sql: str, given: Given = (), decode: Decoders | None = None) -> list[Record]:
    """Return the rows of a query as dicts; `decode` names the columns that hold JSON or truth, None stays None."""
    cursor = execute(connection, sql, given)
    columns = [column[0] for column in cursor.description]
    decoders = decode or {}

    def read(name: str, value: Any) -> Any:
        return decoders[name](value) if name in decoders and value is not None else value

    return [{name: read(name, value) for name, value in zip(columns, row, strict=True)} for row in cursor]


def fetch_one(connection: Connection, sql: str, given: Given = (), decode: Decoders | None = None) -> Record | None:
    """Return the first row of a query, None where there is none."""
    return next(iter(fetch(connection, sql, given, decode)), None)


def decoders(json_columns: Iterable[str] = (), truths: Iterable[str] = ()) -> Decoders:
    """Return how to read columns that hold JSON, and columns that hold truth as 0 or 1."""
    return {**dict.fromkeys(json_columns, json.loads), **dict.fromkeys(truths, bool)}


def spelled(value: Any) -> Any:
    """Return a value as a column holds it: lists and objects as JSON in its canonical spelling, truth as 0 or 1."""
    kind = type(value)
    if kind is str or kind is int or value is None:
        return value
    if kind is bool:
        return int(value)
    plain = kind is list and set(map(type, value)) == {str}
    return _texts(tuple(value)) if plain else _SPELL(value)


@lru_cache(maxsize=4096)
def _texts(value: tuple[str, ...]) -> str:
    """Spell a list of texts: categories, methods, teams; the same ones come again and again."""
    return _SPELL(list(value))


def names(columns: Iterable[str]) -> str:
    """Return the names of columns, which are ours alone and never of a caller, as a list in SQL."""
    return ", ".join(f'"{name}"' for name in columns)


def scan(connection: Connection, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    """Yield all rows of a table, page by page, in the order of its primary key."""
    key, columns = names(table.key), names(table.columns)
    places = [table.columns.index(name) for name in table.key]
    slots = ", ".join("?" * len(places))
    behind, last = "", ()
    while True:
        sql = f"SELECT {columns} FROM {table.name} {behind} ORDER BY {key} LIMIT {PAGE}"
        rows = [tuple(row) for row in execute(connection, sql, last)]
        if rows:
            yield rows
        if len(rows) < PAGE:
            return
        behind, last = f"WHERE ({key}) > ({slots})", tuple(rows[-1][place] for place in places)


def exists(connection: Connection, table: str) -> bool:
    """Whether there is a table of this name."""
    catalogue = {"sqlite": "SELECT name FROM sqlite_master WHERE name = ?", "postgres": "SELECT to_regclass(?)"}
    row = execute(connection, catalogue[dialect_of(connection)], (table,)).fetchone()
    return row is not None and row[0] is not None


def lock_row(connection: Connection, table: str, condition: str, wait: bool) -> bool:
    """Take one row until the transaction ends; False where another transaction holds it and `wait` is off.

    A transaction that writes to SQLite is the only one there is: nothing to take.
    """
    suffix = "" if dialect_of(connection) == "sqlite" else " FOR UPDATE" if wait else " FOR UPDATE SKIP LOCKED"
    return execute(connection, f"SELECT 1 FROM {table} WHERE {condition}{suffix}").fetchone() is not None


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """Let every query see the same moment; `connection` is in no transaction yet, and in none afterwards."""
    repeatable = "" if dialect_of(connection) == "sqlite" else " ISOLATION LEVEL REPEATABLE READ"
    execute(connection, f"BEGIN{repeatable}")
    try:
        yield
    finally:
        execute(connection, "ROLLBACK")
