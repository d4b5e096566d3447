"""The recorder of entries in PostgreSQL: one call of the append function per transaction, and its answer hashed again.

Several processes may write at once. Where the connection is lost around a commit, the command is looked up before anything
is answered: what the server did is done, what it did not do is done now, and neither happens twice.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    IntegrityError,
    Notification,
    ProcessRecorder,
    ProgrammingError,
    StoredEvent,
    Subscription,
    TrackingRecorder,
)

from domain.store.contract import Change, Grounds, Moved, Placed, changes_of, clock_after
from domain.store.mapper import verbatim
from domain.store.postgres_call import append
from domain.store.postgres_connections import Connection, Waiting
from domain.store.postgres_private import PrivateTables, keep, keep_clock
from domain.store.postgres_schema import MOVED
from verify import entries

BATCH = 500
"""So many entries are restored in one call."""


class _Held(threading.local):
    connection: Connection | None = None


class Store(PrivateTables, ApplicationRecorder):
    """Entries, their tree, documents, checkpoints and private values, in one schema of one database."""

    def __init__(self, dsn: str, schema: str) -> None:
        super().__init__(dsn, schema)
        self._held = _Held()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the head's lock until this thread has recorded one decision, or given up."""
        connection = self._take_head()
        self._held.connection = connection
        try:
            yield
        finally:
            self._held.connection = None
            self._connections.give_back(connection)

    def _take_head(self) -> Connection:
        waiting = Waiting()
        while True:
            try:
                connection = self._connections.take()
                try:
                    connection.execute("BEGIN")
                    connection.execute("SELECT lock_head()")
                    return connection
                except BaseException:
                    self._connections.give_back(connection)
                    raise
            except psycopg.OperationalError as error:
                waiting.after(error)

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Append the entries of one save of the library; the keywords are those of `contract.changes_of`."""
        return [placed.index + 1 for placed in self.append(changes_of(stored_events, kwargs))]

    def append(self, changes: Sequence[Change]) -> list[Placed]:
        """Record the changes of one or more commands in one transaction, all or none, and return where.

        Moved where what they rest on no longer holds, IntegrityError where a version or a command id is taken,
        Unavailable where the server stays away.
        """
        waiting = Waiting()
        while True:
            try:
                placed = self._transact(changes)
                self._recorded_last = placed[-1].index, placed[-1].leaf
                return placed
            except psycopg.Error as error:
                if error.sqlstate in (MOVED, "40001", "40P01"):
                    raise Moved(str(error)) from error
                if isinstance(error, psycopg.IntegrityError):
                    raise IntegrityError(error) from error
                if not isinstance(error, psycopg.OperationalError):
                    raise
                waiting.after(error)
                # The connection was lost, before or after the commit. A transaction that still runs on the other side
                # holds the same command id, so what follows cannot record it twice, whichever comes first.
                if (done := self._recorded(changes)) is not None:
                    return done

    def _transact(self, changes: Sequence[Change]) -> list[Placed]:
        held = self._held.connection  # inside `alone` the head is locked already, and recording ends that
        if held is not None and not held.closed:
            placed = append(held, changes)
            _keep_all(held, changes)
            held.execute("COMMIT")
            self._held.connection = None
            return placed
        with self._connections.lent() as connection:
            if all(change.beside is None and change.clock is None for change in changes):
                return append(connection, changes)
            # The head's lock comes first, here as everywhere: whoever waits for it holds nothing else.
            with connection.transaction():
                placed = append(connection, changes)
                _keep_all(connection, changes)
            return placed

    def still(self, grounds: Grounds) -> bool:
        """Whether everything that a decision rests on is still as it was read; its time is not asked."""
        query = (
            "SELECT NOT EXISTS (SELECT FROM unnest(%s::text[], %s::integer[]) AS ground (stream, version) WHERE "
            "ground.version <> (SELECT coalesce(max(e.version), 0) FROM entries e WHERE e.stream = ground.stream)) "
            "AND NOT EXISTS (SELECT FROM unnest(%s::text[], %s::bigint[]) AS family (prefix, size) JOIN entries e "
            "ON e.idx + 0 >= family.size AND e.version = 1 AND e.stream >= family.prefix "
            "AND e.stream < family.prefix || chr(127))"
        )
        streams, families = grounds.streams, grounds.families
        values = [*map(list, (streams, streams.values(), families, families.values()))]
        return bool(self._fetch(query, *values)[0][0])

    def _recorded(self, changes: Sequence[Change]) -> list[Placed] | None:
        """Return where the changes are recorded byte for byte, None where any of them is not."""
        query = (
            "SELECT idx, raw FROM unnest(%s::text[], %s::integer[]) AS wanted (stream, version) "
            "JOIN entries USING (stream, version) ORDER BY idx"
        )
        rows = self._fetch(query, [change.stream for change in changes], [change.version for change in changes])
        same = len(rows) == len(changes) and all(
            raw.endswith(change.tail) for (_, raw), change in zip(rows, changes, strict=True)
        )
        if not same:
            return None
        recorded = (entries.parse(raw) for _, raw in rows)
        return [Placed(entry.index, entry.at, entry.leaf) for entry in recorded]

    def select_events(
        self,
        originator_id: Any,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return the entries of one stream, whole, in the order of their versions."""
        query = (
            "SELECT stream, version, raw FROM entries WHERE stream = %s AND version > %s AND version <= %s "
            f"ORDER BY version {'DESC' if desc else 'ASC'} LIMIT %s"
        )
        last = lte if lte is not None else (1 << 31) - 1
        return [
            StoredEvent(stream, version, "", raw)
            for stream, version, raw in self._fetch(query, str(originator_id), gt or 0, last, limit)
        ]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return entries by position; a notification id is the index plus one. `topics` are kinds."""
        first = (start or 1) - 1 if inclusive_of_start else (start or 0)
        found: list[Notification] = []
        for raw in self.entries(first, stop):
            entry = entries.parse(raw)
            if not topics or entry.kind in topics:
                found.append(Notification(entry.stream, entry.version, entry.kind, raw, entry.index + 1))
            if len(found) == limit:
                break
        return found

    def max_notification_id(self) -> int | None:
        """Return the number of entries, None for an empty log."""
        return self.size or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """Refuse: readers of this log poll for its size, they are not called."""
        raise ProgrammingError("this log is read by polling its size")

    def restore(self, raws: Iterable[bytes]) -> int:
        """Append entries of this log verbatim, as they were published; return how many. ValueError where one does not fit.

        Their command ids come with them, without the fingerprints that only the lost database knew.
        """
        number, source = 0, iter(raws)
        with self.writing() as connection:
            connection.execute("SELECT lock_head()")
            size, leaf = connection.execute("SELECT size, leaf FROM head").fetchall()[0]
            while batch := [entries.parse(raw) for _, raw in zip(range(BATCH), source, strict=False)]:
                genesis = None if size else entries.genesis(batch[0].data["origin"])
                for entry in batch:
                    if (entry.index, entry.prev) != (size, leaf.hex() if size else genesis):
                        raise ValueError(f"entry {entry.index} does not follow what is stored")
                    size, leaf = size + 1, entry.leaf
                append(connection, [verbatim(entry) for entry in batch], [entry.leaf for entry in batch])
                number += len(batch)
        return number


def _keep_all(connection: Connection, changes: Sequence[Change]) -> None:
    for change in changes:
        if change.beside:
            keep(connection, change.beside)
    if clock := clock_after(changes):
        keep_clock(connection, clock)


class Factory(InfrastructureFactory[TrackingRecorder]):
    """Gives the library this store; `LEDGER_DSN` and `LEDGER_SCHEMA` name the database and the log in it."""

    def application_recorder(self) -> ApplicationRecorder:
        """Return the store."""
        dsn, schema = self.env.get("LEDGER_DSN"), self.env.get("LEDGER_SCHEMA")
        if dsn is None or not schema:
            raise ProgrammingError("LEDGER_DSN and LEDGER_SCHEMA name no log")
        return Store(dsn, schema)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Refuse: snapshots are outside the chain and not kept."""
        raise ProgrammingError(f"no recorder for {purpose}: this log keeps entries only")

    def tracking_recorder(self, tracking_recorder_class: Any = None) -> TrackingRecorder:
        """Refuse: views keep their own position."""
        raise ProgrammingError("views keep their own position")

    def process_recorder(self) -> ProcessRecorder:
        """Refuse: entries are appended by commands only."""
        raise ProgrammingError("entries are appended by commands only")
