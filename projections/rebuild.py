"""Views can be thrown away: made anew from the entries they hold the same rows, which a digest over them shows."""

from __future__ import annotations

import hashlib
import json
from sqlite3 import Connection

from projections.tail import VIEWS, Entries, catch_up
from projections.view import Documents


def rebuild(connection: Connection, entries: Entries, documents: Documents, size: int) -> int:
    """Drop every view and fold the first `size` entries again; return `size`.

    All in the one transaction of the caller, so that a reader sees the old tables or the new ones, never half of them.
    """
    connection.execute("DROP TABLE IF EXISTS view_position")
    for view in VIEWS:
        view.make(connection)
    reached = 0
    while reached < size:
        reached = catch_up(connection, entries, documents, size)
    return reached


def digest(connection: Connection) -> str:
    """Return the hex SHA-256 over all rows of all views, tables by name and rows in the order of their primary keys."""
    hashing = hashlib.sha256()
    for table in sorted(name for view in VIEWS for name in view.tables):
        columns = connection.execute(f"SELECT name, pk FROM pragma_table_info('{table}')").fetchall()
        key = ", ".join(f'"{name}"' for name, place in sorted(columns, key=lambda column: column[1]) if place)
        names = ", ".join(f'"{name}"' for name, _ in columns)
        hashing.update(f"{table} ({names})\n".encode())
        for row in connection.execute(f"SELECT {names} FROM {table} ORDER BY {key}"):
            hashing.update(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    return hashing.hexdigest()
