"""Views can be thrown away: made anew from the entries they hold the same rows, which a digest over them shows.

They are made anew beside the running service, in a database of their own that nobody else sees, and put in the place of
the old ones in one transaction: a reader sees the old rows or the new ones, and a command waits only while rows are copied.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from projections import bulk, tables, tail
from projections.follow import Log
from projections.tables import Connection

_ENCODE = json.JSONEncoder(ensure_ascii=False).encode
MANY = 10 * tail.BATCH
"""Entries per transaction where nobody waits: a row that changes several times meanwhile is written once."""


def rebuild(log: Log) -> tuple[str, str]:
    """Make every view anew from the log as far as the views had come; return the digest over the old and the new rows.

    Raises ViewError where an entry cannot be folded; then the old rows stay.
    """
    with log.reading() as connection, tables.snapshot(connection):
        size = tail.position(connection)
        before = digest(connection)
    with _scratch() as fresh:
        _fold(log, fresh, size)
        after = digest(fresh)
        with log.writing() as connection:
            reached = tail.hold(connection)
            _fold(log, fresh, reached)
            _replace(connection, fresh)
            tail.move(connection, reached)
    return before, after


def digest(connection: Connection) -> str:
    """Return the hex SHA-256 over all rows of all views, tables by name and rows in the order of their primary keys.

    The same log gives the same digest on SQLite and on PostgreSQL.
    """
    hashing = hashlib.sha256()
    for name, table in sorted(tail.TABLES.items()):
        hashing.update(f"{name} ({tables.names(table.columns)})\n".encode())
        for rows in tables.scan(connection, table) if tables.exists(connection, name) else ():
            hashing.update(_ENCODE(rows)[1:-1].encode() + b", ")  # at once, and alike however rows come in pages
    return hashing.hexdigest()


@contextmanager
def _scratch() -> Iterator[sqlite3.Connection]:
    """Give an empty database on the disk of this machine, which is gone when it is closed."""
    with closing(sqlite3.connect("", isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = OFF")
        tail.make(connection)
        yield connection


def _fold(log: Log, connection: Connection, size: int) -> None:
    reached = tail.position(connection)
    while reached < size:
        reached = tail.catch_up(connection, log.entries, log.document, size, MANY)


def _replace(connection: Connection, fresh: Connection) -> None:
    for name, table in tail.TABLES.items():
        tables.execute(connection, f"DELETE FROM {name}")
        for rows in tables.scan(fresh, table):
            bulk.insert(connection, name, table.columns, rows)
