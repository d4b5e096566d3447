"""What a batch of entries writes: rows gather in memory and go to their tables in few statements, each row once.

One statement per entry would cost a round trip to the database each. A row that is put and changed within one batch is
inserted once, in its last form; the order of what is written is: new rows, changed rows, then what waited for both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from projections import tables
from projections.tables import Connection, Decoders, Given, Record, Table
from verify.entries import Entry

FULL = 10_000
"""Rows that are held back at most."""
T = TypeVar("T")
Key = tuple[Any, ...]


class ViewError(ValueError):
    """An entry cannot be folded; a table that skipped it would tell another story than the log."""


class UnknownKind(ViewError):
    """The entry stands in a stream of this view, but the view does not know its kind."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(f"entry {entry.index}: this view does not know {entry.kind}")


@dataclass
class _Waiting:
    """A statement that is run for many values, each of which is to change one row, or one at least."""

    several: bool
    given: list[Given] = field(default_factory=list)
    complaints: dict[str, None] = field(default_factory=dict)


class Rows:
    """The rows of all views within one transaction; nothing is written before `flush`."""

    def __init__(self, connection: Connection, known: Mapping[str, Table]) -> None:
        self._connection, self._known = connection, known
        self._kept: dict[str, Any] = {}
        self._new: dict[str, dict[Key, Record]] = {name: {} for name in known}
        self._changed: dict[str, dict[Key, tuple[Record, str]]] = {name: {} for name in known}
        self._waiting: dict[str, _Waiting] = {}
        self._held = 0

    def put(self, table: str, **values: Any) -> None:
        """Insert one row; ViewError where this batch has put that row already."""
        key = tuple([values[name] for name in self._known[table].key])
        new = self._new[table]
        if key in new:
            raise ViewError(f"{table} already has a row {key}")
        new[key] = values
        self._hold()

    def change(self, table: str, key: Record, having: str = "", /, **values: Any) -> None:
        """Change the one row with this primary key, whose column `having` is filled.

        ViewError, now or in `flush`, where there is none: an entry before this one was missed.
        """
        place = tuple([key[name] for name in self._known[table].key])
        row = self._new[table].get(place)
        if row is None:
            row, needed = self._changed[table].get(place) or ({}, "")
            if having and row.get(having) is None:
                needed = having
            self._changed[table][place] = row, needed
        elif having and row.get(having) is None:
            raise ViewError(f"{table} has no row {place} with {having}")
        row.update(values)
        self._hold()

    def later(self, sql: str, given: Given, complaint: str = "", several: bool = False) -> None:
        """Run a statement after the rows of the batch are there.

        It changes one row, or one at least where they may be `several`, else `flush` raises ViewError with the complaint;
        without a complaint it may change none.
        """
        waiting = self._waiting.setdefault(sql, _Waiting(several))
        waiting.given.append(given)
        if complaint:
            waiting.complaints[complaint] = None
        self._hold()

    def fetch(self, sql: str, given: Given = (), decode: Decoders | None = None) -> list[Record]:
        """Return the rows of a query, among them those of this batch."""
        self.flush()
        return tables.fetch(self._connection, sql, given, decode)

    def keep(self, name: str, make: Callable[[], T]) -> T:
        """Return what `make` gave the first time in this batch, until it is forgotten."""
        if name not in self._kept:
            self._kept[name] = make()
        found: T = self._kept[name]
        return found

    def forget(self, name: str) -> None:
        """Forget what was kept."""
        self._kept.pop(name, None)

    def flush(self) -> None:
        """Write everything."""
        for table, new in self._new.items():
            for columns, rows in _by_columns(new).items():
                values = [[tables.spelled(value) for value in row.values()] for row in rows]
                try:
                    tables.insert(self._connection, table, columns, values)
                except tables.integrity_error(self._connection) as error:
                    raise ViewError(f"{table} already has a row, or one lacks a value: {error}") from error
            new.clear()
        for table, changed in self._changed.items():
            self._change(self._known[table], changed)
            changed.clear()
        for sql, waiting in self._waiting.items():
            done = tables.execute_many(self._connection, sql, waiting.given)
            wrong = done < len(waiting.given) if waiting.several else done != len(waiting.given)
            if wrong and waiting.complaints:
                raise ViewError("; or ".join(waiting.complaints))
        self._waiting.clear()
        self._held = 0

    def _hold(self) -> None:
        self._held += 1
        if self._held >= FULL:
            self.flush()

    def _change(self, table: Table, changed: Mapping[Key, tuple[Record, str]]) -> None:
        alike: dict[tuple[tuple[str, ...], str], list[Key]] = {}
        for key, (values, needed) in changed.items():
            alike.setdefault((tuple(values), needed), []).append(key)
        for (columns, needed), keys in alike.items():
            condition = " AND ".join(f'"{name}" = ?' for name in table.key)
            condition += f' AND "{needed}" IS NOT NULL' if needed else ""
            assigned = ", ".join(f'"{name}" = ?' for name in columns)
            sql = f"UPDATE {table.name} SET {assigned} WHERE {condition}"
            given = [[*map(tables.spelled, changed[key][0].values()), *key] for key in keys]
            if tables.execute_many(self._connection, sql, given) != len(keys):
                raise ViewError(f"{table.name} has no row {self._missing(table.name, condition, keys)}")

    def _missing(self, table: str, condition: str, keys: Iterable[Key]) -> Key | None:
        found = f"SELECT 1 FROM {table} WHERE {condition}"
        return next((key for key in keys if not tables.execute(self._connection, found, key).fetchone()), None)


def _by_columns(new: Mapping[Key, Record]) -> dict[tuple[str, ...], list[Record]]:
    """Group rows by the columns that they fill."""
    alike: dict[tuple[str, ...], list[Record]] = {}
    for row in new.values():
        alike.setdefault(tuple(row), []).append(row)
    return alike
