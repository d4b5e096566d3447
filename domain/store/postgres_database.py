"""Everything the record in PostgreSQL can be asked, and its documents and checkpoints.

Readers see what is committed. Documents are durable before an entry names them, and nobody can put one without a function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg

from domain.errors import Unavailable
from domain.store.contract import Accept, chunks
from domain.store.postgres_connections import (
    Connection,
    Connections,
    is_lost,
    require_modest_role,
    require_version,
    unreachable,
)
from domain.store.subtrees import at_once, hashes_of
from verify.nodes import consistency_path_at, inclusion_path_at, root_at

PAGE = 1000
"""So many entries are read at once."""


class Database:
    """One log: a schema of a database, and what is read from it."""

    shared = True

    def __init__(self, dsn: str, schema: str) -> None:
        """Connect. Unavailable where there is no log of this version, or the role could break the guards."""
        self._connections = Connections(dsn, schema)
        self._readers = Connections(dsn, schema, reading=True)
        self._recorded_last: tuple[int, bytes] | None = None
        try:
            with self._connections.lent() as connection:
                require_version(connection, schema)
                require_modest_role(connection, schema)
        except BaseException as error:
            self.close()
            if isinstance(error, psycopg.OperationalError):
                raise unreachable(error) from error
            raise

    def close(self) -> None:
        """Close every connection."""
        self._connections.close()
        self._readers.close()

    def watch(self, accept: Accept) -> None:
        """Ask `accept(size, root)` of every server connected to from now on, and for what was recorded here.

        A server that was lost may come back as a standby that never got everything; then each command is Unavailable.
        """

        def check(connection: Connection) -> None:
            if self._recorded_last is not None:
                index, leaf = self._recorded_last
                if connection.execute("SELECT leaf FROM entries WHERE idx = %s", (index,)).fetchall() != [(leaf,)]:
                    raise Unavailable(
                        f"数据库丢失了已确认的第 {index} 条",
                        f"the database has lost entry {index}, which was acknowledged",
                        "LEDGER 7",
                    )
            accept(
                lambda: int(connection.execute("SELECT size FROM head").fetchall()[0][0]),
                lambda size: at_once(lambda indexes: _read(connection, indexes), lambda node: root_at(node, size)),
            )

        self._connections.check = self._readers.check = check

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection inside a transaction: committed at the end, rolled back by any exception."""
        try:
            with self._connections.lent() as connection, connection.transaction():
                yield connection
        except psycopg.OperationalError as error:
            if not is_lost(error):
                raise
            raise unreachable(error) from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that cannot write; after `BEGIN` it sees one snapshot."""
        with self._readers.lent() as connection:
            yield connection

    def _fetch(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._connections.patiently(
            lambda connection: connection.execute(query.encode(), values, binary=True).fetchall()
        )

    # -- reading the record

    @property
    def size(self) -> int:
        """The number of entries."""
        return int(self._fetch("SELECT size FROM head")[0][0])

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the raw entries from index `start` to `stop` (not included), in pages."""
        yield from self._column("raw", start, stop)

    def leaves(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the leaf hashes from index `start` to `stop` (not included), in pages."""
        yield from self._column("leaf", start, stop)

    def _column(self, column: str, start: int, stop: int | None) -> Iterator[bytes]:
        query = f"SELECT {column} FROM entries WHERE idx >= %s AND idx < %s ORDER BY idx"
        while stop is None or start < stop:
            rows = self._fetch(query, start, start + PAGE if stop is None else min(stop, start + PAGE))
            if not rows:
                return
            yield from (row[0] for row in rows)
            start += len(rows)

    def command(self, account: str, command: str) -> tuple[bytes, bytes] | None:
        """Return (entry, fingerprint) of a command that was carried out, None where it never was."""
        query = "SELECT raw, fingerprint FROM entries WHERE account = %s AND command = %s"
        rows = self._fetch(query, account, command)
        return (rows[0][0], rows[0][1]) if rows else None

    def streams(self, prefix: str) -> list[str]:
        """Return the streams that begin with `prefix` (plain ASCII), sorted."""
        query = "SELECT stream FROM entries WHERE version = 1 AND stream >= %s AND stream < %s ORDER BY stream"
        return [row[0] for row in self._fetch(query, prefix, prefix + "\x7f")]

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
        return self._connections.patiently(lambda connection: _read(connection, indexes))

    # -- documents and checkpoints

    def put_document(self, sha256: str, size: int, pieces: Callable[[], Iterable[bytes]]) -> None:
        """Store a document, durable when this returns; one that no entry names is harmless."""
        if not self._knows(sha256):
            try:
                self._connections.patiently(lambda connection: _put(connection, sha256, size, pieces()))
            except psycopg.errors.UniqueViolation:
                # Somebody else put the same bytes meanwhile, or we did and the answer was lost.
                if not self._knows(sha256):
                    raise

    def _knows(self, sha256: str) -> bool:
        return bool(self._fetch("SELECT FROM documents WHERE sha256 = %s", sha256))

    def document(self, sha256: str, first: int = 0) -> Iterator[bytes] | None:
        """Return the bytes of a document in pieces, from chunk `first` on; None where there is none of that hash."""
        return self._chunks(sha256, first) if self._knows(sha256) else None

    def _chunks(self, sha256: str, first: int) -> Iterator[bytes]:
        for number in count(first):
            rows = self._fetch("SELECT content FROM chunks WHERE sha256 = %s AND number = %s", sha256, number)
            if not rows:
                return
            yield rows[0][0]

    def documents(self, below: int | None = None) -> Iterator[dict[str, Any]]:
        """Yield `{"sha256","bytes","type","public"}` of every document that an entry (with index < `below`) names."""
        yield from self._infos("idx < %s", 1 << 62 if below is None else below)

    def document_info(self, sha256: str) -> dict[str, Any] | None:
        """Return how a document is named by an entry, None where none names it."""
        return next(self._infos("sha256 = %s", sha256), None)

    def _infos(self, condition: str, value: Any) -> Iterator[dict[str, Any]]:
        query = (
            'SELECT sha256, bytes, min(type COLLATE "C"), bool_or(public) '
            f"FROM document_references JOIN documents USING (sha256) WHERE {condition} GROUP BY sha256, bytes ORDER BY sha256"
        )
        for sha256, size, media, public in self._fetch(query, value):
            yield {"sha256": sha256, "bytes": size, "type": media, "public": public}

    def put_checkpoint(self, size: int, note: bytes) -> None:
        """Keep a signed checkpoint for publication."""
        self._fetch("SELECT keep_checkpoint(%s, %s)", size, note)

    def checkpoint(self) -> bytes | None:
        """Return the largest published checkpoint, None before the first."""
        rows = self._fetch("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1")
        return rows[0][0] if rows else None


def _read(connection: Connection, indexes: Sequence[int]) -> dict[int, tuple[bytes, bytes]]:
    """Return (leaf, subtrees) of the entries with these indexes."""
    query = b"SELECT idx, leaf, subtrees FROM entries WHERE idx = ANY(%s::bigint[])"
    rows = connection.execute(query, [list(indexes)], binary=True).fetchall()
    return {index: (leaf, subtrees) for index, leaf, subtrees in rows}


def _put(connection: Connection, sha256: str, size: int, pieces: Iterable[bytes]) -> None:
    with connection.transaction():
        for number, chunk in enumerate(chunks(sha256, size, pieces)):
            connection.execute("SELECT keep_chunk(%b, %b::integer, %b)", (sha256, number, chunk))
        connection.execute("SELECT keep_document(%b, %b::bigint)", (sha256, size))
