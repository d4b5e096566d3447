"""Many rows at once, written the way that each database likes best; few rows are written one by one on both.

On SQLite a statement costs a microsecond. On PostgreSQL it costs a round trip, or twenty microseconds in a pipeline: there
rows are copied, and changes go as one array per column. Neither needs a right that INSERT and UPDATE do not give.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from projections.tables import Connection, Given, Record, Table, dialect_of, fetch, names, spelled_for

MANY = 20
"""From so many rows on PostgreSQL gets them together."""
NAMED = 500
"""So many keys are named in one query."""
# Nothing in an entry holds a control character (ledger specification, section 1), so these two tell values apart.
_NEXT, _NULL = "\x1f", "\x1e"


def execute_many(connection: Connection, sql: str, rows: Sequence[Given]) -> int:
    """Run one statement for many rows, in their order; return how many rows it changed."""
    if not rows:
        return 0
    cursor = connection.cursor()
    cursor.executemany(spelled_for(dialect_of(connection), sql), rows)
    return cursor.rowcount


def insert(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows whose values are spelled already."""
    if len(rows) >= MANY and dialect_of(connection) == "postgres":
        cursor: Any = connection.cursor()
        with cursor.copy(f"COPY {table} ({names(columns)}) FROM STDIN") as copying:
            for row in rows:
                copying.write_row(row)
        return
    execute_many(connection, f"INSERT INTO {table} ({names(columns)}) VALUES ({', '.join('?' * len(columns))})", rows)


def update(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
    """Set `columns` of the rows with the primary keys that follow the values in each of `rows`; return how many were there.

    No key may come twice.
    """
    if len(rows) >= MANY and dialect_of(connection) == "postgres":
        return _update_from_arrays(connection, table, columns, rows)
    assigned = ", ".join(f'"{name}" = ?' for name in columns)
    condition = " AND ".join(f'"{name}" = ?' for name in table.key)
    return execute_many(connection, f"UPDATE {table.name} SET {assigned} WHERE {condition}", rows)


def _update_from_arrays(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> int:
    given = [*columns, *table.key]
    arrays = (
        f"unnest(string_to_array(%s, chr(31), chr(30)))::{table.types[name]} AS c{place}"
        for place, name in enumerate(given)
    )
    assigned = ", ".join(f'"{name}" = v.c{place}' for place, name in enumerate(columns))
    condition = " AND ".join(f'old."{name}" = v.c{place}' for place, name in enumerate(table.key, len(columns)))
    sql = f"UPDATE {table.name} old SET {assigned} FROM (SELECT {', '.join(arrays)}) v WHERE {condition}"
    joined = [
        _NEXT.join([_NULL if value is None else str(value) for value in column]) for column in zip(*rows, strict=True)
    ]
    if any(text.count(_NEXT) != len(rows) - 1 for text in joined):
        raise ValueError(f"a value for {table.name} holds a control character")
    cursor: Any = connection.cursor()
    # Planned anew each time: a plan from when the table was small would read all of it once it is large.
    cursor.execute(sql, joined, prepare=False)
    return int(cursor.rowcount)


def named(connection: Connection, sql: str, keys: Sequence[Any]) -> Iterator[Record]:
    """Yield the rows of a query that ends in `… IN` for many keys."""
    for start in range(0, len(keys), NAMED):
        some = keys[start : start + NAMED]
        yield from fetch(connection, f"{sql} ({', '.join('?' * len(some))})", some)


def add(connection: Connection, table: Table, column: str, rows: Sequence[Sequence[Any]]) -> None:
    """Add to a number in the rows with these primary keys, each followed by what is added; a row not there begins at 0."""
    key = names(table.key)
    execute_many(
        connection,
        f'INSERT INTO {table.name} ({key}, "{column}") VALUES ({", ".join("?" * (len(table.key) + 1))}) '
        f'ON CONFLICT ({key}) DO UPDATE SET "{column}" = {table.name}."{column}" + excluded."{column}"',
        rows,
    )
