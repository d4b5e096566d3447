"""The recorder of entries in SQLite: `prev`, `index` and `at` are given inside the inserting transaction.

A crash before COMMIT leaves nothing; a crash after it leaves the whole entry with its command id, so the client that asks
again gets the same receipt.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
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

from domain.store.contract import Change, Grounds, Moved, Placed, changes_of, clock_after, resting_on
from domain.store.growth import Growth
from domain.store.mapper import genesis_of, verbatim
from domain.store.sqlite_database import insert
from domain.store.sqlite_private import PrivateTables, keep, keep_clock
from verify import entries
from verify.tree import leaf_hash

BATCH = 500
"""So many entries are restored at once."""
REMEMBERED = 100_000
"""So many streams at most are known by their last version, without the database being asked."""


class Store(PrivateTables, ApplicationRecorder):
    """Entries, their tree, documents, checkpoints and private values."""

    def __init__(self, path: Path, create: bool = False) -> None:
        super().__init__(path, create)
        # Nobody else writes this file, so the end of the log is read once and then grows with it.
        last = entries.parse(next(self.entries(self.size - 1))) if self.size else None
        leaf, at = (last.leaf, last.at) if last else (b"", "")
        self._growth = Growth.of(self.size, leaf, at, lambda level, place: self.nodes(level, place, place + 1)[0])
        self._versions: dict[str, int] = {}

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Append the entries of one save of the library; the keywords are those of `contract.changes_of`."""
        return [placed.index + 1 for placed in self.append(changes_of(stored_events, kwargs))]

    def append(self, changes: Sequence[Change]) -> list[Placed]:
        """Record the changes of one or more commands in one transaction, all or none, and return where.

        Moved where what they rest on no longer holds, IntegrityError where a version or a command id is taken.
        """
        with self._lock:
            growth = self._growth.copy()
            try:
                with self.writing() as connection:
                    self._require_unmoved(connection, changes)
                    placed = _record(connection, changes, growth)
            except sqlite3.IntegrityError as error:
                raise IntegrityError(error) from error
            self._growth = growth
            self._remember({change.stream: change.version for change in changes})
        return placed

    def _require_unmoved(self, connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
        """Raise Moved where something has changed that the changes rest on; most streams were written or asked of before."""
        streams, families = resting_on(changes)
        known = self._versions
        unknown = set()
        for ground in streams:
            version = known.get(ground[0])
            if version is None:
                unknown.add(ground)
            elif version != ground[1]:
                raise Moved(f"{ground[0]} has moved")
        if fault := _moved(connection, unknown, families):
            raise Moved(fault)
        self._remember(dict(unknown))

    def _remember(self, versions: dict[str, int]) -> None:
        if len(self._versions) > REMEMBERED:
            self._versions.clear()
        self._versions.update(versions)

    def still(self, grounds: Grounds) -> bool:
        """Whether everything that a decision rests on is still as it was read; its time is not asked."""
        with self._asking:
            return _moved(self._reader, set(grounds.streams.items()), set(grounds.families.items())) is None

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
            "SELECT stream, version, raw FROM entries WHERE stream = ? AND version > ? AND version <= ? "
            f"ORDER BY version {'DESC' if desc else 'ASC'} LIMIT ?"
        )
        bounds = (str(originator_id), gt or 0, lte if lte is not None else 1 << 62, limit if limit is not None else -1)
        return [StoredEvent(stream, version, "", bytes(raw)) for stream, version, raw in self._ask(query, *bounds)]

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
        last = stop if stop is not None else self.size
        found: list[Notification] = []
        for raw in self.entries(first, last):
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
        with self._lock:
            growth = self._growth.copy()
            with self.writing() as connection:
                while batch := [entries.parse(raw) for _, raw in zip(range(BATCH), source, strict=False)]:
                    _record(connection, [verbatim(entry) for entry in batch], growth, [entry.raw for entry in batch])
                    number += len(batch)
            self._growth = growth
            self._versions.clear()
        return number


def _record(
    connection: sqlite3.Connection, changes: Sequence[Change], growth: Growth, expected: Sequence[bytes] | None = None
) -> list[Placed]:
    """Link, hash and insert; `expected`: the bytes that must come out, ValueError otherwise.

    Few statements, each for all changes: every one of them hands the interpreter to another thread and back.
    """
    prev = growth.leaf.hex() if growth.size else genesis_of(changes[0])
    placed: list[Placed] = []
    rows: list[tuple[Any, ...]] = []
    for number, c in enumerate(changes):
        index = growth.size
        growth.at = at = max(growth.at, c.instant())  # under the lock
        if c.grounds is not None and at >= c.grounds.until:
            raise Moved("the time for the decision is over")
        raw = entries.compose(prev, index, at, c.tail)
        if expected is not None and raw != expected[number]:
            raise ValueError(f"entry {index} does not follow what is stored")
        leaf = leaf_hash(raw)
        prev = leaf.hex()
        placed.append(Placed(index, at, leaf))
        rows.append((index, leaf, growth.add(leaf), c.stream, c.version, c.account, c.command, c.fingerprint, raw))
    insert(connection, "INSERT INTO entries VALUES", rows)
    for change, place in zip(changes, placed, strict=True):
        if change.documents:
            references = ((d["sha256"], place.index, d["type"], int(d["public"])) for d in change.documents)
            connection.executemany("INSERT OR IGNORE INTO document_references VALUES (?, ?, ?, ?)", references)
        if change.beside:
            keep(connection, change.beside)
    if clock := clock_after(changes):
        keep_clock(connection, clock)
    return placed


def _moved(
    connection: sqlite3.Connection, streams: Collection[tuple[str, int]], families: Collection[tuple[str, int]]
) -> str | None:
    """Return what a decision rested on that has changed since, None where all of it still stands."""
    query = (
        "SELECT value ->> 0 FROM json_each(?) WHERE (value ->> 1) <> "
        "(SELECT coalesce(max(version), 0) FROM entries WHERE stream = value ->> 0)"
    )
    if streams and (row := connection.execute(query, (msgspec.json.encode(list(streams)).decode(),)).fetchone()):
        return f"{row[0]} has moved"
    for prefix, size in families:
        # `+`: by the names, which are few, and not by the entries since then, which may be many.
        query = "SELECT 1 FROM entries WHERE +idx >= ? AND version = 1 AND stream >= ? AND stream < ?"
        if connection.execute(query, (size, prefix, prefix + "\x7f")).fetchone():
            return f"there is a new stream beginning with {prefix}"
    return None


class Factory(InfrastructureFactory[TrackingRecorder]):
    """Gives the library this store; `LEDGER_DATABASE` names the file."""

    def application_recorder(self) -> ApplicationRecorder:
        """Return the store."""
        path, create = self.env.get("LEDGER_DATABASE"), self.env.get("LEDGER_CREATE") == "y"
        if not path:
            raise ProgrammingError("LEDGER_DATABASE names no file")
        return Store(Path(path), create)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Refuse: snapshots are outside the chain and not kept."""
        raise ProgrammingError(f"no recorder for {purpose}: this log keeps entries only")

    def tracking_recorder(self, tracking_recorder_class: Any = None) -> TrackingRecorder:
        """Refuse: views keep their own position."""
        raise ProgrammingError("views keep their own position")

    def process_recorder(self) -> ProcessRecorder:
        """Refuse: entries have one writer."""
        raise ProgrammingError("entries have one writer")
