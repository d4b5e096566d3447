"""The recorder of entries in SQLite: `prev`, `index` and `at` are given inside the inserting transaction.

A crash before COMMIT leaves nothing; a crash after it leaves the whole entry with its command id, so the client that asks
again gets the same receipt.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

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

from domain.store.contract import Grounds, Moved, references
from domain.store.sqlite_database import node_of
from domain.store.sqlite_private import PrivateTables, keep
from verify import entries
from verify.tree import node_hash


class Store(PrivateTables, ApplicationRecorder):
    """Entries, their tree, documents, checkpoints and private values."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Append entries in one transaction with their tree nodes, document references, command and private values.

        Keywords: `at` (instant), `fingerprint` (bytes), `account`, `command`, `documents` (references), `private`,
        `clock` (the instant a stepped clock stands at afterwards, or None), `grounds` (what the decision rests on).
        Moved where those no longer hold, IntegrityError where a version or a command id is taken.
        """
        grounds: Grounds | None = kwargs.get("grounds")
        try:
            with self.writing() as connection:
                if grounds is not None:
                    _require_unmoved(connection, grounds, max(kwargs["at"], _last(connection)[2]))
                indexes = [self._append(connection, event, kwargs["at"]) for event in stored_events]
                self._note(connection, indexes[0], kwargs)
        except sqlite3.IntegrityError as error:
            raise IntegrityError(error) from error
        return [index + 1 for index in indexes]

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
        with self._lock:
            rows = self._writer.execute(query, bounds).fetchall()
        return [StoredEvent(stream, version, "", bytes(raw)) for stream, version, raw in rows]

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
        number = 0
        with self.writing() as connection:
            for raw in raws:
                entry = entries.parse(raw)
                last = connection.execute("SELECT idx, leaf FROM entries ORDER BY idx DESC LIMIT 1").fetchone()
                expected = (last[0] + 1, bytes(last[1]).hex()) if last else (0, entries.genesis(entry.data["origin"]))
                if (entry.index, entry.prev) != expected:
                    raise ValueError(f"entry {entry.index} does not follow what is stored")
                _insert(connection, entry)
                facts = {"account": entry.actor["account"], "command": entry.command, "fingerprint": b""}
                self._note(connection, entry.index, {**facts, "documents": list(references(entry.data))})
                number += 1
        return number

    def _append(self, connection: sqlite3.Connection, event: StoredEvent, at: str) -> int:
        last, leaf, reached = _last(connection)
        prev = leaf.hex() if leaf is not None else entries.genesis(_origin(event))
        index, at = last + 1, max(at, reached)
        # What is not readable by everybody is never recorded.
        entry = entries.parse(entries.compose(prev, index, at, event.state))
        _insert(connection, entry)
        return index

    def _note(self, connection: sqlite3.Connection, index: int, facts: dict[str, Any]) -> None:
        command = (facts["account"], facts["command"], index, facts["fingerprint"])
        connection.execute("INSERT INTO commands VALUES (?, ?, ?, ?)", command)
        references = ((d["sha256"], index, d["type"], int(d["public"])) for d in facts.get("documents", ()))
        connection.executemany("INSERT OR IGNORE INTO document_references VALUES (?, ?, ?, ?)", references)
        keep(connection, facts.get("private"), facts.get("clock"))


def _last(connection: sqlite3.Connection) -> tuple[int, bytes | None, str]:
    """Return index, leaf and instant of the last entry; (-1, None, "") in an empty log."""
    row = connection.execute("SELECT idx, leaf, raw FROM entries ORDER BY idx DESC LIMIT 1").fetchone()
    if row is None:
        return -1, None, ""
    # `","index":N,"at":"…"` follows `prev`: every entry begins alike, so no parser is needed.
    return row[0], bytes(row[1]), bytes(row[2])[entries.PREV.stop :].split(b'"', 7)[6].decode()


def _require_unmoved(connection: sqlite3.Connection, grounds: Grounds, at: str) -> None:
    """Refuse a decision that would be recorded at the instant `at`, where something it rested on has changed."""
    if at >= grounds.until:
        raise Moved("the time for the decision is over")
    for stream, version in grounds.streams.items():
        query = "SELECT coalesce(max(version), 0) FROM entries WHERE stream = ?"
        if connection.execute(query, (stream,)).fetchone() != (version,):
            raise Moved(f"{stream} has moved")
    for prefix, size in grounds.families.items():
        query = "SELECT 1 FROM entries WHERE idx >= ? AND version = 1 AND stream >= ? AND stream < ?"
        if connection.execute(query, (size, prefix, prefix + "\x7f")).fetchone():
            raise Moved(f"there is a new stream beginning with {prefix}")


def _insert(connection: sqlite3.Connection, entry: entries.Entry) -> None:
    row = (entry.index, entry.raw, entry.leaf, entry.stream, entry.version)
    connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", row)
    _grow(connection, entry.index, entry.leaf)


def _origin(event: StoredEvent) -> str:
    """Return the origin that entry 0 names, which its `prev` is made of."""
    if event.topic != "log.created":
        raise ProgrammingError("a log begins with log.created")
    probe = entries.parse(entries.compose("0" * 64, 0, "2000-01-01T00:00:00.000+08:00", event.state))
    return str(probe.data["origin"])


def _grow(connection: sqlite3.Connection, index: int, leaf: bytes) -> None:
    """Store the hashes of the subtrees that this leaf completes."""
    level, position, hash_ = 0, index, leaf
    while position & 1:
        left = node_of(connection, level, position - 1)
        level, position, hash_ = level + 1, position >> 1, node_hash(left, hash_)
        connection.execute("INSERT INTO nodes VALUES (?, ?, ?)", (level, position, hash_))


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
