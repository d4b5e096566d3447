"""What a batch of entries writes: rows gather in memory and go to their tables in few statements, each row once.

One statement per entry would cost a round trip to the database each. A row that is put and changed within one batch is
inserted once, in its last form. New rows are written first, then changed ones, then what was to happen afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from projections import bulk, tables
from projections.tables import Connection, Decoders, Given, Record, Table
from verify.entries import Entry

FULL = 20_000
"""Rows that are held back at most."""
T = TypeVar("T")
Key = tuple[Any, ...]
Act = Callable[[Connection, list[Key]], None]


class ViewError(ValueError):
    """An entry cannot be folded; a table that skipped it would tell another story than the log."""


class UnknownKind(ViewError):
    """The entry stands in a stream of this view, but the view does not know its kind."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(f"entry {entry.index}: this view does not know {entry.kind}")


class Rows:
    """The rows of all views within one transaction; nothing is written before `flush`."""

    def __init__(self, connection: Connection, known: Mapping[str, Table]) -> None:
        self._connection, self._known = connection, known
        self._kept: dict[str, Any] = {}
        self._new: dict[str, dict[Key, Record]] = {name: {} for name in known}
        self._changed: dict[str, dict[Key, Record]] = {name: {} for name in known}
        self._acts: dict[Act, list[Key]] = {}
        self._held = 0

    def put(self, table: str, **values: Any) -> None:
        """Insert one row; ViewError where this batch has put that row already."""
        key = tuple([values[name] for name in self._known[table].key])
        new = self._new[table]
        if key in new:
            raise ViewError(f"{table} already has a row {key}")
        new[key] = values
        self._hold()

    def change(self, table: str, key: Record, /, **values: Any) -> None:
        """Change the one row with this primary key; `flush` raises ViewError where there is none.

        Then an entry before this one was missed.
        """
        place = tuple([key[name] for name in self._known[table].key])
        row = self._new[table].get(place)
        if row is None:
            row = self._changed[table].setdefault(place, {})
        row.update(values)
        self._hold()

    def afterwards(self, act: Act, *given: Any) -> None:
        """Have `act` called with the connection and all that was given for it, once the rows of the batch are written."""
        self._acts.setdefault(act, []).append(given)
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
            for columns, keys in _alike(new).items():
                values = [[*map(tables.spelled, new[key].values())] for key in keys]
                try:
                    bulk.insert(self._connection, table, columns, values)
                except tables.integrity_error(self._connection) as error:
                    raise ViewError(f"{table} already has a row, or one lacks a value: {error}") from error
            new.clear()
        for table, changed in self._changed.items():
            self._change(self._known[table], changed)
            changed.clear()
        acts, self._acts = self._acts, {}
        for act, given in acts.items():
            act(self._connection, given)
        self._held = 0

    def _hold(self) -> None:
        self._held += 1
        if self._held >= FULL:
            self.flush()

    def _change(self, table: Table, changed: Mapping[Key, Record]) -> None:
        for columns, keys in _alike(changed).items():
            given = [[*map(tables.spelled, changed[key].values()), *key] for key in keys]
            if bulk.update(self._connection, table, columns, given) != len(keys):
                raise ViewError(f"{table.name} has no row {self._missing(table, keys)}")

    def _missing(self, table: Table, keys: Iterable[Key]) -> Key | None:
        condition = " AND ".join(f'"{name}" = ?' for name in table.key)
        found = f"SELECT 1 FROM {table.name} WHERE {condition}"
        return next((key for key in keys if not tables.execute(self._connection, found, key).fetchone()), None)


def _alike(rows: Mapping[Key, Record]) -> dict[tuple[str, ...], list[Key]]:
    """Group the keys of rows by the columns that they fill."""
    alike: dict[tuple[str, ...], list[Key]] = {}
    for key, row in rows.items():
        alike.setdefault(tuple(row), []).append(key)
    return alike
