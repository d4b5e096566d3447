"""One call of the append function: what it is given, and the proof that it did what it says.

Python composes and hashes every entry again from what the database answered, before anything is acknowledged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.errors import Unavailable
from domain.store.contract import Change, Placed, resting_on
from domain.store.mapper import genesis_of
from domain.store.postgres_connections import Connection
from verify import entries
from verify.tree import leaf_hash

_CALL = (
    "SELECT * FROM append_entries(%b::bytea, %b::boolean,"
    " %b::text, %b::text, %b::text, %b::text, %b::text, %b::text, %b::text, %b::text,"
    " %b::integer[], %b::text[], %b::text[], %b::boolean[],"
    " %b::text, %b::text, %b::text[], %b::bigint[])"
)


def append(connection: Connection, changes: Sequence[Change], expected: Sequence[bytes] | None = None) -> list[Placed]:
    """Append the changes, check what came of it, and return where. `expected`: leaves that must come out, ValueError else."""
    row = connection.execute(_CALL, _arguments(changes), binary=True).fetchall()[0]
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
    return [Placed(first + n, at, leaf) for n, (at, leaf) in enumerate(zip(instants, leaves, strict=True))]


def _arguments(changes: Sequence[Change]) -> list[Any]:
    named = [(place, document) for place, change in enumerate(changes) for document in change.documents]
    streams, families = resting_on(changes)
    # The name of a stream has no line feed: where one was asked for with it, there is none, and never will be.
    streams = {ground for ground in streams if "\n" not in ground[0]}
    begins = changes[0].version == 1 and changes[0].stream.startswith("log/")
    # No list is passed as NULL, which is nothing to be packed here and unpacked there.
    return [
        bytes.fromhex(genesis_of(changes[0])) if begins else None,
        changes[0].now is not None,
        _lines([change.stream for change in changes]),
        _lines([str(change.version) for change in changes]),
        _lines([change.tail.decode() for change in changes]),
        _lines([change.instant() for change in changes]),
        _lines([change.grounds.until if change.grounds else "" for change in changes]),
        _lines([change.account or "" for change in changes]),
        _lines([change.command or "" for change in changes]),
        _lines([change.fingerprint.hex() for change in changes]),
        [place for place, _ in named] or None,
        [document["sha256"] for _, document in named] or None,
        [document["type"] for _, document in named] or None,
        [bool(document["public"]) for _, document in named] or None,
        _lines([stream for stream, _ in streams]) or None,
        _lines([str(version) for _, version in streams]) or None,
        [prefix for prefix, _ in families] or None,
        [size for _, size in families] or None,
    ]


def _lines(values: Sequence[str]) -> str:
    """Return a column with a line for each entry. ValueError where one is not one line: all behind it would be shifted."""
    joined = "\n".join(values)
    if joined.count("\n") != max(0, len(values) - 1):
        raise ValueError("what is recorded of an entry has no line feed in it")
    return joined
