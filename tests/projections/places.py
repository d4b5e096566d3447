"""Where the views of a test live, and a log with views as the service sees it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import psycopg

from projections import tail
from tests.projections.handmade import HandmadeLog


class Place(Protocol):
    """A database for views; both kinds commit each statement outside a transaction by itself."""

    def connect(self) -> Any: ...

    def transaction(self, connection: Any) -> Any: ...

    def make(self) -> None: ...


@dataclass(frozen=True)
class SqlitePlace:
    path: str

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, isolation_level=None, timeout=30, check_same_thread=False)

    @contextmanager
    def transaction(self, connection: sqlite3.Connection) -> Iterator[None]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def make(self) -> None:
        with closing(self.connect()) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            with self.transaction(connection):
                tail.make(connection)


@dataclass(frozen=True)
class PostgresPlace:
    dsn: str
    schema: str

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.dsn, autocommit=True, options=f"-c search_path={self.schema},pg_temp")

    @contextmanager
    def transaction(self, connection: psycopg.Connection[Any]) -> Iterator[None]:
        with connection.transaction():
            yield

    def make(self) -> None:
        with self.connect() as connection, connection.transaction():
            connection.execute(f"CREATE SCHEMA {self.schema}".encode())
            for statement in tail.statements("postgres"):
                connection.execute(statement.encode())


class Views:
    """A log by hand and the views over it, with the doors of a store; `handed` are the indexes that were folded."""

    def __init__(self, log: HandmadeLog, place: Place) -> None:
        self.log, self.place = log, place
        self.handed: list[int] = []

    @property
    def size(self) -> int:
        return len(self.log.raw)

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        self.handed.extend(range(start, stop))
        yield from self.log.raw[start:stop]

    def document(self, sha256: str) -> Iterator[bytes] | None:
        return self.log.document_of(sha256)

    @contextmanager
    def reading(self) -> Iterator[Any]:
        with closing(self.place.connect()) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Any]:
        with closing(self.place.connect()) as connection, self.place.transaction(connection):
            yield connection

    def step(self, limit: int = tail.BATCH) -> int:
        """Fold one batch in one transaction."""
        with self.writing() as connection:
            return tail.catch_up(connection, self.entries, self.document, self.size, limit)

    def whole(self, limit: int = tail.BATCH) -> Any:
        """Fold all, and return a connection, which the caller closes."""
        while self.step(limit) < self.size:
            pass
        return self.place.connect()
