"""One call of the append function: what it is given, and the proof that it did what it says.

Python composes and hashes every entry again from what the database answered, before anything is acknowledged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from eventsourcing.persistence import StoredEvent

from domain.errors import Unavailable
from domain.store.contract import Grounds, references
from domain.store.postgres_connections import Connection
from verify import entries
from verify.tree import leaf_hash

_CALL = (
    "SELECT * FROM append_entries(%b::bytea,"
    " %b::text[], %b::integer[], %b::bytea[], %b::text[], %b::text[],"
    " %b::text[], %b::text[], %b::bytea[],"
    " %b::integer[], %b::text[], %b::text[], %b::boolean[],"
    " %b::text[], %b::integer[], %b::text[], %b::bigint[])"
)
_LATEST = "9999-12-31T23:59:59.999+08:00"


@dataclass
class Change:
    """One entry to be appended; the first of a command also carries its id."""

    stream: str
    version: int
    tail: bytes
    at: str
    until: str | None
    """The entry must be recorded before this instant."""
    account: str | None = None
    command: str | None = None
    fingerprint: bytes = b""
    documents: Sequence[dict[str, Any]] = ()

    def name(self, account: str, command: str, fingerprint: bytes, documents: Iterable[dict[str, Any]]) -> None:
        """Say which command this is the first entry of, and to which documents it refers."""
        self.account, self.command, self.fingerprint, self.documents = account, command, fingerprint, list(documents)


def append(
    connection: Connection,
    changes: Sequence[Change],
    grounds: Grounds | None,
    genesis: bytes | None,
    expected: Sequence[bytes] | None = None,
) -> list[tuple[int, bytes]]:
    """Append the changes, check what came of it, and return index and leaf of each.

    `expected`: leaves that must come out, ValueError otherwise. A tail that no entry can have raises EntryError.
    """
    for change in changes:
        # What is not readable by everybody is never recorded; the length is that of the last index there can be.
        entries.parse(entries.compose("0" * 64, 2**53 - 1, _LATEST, change.tail))
    row = connection.execute(_CALL, _arguments(changes, grounds, genesis), binary=True).fetchall()[0]
    first, prev, instants, leaves = row
    if expected is not None and list(expected) != leaves:
        raise ValueError(f"the entries from {first} on do not follow entry {first - 1}")
    for number, (change, at, leaf) in enumerate(zip(changes, instants, leaves, strict=True)):
        if leaf_hash(entries.compose(prev.hex(), first + number, at, change.tail)) != leaf:
            raise Unavailable(
                f"数据库为第 {first + number} 条给出的哈希与其字节不符",
                f"the hash that the database gave for entry {first + number} is not that of its bytes",
                "LEDGER 1",
            )
        prev = leaf
    return [(first + number, leaf) for number, leaf in enumerate(leaves)]


def verbatim(entry: entries.Entry) -> Change:
    """Return the change that makes an entry again, byte for byte."""
    tail = entry.raw[len(entries.compose(entry.prev, entry.index, entry.at, b"")) :]
    change = Change(entry.stream, entry.version, tail, entry.at, None)
    change.name(entry.actor["account"], entry.command, b"", references(entry.data))
    return change


def genesis_of(event: StoredEvent) -> bytes | None:
    """Return the `prev` of entry 0 where this is what a log begins with: it is made of the origin that it names."""
    if event.topic != "log.created":
        return None
    probe = entries.parse(entries.compose("0" * 64, 0, _LATEST, event.state))
    return bytes.fromhex(entries.genesis(str(probe.data["origin"])))


def _arguments(changes: Sequence[Change], grounds: Grounds | None, genesis: bytes | None) -> list[Any]:
    named = [(place, document) for place, change in enumerate(changes) for document in change.documents]
    streams = grounds.streams if grounds else {}
    families = grounds.families if grounds else {}
    return [
        genesis,
        [change.stream for change in changes],
        [change.version for change in changes],
        [change.tail for change in changes],
        [change.at for change in changes],
        [change.until for change in changes],
        [change.account for change in changes],
        [change.command for change in changes],
        [change.fingerprint for change in changes],
        [place for place, _ in named],
        [document["sha256"] for _, document in named],
        [document["type"] for _, document in named],
        [bool(document["public"]) for _, document in named],
        list(streams),
        list(streams.values()),
        list(families),
        list(families.values()),
    ]
