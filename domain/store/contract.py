"""What every store of a log can do, and what is handed to it beside an entry; each database answers natively.

One contract test runs over all of them. A decision is recorded only while everything it rested on still stands: what was
read, and the day or second in which it was decided.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
from eventsourcing.persistence import IntegrityError, StoredEvent

_REFERENCE = {"sha256", "bytes", "type", "public"}
CHUNK = 1 << 20
"""Documents are kept in chunks of this many bytes."""
Accept = Callable[[Callable[[], int], Callable[[int], bytes]], None]
"""Accepts a database by what it can tell: its size, and its root at a size."""


class Moved(IntegrityError):
    """What a decision rested on has changed since it was read: nothing was recorded, decide again."""


@dataclass
class Grounds:
    """What one decision rests on, noted while it is made."""

    at: str
    """The moment of the decision: every step of it asks this clock, and the entry is not recorded earlier."""
    until: str
    """The entry must be recorded before this instant: a decision of one day does not count on the next."""
    streams: dict[str, int] = field(default_factory=dict)
    """The version in which each stream was read, 0 where it did not exist."""
    families: dict[str, int] = field(default_factory=dict)
    """The size of the log when the streams beginning with a prefix were listed."""

    def note(self, stream: str, version: int) -> None:
        """Note that a stream was read. What was read first counts: a second, fresher reading must not hide it."""
        self.streams.setdefault(stream, version)


@dataclass(frozen=True)
class Beside:
    """What is kept beside an entry and never published: values behind commitments, and conflicts of inspectors."""

    values: Sequence[tuple[str, str, bytes, str]] = ()
    """(commitment in hex, label, salt, value)."""
    registry: str = ""
    conflicts: Sequence[tuple[str, Sequence[str]]] = ()
    """(inspector, object ids), replacing what was declared for that inspector in `registry`."""


@dataclass(slots=True)
class Change:
    """One entry to be recorded and what belongs to it; where a command makes several, the first carries its id."""

    stream: str
    version: int
    tail: bytes
    """The bytes of the entry after `at`, as `domain.store.mapper` makes them and nobody else."""
    at: str
    """The entry is not recorded earlier than this instant."""
    account: str | None = None
    command: str | None = None
    fingerprint: bytes = b""
    documents: Sequence[dict[str, Any]] = ()
    grounds: Grounds | None = None
    beside: Beside | None = None
    clock: str | None = None
    """Where a stepped clock stands afterwards."""
    now: Callable[[], str] | None = None
    """A real clock, which is asked when it is this change's turn: whoever waited long is recorded late."""

    def instant(self) -> str:
        """Return the moment at which the entry is recorded, if nothing before it is later."""
        return self.at if self.now is None else max(self.at, self.now())


class Placed(msgspec.Struct, frozen=True):
    """Where an entry was recorded, when, and its leaf."""

    index: int
    at: str
    leaf: bytes


def changes_of(stored_events: Sequence[StoredEvent], facts: Mapping[str, Any]) -> list[Change]:
    """Return the changes of one save of the library: the first carries the command and what it rests on."""
    made = [Change(str(e.originator_id), e.originator_version, e.state, facts["at"]) for e in stored_events]
    first = made[0]
    first.account, first.command, first.fingerprint = facts["account"], facts["command"], facts["fingerprint"]
    first.documents, first.grounds = facts.get("documents", ()), facts.get("grounds")
    first.beside, first.clock = facts.get("private"), facts.get("clock")
    return made


def resting_on(changes: Iterable[Change]) -> tuple[set[tuple[str, int]], set[tuple[str, int]]]:
    """Return what is to be compared before changes are recorded: (stream, version) and (prefix, size) pairs.

    A stream in which the next version is recorded now needs no question: where it has moved, that version is taken.
    """
    streams: set[tuple[str, int]] = set()
    families: set[tuple[str, int]] = set()
    before: Grounds | None = None
    for change in changes:
        if change.grounds is not None and change.grounds is not before:
            before = change.grounds
            streams.update(before.streams.items())
            families.update(before.families.items())
    streams.difference_update([(change.stream, change.version - 1) for change in changes])
    return streams, families


def clock_after(changes: Iterable[Change]) -> str:
    """Return where the stepped clock stands after these changes, nothing where it is another clock."""
    return max((change.clock for change in changes if change.clock), default="")


class Store(Protocol):
    """Entries, their tree, documents, checkpoints, and the private tables beside them."""

    shared: bool
    """Whether several processes may write at once; then what was read may move until it is recorded."""

    def close(self) -> None:
        """Close every connection."""

    def watch(self, accept: Accept) -> None:
        """Ask `accept(size, root)` of every database connected to from now on; what it raises refuses it."""

    def writing(self) -> AbstractContextManager[Any]:
        """Give a connection of the database's own kind inside a transaction."""

    def reading(self) -> AbstractContextManager[Any]:
        """Give a connection of the database's own kind that cannot write."""

    def alone(self) -> AbstractContextManager[None]:
        """Keep every other writer out until this thread has recorded one decision, or given up."""

    def append(self, changes: Sequence[Change]) -> list[Placed]:
        """Record the changes of one or more commands in one durable transaction, all or none, in their order.

        What each rests on is compared with what was there before all of them: two that touch each other do not come
        together. Moved where something has changed, IntegrityError where a version or a command id is taken.
        """

    def still(self, grounds: Grounds) -> bool:
        """Whether everything that a decision rests on is still as it was read; its time is not asked."""

    def select_events(
        self, originator_id: Any, *, gt: int | None = None, limit: int | None = None
    ) -> Sequence[StoredEvent]:
        """Return the entries of one stream, those behind the version `gt`."""

    def restore(self, raws: Iterable[bytes]) -> int:
        """Append entries of this log verbatim, as they were published; return how many."""

    @property
    def size(self) -> int:
        """The number of entries."""

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the raw entries from index `start` to `stop` (not included)."""

    def leaves(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the leaf hashes from index `start` to `stop` (not included)."""

    def command(self, account: str, command: str) -> tuple[bytes, bytes] | None:
        """Return (entry, fingerprint) of a command that was carried out, None where it never was."""

    def streams(self, prefix: str) -> list[str]:
        """Return the streams that begin with `prefix` (plain ASCII), sorted."""

    def nodes(self, level: int, start: int, stop: int) -> list[bytes]:
        """Return the hashes over 2^level leaves each, from position `start` to `stop`. KeyError where one is not there."""

    def root(self, size: int) -> bytes:
        """Return the root over the first `size` entries."""

    def inclusion_path(self, index: int, size: int) -> list[bytes]:
        """Return the proof that entry `index` is in the tree of the first `size` entries."""

    def consistency_path(self, old: int, new: int) -> list[bytes]:
        """Return the proof that the first `new` entries extend the first `old`."""

    def put_document(self, sha256: str, size: int, pieces: Callable[[], Iterable[bytes]]) -> None:
        """Store a document, durable when this returns; one that is there already is not stored twice.

        `pieces` gives its bytes in pieces, anew each time it is called. ValueError where they are not those of the name
        and the size; then nothing is stored.
        """

    def document(self, sha256: str, first: int = 0) -> Iterator[bytes] | None:
        """Return the bytes of a document in pieces, from chunk `first` on; None where there is none of that hash."""

    def documents(self, below: int | None = None) -> Iterator[dict[str, Any]]:
        """Yield `{"sha256","bytes","type","public"}` of every document that an entry (with index < `below`) names."""

    def document_info(self, sha256: str) -> dict[str, Any] | None:
        """Return how a document is named by an entry, None where none names it."""

    def put_checkpoint(self, size: int, note: bytes) -> None:
        """Keep a signed checkpoint for publication."""

    def checkpoint(self) -> bytes | None:
        """Return the largest published checkpoint, None before the first."""

    def put_token(self, digest: bytes, account: str) -> None:
        """Keep the hash of an access token."""

    def account_of(self, digest: bytes) -> str | None:
        """Return whose token has this hash, None where it is nobody's."""

    def private_value(self, commitment: str) -> tuple[str, bytes] | None:
        """Return (value, salt) behind a commitment in hex, None where it was erased or never known."""

    def private_conflicts(self, registry: str) -> list[tuple[str, str]]:
        """Return the declared conflicts of a registry as (object, inspector), sorted."""

    def private_clock(self) -> str | None:
        """Return where the stepped clock stood last, None where there is none."""

    def put_private_clock(self, instant: str) -> None:
        """Keep where the stepped clock stands."""


def chunks(sha256: str, size: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a document as they are kept, in chunks of `CHUNK` bytes. ValueError where they are others."""
    hashing, length, rest = hashlib.sha256(), 0, b""
    for piece in pieces:
        hashing.update(piece)
        length += len(piece)
        rest += piece
        while len(rest) >= CHUNK:
            yield rest[:CHUNK]
            rest = rest[CHUNK:]
    if rest:
        yield rest
    if length != size or hashing.hexdigest() != sha256:
        raise ValueError(f"these {length} bytes are not the document {sha256} of {size} bytes")


def references(data: Any) -> list[dict[str, Any]]:
    """Return every document reference inside the data of an entry."""
    found: list[dict[str, Any]] = []
    waiting = [data]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if part.keys() == _REFERENCE:
                found.append(part)
            else:
                waiting += part.values()
    return found
