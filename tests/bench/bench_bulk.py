"""Taking in many entries at once, every link and hash checked, against the plainest insert of the same rows."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from time import perf_counter

import psycopg

from domain.store.contract import Change
from domain.store.postgres import Store as PostgresStore
from domain.store.postgres_schema import TABLES as POSTGRES_TABLES
from domain.store.schema import TABLES as SQLITE_TABLES
from domain.store.sqlite import Store as SqliteStore
from tests.bench import chains
from tests.bench.chains import AT, made
from tests.bench.compare import Row, Scale, Side, compare
from tests.postgres import Postgres, server

TARGET = 0.6
HOW = "one durable transaction into the same table with the same indexes; ours links and hashes, makes the tree, and checks what "
HOW += "came of it; the raw side has whole rows made before"
VERBATIM = "the same, where every entry is first read by the strict parser and every link compared, as after a loss"
Store = SqliteStore | PostgresStore
Lot = list[chains.Row]


def run(scale: Scale) -> list[Row]:
    """Return the rows of both databases."""
    n = scale.pick(600, 10_000, 10_000)
    with tempfile.TemporaryDirectory() as folder, server() as postgres:
        return [*sqlite_rows(scale, n, Path(folder)), *postgres_rows(scale, n, postgres)]


def lots(n: int) -> Iterator[Lot]:
    """Yield lots of n rows of one log."""
    source = chains.rows(made(10**9))
    while lot := list(islice(source, n)):
        yield lot


def timed(act: Callable[[], object]) -> float:
    """Return the seconds that an act took."""
    start = perf_counter()
    act()
    return perf_counter() - start


def appender(store: Store, n: int) -> Callable[[], float]:
    """Return what appends the next n, as prepared changes."""
    source = made(10**9)

    def append() -> float:
        changes = [Change(m.stream, m.version, m.tail, AT, m.account, m.command, bytes(32)) for m in islice(source, n)]
        return timed(lambda: store.append(changes))

    return append


def restorer(store: Store, n: int) -> Callable[[], float]:
    """Return what restores the next n, as published entries."""
    source = lots(n)

    def restore() -> float:
        raws = [row[-1] for row in next(source)]
        return timed(lambda: store.restore(raws))

    return restore


def rows_of(scale: Scale, n: int, database: str, stores: tuple[Store, Store], raw: Side) -> list[Row]:
    """Return the row of changes that are appended, and that of entries that are restored."""
    ours = Side(f"bulk append of {n:,} entries to {database}", appender(stores[0], n), n)
    restored = Side(f"bulk restore of {n:,} entries in {database}", restorer(stores[1], n), n)
    return [
        compare(ours, raw, "entries", scale, at_least=TARGET, how=HOW),
        compare(restored, raw, "entries", scale, rate=True, how=VERBATIM),
    ]


def sqlite_rows(scale: Scale, n: int, folder: Path) -> list[Row]:
    """SQLite: `executemany`."""
    raw = sqlite3.connect(folder / "raw.db", isolation_level=None)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("PRAGMA synchronous = FULL")
    raw.executescript(table_of(SQLITE_TABLES))
    source = lots(n)

    def insert(rows: Lot) -> None:
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany(f"INSERT INTO entries VALUES ({','.join('?' * 9)})", rows)
        raw.execute("COMMIT")

    def prepared() -> float:
        rows = next(source)
        return timed(lambda: insert(rows))

    with (
        closing(raw),
        closing(SqliteStore(folder / "a.db", create=True)) as one,
        closing(SqliteStore(folder / "b.db", create=True)) as other,
    ):
        side = Side(f"{n:,} rows by executemany", prepared, n)
        return rows_of(scale, n, "SQLite", (one, other), side)


def postgres_rows(scale: Scale, n: int, postgres: Postgres) -> list[Row]:
    """PostgreSQL: `COPY`."""
    source, places = lots(n), (postgres.place(), postgres.place())
    with (
        psycopg.connect(postgres.superuser) as connection,
        closing(PostgresStore(places[0].service, places[0].schema)) as one,
        closing(PostgresStore(places[1].service, places[1].schema)) as other,
    ):
        connection.execute("CREATE SCHEMA raw")
        connection.execute("SET search_path = raw")
        connection.execute(table_of(POSTGRES_TABLES).encode())
        connection.commit()

        def copy(rows: Lot) -> None:
            with connection.cursor().copy("COPY entries FROM STDIN") as copying:
                for row in rows:
                    copying.write_row(row)
            connection.commit()

        def prepared() -> float:
            rows = next(source)
            return timed(lambda: copy(rows))

        return rows_of(scale, n, "PostgreSQL", (one, other), Side(f"{n:,} rows by COPY", prepared, n))


def table_of(tables: str) -> str:
    """Return the statements that make the table of the entries and its indexes."""
    return ";".join(statement for statement in tables.split(";") if " entries (" in statement)
