"""One SQLite file: one writer connection, readers that cannot write, and everything the record can be asked.

The record is asked on a connection of its own that is `query_only`, so a reader never waits for a commit: two connections
never write.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from domain.store import schema
from domain.store.contract import Accept, chunks
from domain.store.subtrees import at_once, hashes_of
from verify.nodes import consistency_path_at, inclusion_path_at, root_at

MOST_ROWS = 128


class Database:
    """The connections to one file, and what is read from it."""

    shared = False

    def __init__(self, path: Path, create: bool = False) -> None:
        """Open the database at `path`. ValueError for a database of another version, or one that is not durable."""
        self._path = path
        self._lock, self._asking = threading.RLock(), threading.Lock()
        self._depth = 0
        self._writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.execute("PRAGMA synchronous = FULL")
        if self._writer.execute("PRAGMA synchronous").fetchone() != (2,):
            raise ValueError("this SQLite cannot be made to wait for the disk")
        found = self._writer.execute("PRAGMA user_version").fetchone()[0]
        if create and found == 0:
            self._writer.executescript(
                f"BEGIN IMMEDIATE;{schema.TABLES}{schema.DENY}PRAGMA user_version = {schema.VERSION};COMMIT;"
            )
            found = schema.VERSION
        if found != schema.VERSION:
            raise ValueError(f"the database has version {found}, this program knows {schema.VERSION}")
        self._reader = self._read_only()

    def close(self) -> None:
        """Close both connections."""
        with self._lock, self._asking:
            self._reader.close()
            self._writer.close()

    def _read_only(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _ask(self, query: str, *values: Any) -> list[Any]:
        """Return the rows of what is committed."""
        with self._asking:
            return self._reader.execute(query, values).fetchall()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the one writer connection inside a transaction: committed at the end, rolled back by any exception."""
        with self._lock:
            if self._depth:
                raise RuntimeError("a transaction is already open in this thread")
            self._writer.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0

    def watch(self, accept: Accept) -> None:
        """Do nothing: the file that was opened stays the same one."""

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Do nothing: there is no other process, and the ledger decides one command at a time."""
        yield

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that cannot write."""
        connection = self._read_only()
        try:
            yield connection
        finally:
            connection.close()

    # -- reading the record

    @property
    def size(self) -> int:
        """The number of entries."""
        return int(self._ask("SELECT coalesce(max(idx) + 1, 0) FROM entries")[0][0])

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the raw entries from index `start` to `stop` (not included), in pages."""
        yield from self._column("raw", start, stop)

    def leaves(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the leaf hashes from index `start` to `stop` (not included), in pages."""
        yield from self._column("leaf", start, stop)

    def _column(self, column: str, start: int, stop: int | None) -> Iterator[bytes]:
        last = 1 << 62 if stop is None else stop
        while start < last:
            query = f"SELECT {column} FROM entries WHERE idx >= ? AND idx < ? ORDER BY idx LIMIT 1000"
            rows = self._ask(query, start, last)
            if not rows:
                return
            yield from (bytes(row[0]) for row in rows)
            start += len(rows)

    def command(self, account: str, command: str) -> tuple[bytes, bytes] | None:
        """Return (entry, fingerprint) of a command that was carried out, None where it never was."""
        query = "SELECT raw, fingerprint FROM entries WHERE account = ? AND command = ?"
        rows = self._ask(query, account, command)
        return (bytes(rows[0][0]), bytes(rows[0][1])) if rows else None

    def streams(self, prefix: str) -> list[str]:
        """Return the streams that begin with `prefix` (plain ASCII), sorted."""
        query = "SELECT stream FROM entries WHERE version = 1 AND stream >= ? AND stream < ? ORDER BY stream"
        return [str(row[0]) for row in self._ask(query, prefix, prefix + "\x7f")]

    # -- the tree

    def nodes(self, level: int, start: int, stop: int) -> list[bytes]:
        """Return the hashes over 2^level leaves each, from position `start` to `stop`. KeyError where one is not there."""
        return hashes_of(self._subtrees, [(level, position) for position in range(start, stop)])

    def root(self, size: int) -> bytes:
        """Return the root over the first `size` entries."""
        return at_once(self._subtrees, lambda node: root_at(node, size))

    def inclusion_path(self, index: int, size: int) -> list[bytes]:
        """Return the proof that entry `index` is in the tree of the first `size` entries."""
        return at_once(self._subtrees, lambda node: inclusion_path_at(node, index, size))

    def consistency_path(self, old: int, new: int) -> list[bytes]:
        """Return the proof that the first `new` entries extend the first `old`."""
        return at_once(self._subtrees, lambda node: consistency_path_at(node, old, new))

    def _subtrees(self, indexes: Sequence[int]) -> dict[int, tuple[bytes, bytes]]:
        query = "SELECT idx, leaf, subtrees FROM entries WHERE idx IN (SELECT value FROM json_each(?))"
        return {index: (leaf, subtrees) for index, leaf, subtrees in self._ask(query, json.dumps(indexes))}

    # -- documents and checkpoints

    def put_document(self, sha256: str, size: int, pieces: Callable[[], Iterable[bytes]]) -> None:
        """Store a document, durable when this returns; one that no entry names is harmless."""
        with self.writing() as connection:
            if connection.execute("SELECT 1 FROM documents WHERE sha256 = ?", (sha256,)).fetchone():
                return
            connection.execute("INSERT INTO documents VALUES (?, ?)", (sha256, size))
            numbered = ((sha256, number, chunk) for number, chunk in enumerate(chunks(sha256, size, pieces())))
            connection.executemany("INSERT INTO chunks VALUES (?, ?, ?)", numbered)

    def document(self, sha256: str, first: int = 0) -> Iterator[bytes] | None:
        """Return the bytes of a document in pieces, from chunk `first` on; None where there is none of that hash."""
        return self._chunks(sha256, first) if self._ask("SELECT 1 FROM documents WHERE sha256 = ?", sha256) else None

    def _chunks(self, sha256: str, first: int) -> Iterator[bytes]:
        for number in count(first):
            rows = self._ask("SELECT content FROM chunks WHERE sha256 = ? AND number = ?", sha256, number)
            if not rows:
                return
            yield rows[0][0]

    def documents(self, below: int | None = None) -> Iterator[dict[str, Any]]:
        """Yield `{"sha256","bytes","type","public"}` of every document that an entry (with index < `below`) names."""
        yield from self._infos("idx < ?", (1 << 62 if below is None else below,))

    def document_info(self, sha256: str) -> dict[str, Any] | None:
        """Return how a document is named by an entry, None where none names it."""
        return next(self._infos("sha256 = ?", (sha256,)), None)

    def _infos(self, condition: str, values: tuple[Any, ...]) -> Iterator[dict[str, Any]]:
        query = (
            "SELECT sha256, bytes, min(type), max(public) FROM document_references JOIN documents USING (sha256) "
            f"WHERE {condition} GROUP BY sha256 ORDER BY sha256"
        )
        for sha256, size, media, public in self._ask(query, *values):
            yield {"sha256": sha256, "bytes": size, "type": media, "public": bool(public)}

    def put_checkpoint(self, size: int, note: bytes) -> None:
        """Keep a signed checkpoint for publication."""
        with self.writing() as connection:
            connection.execute("INSERT OR IGNORE INTO checkpoints VALUES (?, ?)", (size, note))

    def checkpoint(self) -> bytes | None:
        """Return the largest published checkpoint, None before the first."""
        rows = self._ask("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1")
        return bytes(rows[0][0]) if rows else None


def insert(connection: sqlite3.Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows in statements of many rows each, whose sizes are powers of two so that they stay prepared."""
    start = 0
    while start < len(rows):
        size = min(MOST_ROWS, 1 << (len(rows) - start).bit_length() - 1)
        part = rows[start : start + size]
        row = f"({','.join('?' * len(part[0]))})"
        connection.execute(f"{statement} {','.join([row] * size)}", [value for each in part for value in each])
        start += size
