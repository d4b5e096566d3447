"""The tail hands each view every entry once, in order, and keeps the place it has reached in the same transaction.

A crash between two transactions leaves every view at the place that its tables say; the next call goes on from there.
Among several workers whoever holds the row of the place folds, and the others go on without waiting for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from projections import draws, inspections, itemlists, organisation, plans, registries, tables
from projections.rows import Rows, ViewError
from projections.tables import Connection, Dialect, Table, execute
from projections.view import Documents, View
from verify.entries import read_own

VIEWS: tuple[View, ...] = (
    organisation.VIEW,
    itemlists.VIEW,
    plans.VIEW,
    registries.VIEW,
    draws.VIEW,
    inspections.VIEW,
)
TABLES: dict[str, Table] = {table.name: table for view in VIEWS for table in view.tables}
BATCH = 2_000
"""Entries per transaction: large enough that commits cost little, small enough that commands wait briefly."""

Entries = Callable[[int, int], Iterable[bytes]]

_POSITIONS = Table("view_position", "view TEXT PRIMARY KEY, schema TEXT NOT NULL, size BIGINT NOT NULL")
_ELECTION = f"view = '{VIEWS[0].name}'"
"""The row that one folder holds while it folds."""


def statements(dialect: Dialect) -> list[str]:
    """Return the SQL that makes the tables of all views in a database that has none, for a migration to run."""
    return [_POSITIONS.statement(dialect), *(sql for view in VIEWS for sql in _made_anew(view, dialect))]


def make(connection: Connection) -> list[str]:
    """Make the tables of views that are new or have another form now, empty; return the names of those views.

    A service does this on SQLite; on PostgreSQL a migration does, because workers may not.
    """
    dialect = tables.dialect_of(connection)
    if not tables.exists(connection, _POSITIONS.name):
        execute(connection, _POSITIONS.statement(dialect))
    reached = _reached(connection)
    missing = [view for view in VIEWS if view.name not in reached]
    for view in missing:
        for table in view.tables:
            execute(connection, f"DROP TABLE IF EXISTS {table.name}")
        execute(connection, f"DELETE FROM {_POSITIONS.name} WHERE view = ?", (view.name,))
        for sql in _made_anew(view, dialect):
            execute(connection, sql)
    return [view.name for view in missing]


def position(connection: Connection) -> int:
    """Return how many entries all views have folded; 0 where a view is missing or has another form now."""
    if not tables.exists(connection, _POSITIONS.name):
        return 0
    reached = _reached(connection)
    return min(reached.get(view.name, 0) for view in VIEWS)


def catch_up(connection: Connection, entries: Entries, documents: Documents, size: int, limit: int = BATCH) -> int:
    """Fold at most `limit` of the first `size` entries that some view lacks; return the place all views have reached.

    `connection` is inside the transaction of the caller, who calls again, each time in a new one, until the answer is
    `size`; it does not move while another worker folds. `entries(start, stop)` gives raw entries that were parsed when
    they were recorded, `documents(sha256)` the pieces of a document. Raises ViewError, upon which the caller rolls back.
    """
    _require_tables(connection)
    if not tables.lock_row(connection, _POSITIONS.name, _ELECTION, wait=False):
        return position(connection)
    reached = _reached(connection)
    start = min(reached.values())
    stop = min(size, start + limit)
    if stop <= start:
        return start
    rows = Rows(connection, TABLES)
    expected = start
    for raw in entries(start, stop):
        entry = read_own(raw)
        if entry.index != expected:
            raise ViewError(f"entry {expected} should come, entry {entry.index} came")
        view = _VIEW_OF.get(entry.noun)
        if view is not None and reached[view.name] <= entry.index:
            view.fold(rows, entry, documents)
        expected += 1
    if expected != stop:
        raise ViewError(f"the log ends at entry {expected}, although it has {size}")
    rows.flush()
    execute(connection, f"UPDATE {_POSITIONS.name} SET size = ? WHERE size < ?", (stop, stop))
    return stop


def hold(connection: Connection) -> int:
    """Wait until nobody else folds, keep it so until the transaction ends, and return the place reached."""
    _require_tables(connection)
    tables.lock_row(connection, _POSITIONS.name, _ELECTION, wait=True)
    return position(connection)


def move(connection: Connection, size: int) -> None:
    """Set the place of all views; only for whoever holds it and has put the rows of the first `size` entries there."""
    execute(connection, f"UPDATE {_POSITIONS.name} SET size = ?", (size,))


def _made_anew(view: View, dialect: Dialect) -> list[str]:
    place = f"INSERT INTO {_POSITIONS.name} (view, schema, size) VALUES ('{view.name}', '{view.schema()}', 0)"
    return [*view.statements(dialect), place]


def _require_tables(connection: Connection) -> None:
    if tables.dialect_of(connection) == "sqlite":
        make(connection)
        return
    found = _reached(connection) if tables.exists(connection, _POSITIONS.name) else {}
    missing = sorted(view.name for view in VIEWS if view.name not in found)
    if missing:
        raise ViewError(f"the tables of {', '.join(missing)} are missing or have another form: run `fairdraw migrate`")


def _reached(connection: Connection) -> dict[str, int]:
    """Return the place of each view whose tables have their present form."""
    rows = execute(connection, f"SELECT view, schema, size FROM {_POSITIONS.name}")
    return {name: size for name, schema, size in rows if _SCHEMAS.get(name) == schema}


_VIEW_OF = {noun: view for view in VIEWS for noun in view.nouns}
_SCHEMAS = {view.name: view.schema() for view in VIEWS}
