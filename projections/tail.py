"""The tail hands each view every entry once, in order, and keeps the place it has reached in the same transaction.

A crash between two transactions leaves every view at the place that its tables say; the next call goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from sqlite3 import Connection

from projections import draws, inspections, itemlists, organisation, plans, registries
from projections.view import Documents, View, ViewError
from verify.entries import parse

VIEWS: tuple[View, ...] = (
    organisation.VIEW,
    itemlists.VIEW,
    plans.VIEW,
    registries.VIEW,
    draws.VIEW,
    inspections.VIEW,
)
BATCH = 2_000
"""Entries per transaction: large enough that commits cost little, small enough that commands wait briefly."""

Entries = Callable[[int, int], Iterable[bytes]]

_POSITIONS = """CREATE TABLE IF NOT EXISTS view_position
    (view TEXT PRIMARY KEY, schema TEXT NOT NULL, size INTEGER NOT NULL) STRICT, WITHOUT ROWID"""


def position(connection: Connection) -> int:
    """Return how many entries all views have folded; 0 where a view is missing or has another form now."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'view_position'").fetchone():
        return 0
    reached = _reached(connection)
    return min(reached.get(view.name, 0) for view in VIEWS)


def catch_up(connection: Connection, entries: Entries, documents: Documents, size: int, limit: int = BATCH) -> int:
    """Fold at most `limit` of the first `size` entries that some view lacks; return the place all views have reached.

    `connection` is inside the transaction of the caller, who calls again, each time in a new one, until the answer is
    `size`. `entries(start, stop)` gives raw entries, `documents(sha256)` the bytes of a document. Raises ViewError,
    upon which the caller rolls back.
    """
    reached = _prepare(connection)
    start = min(reached.values())
    stop = min(size, start + limit)
    if stop <= start:
        return start
    expected = start
    for raw in entries(start, stop):
        entry = parse(raw)
        if entry.index != expected:
            raise ViewError(f"entry {expected} should come, entry {entry.index} came")
        for view in VIEWS:
            if entry.noun in view.nouns and reached[view.name] <= entry.index:
                view.fold(connection, entry, documents)
        expected += 1
    if expected != stop:
        raise ViewError(f"the log ends at entry {expected}, although it has {size}")
    connection.execute("UPDATE view_position SET size = max(size, ?)", (stop,))
    return stop


def _reached(connection: Connection) -> dict[str, int]:
    """Return the place of each view whose tables have their present form."""
    schemas = {view.name: view.schema() for view in VIEWS}
    rows = connection.execute("SELECT view, schema, size FROM view_position")
    return {name: size for name, schema, size in rows if schemas.get(name) == schema}


def _prepare(connection: Connection) -> dict[str, int]:
    """Make the tables of views that are new or have another form now, and return the place of each view."""
    connection.execute(_POSITIONS)
    reached = _reached(connection)
    for view in VIEWS:
        if view.name not in reached:
            view.make(connection)
            connection.execute("INSERT OR REPLACE INTO view_position VALUES (?, ?, 0)", (view.name, view.schema()))
            reached[view.name] = 0
    return reached
