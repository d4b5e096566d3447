"""Other tamper-evident logs with the same payload and the same durability: appending one by one, and verifying.

Ours is the store itself, without the commands in front of it, because the peers have none.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import count, islice
from pathlib import Path

from eventsourcing.persistence import StoredEvent

from domain.store.sqlite import Store
from tests.bench.chains import AT, Made, chain, fill, made
from tests.bench.compare import Row, Scale, Side, compare
from tests.bench.peers.environment import Driven
from verify.tree import leaf_hash, verify_inclusion

NAMES = ("pymerkle", "ledgerchain", "auditchain")
JOURNALS = {"DELETE": "with the journal it comes with", "WAL": "given the write-ahead log that ours has"}
DURABLE = (
    "SQLite, synchronous=FULL, one transaction per entry on both sides; ours keeps a write-ahead log, and besides the "
)
DURABLE += "entry its tree, its command and the links between them"


def run(scale: Scale) -> list[Row]:
    """Return the rows of appending and of verifying against each peer."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        rows = []
        for peer in NAMES:
            for journal in JOURNALS:
                with Driven(peer, journal, folder) as driven:
                    rows.append(append_row(scale, folder, journal, driven))
        pymerkle = stack.enter_context(Driven("pymerkle", "WAL", folder))
        return [*rows, inclusion_row(scale, folder, pymerkle)]


def append_row(scale: Scale, folder: Path, journal: str, peer: Driven) -> Row:
    """One entry, durable, and then the next. The target is for the peer as it comes."""
    n = scale.pick(5, 100, 500)
    store = Store(folder / f"beside {peer.name} {journal}.db", create=True)
    events, raws = stored(made(10**9)), chain(10**9)
    try:
        return compare(
            Side("durable append of one entry", appender(store, events, n), n),
            Side(f"{peer.name}, {JOURNALS[journal]}", lambda: peer.ask("append", list(islice(raws, n)))["seconds"], n),
            "entries",
            scale,
            at_least=2 if journal == "DELETE" else None,
            rate=True,
            how=DURABLE,
        )
    finally:
        store.close()


def stored(some: Iterator[Made]) -> Iterator[StoredEvent]:
    """Yield what a mapper would hand to the store."""
    return (StoredEvent(each.stream, each.version, each.kind, each.tail) for each in some)


def appender(store: Store, events: Iterator[StoredEvent], n: int) -> Callable[[], None]:
    """Return what appends the next n, each as the command of its own that it is in life."""
    numbers = count()

    def append() -> None:
        for event in islice(events, n):
            facts = {"at": AT, "account": "bench", "command": str(next(numbers)), "fingerprint": bytes(32)}
            store.insert_events([event], **facts)

    return append


def inclusion_row(scale: Scale, folder: Path, peer: Driven) -> Row:
    """One entry is hashed, its inclusion is proved from what is stored, and the proof is checked."""
    n = scale.pick(200, 5_000, 20_000)
    peer.ask("fill", list(chain(n)))
    size = peer.ask("verify")["checked"]  # warm, and how many it looks at
    store = Store(folder / "inclusion.db", create=True)
    fill(store, n)
    indexes = range(0, n, max(1, n // size))
    try:
        return compare(
            Side(f"inclusion proved and checked in a log of {n:,}", lambda: prove(store, indexes, n), len(indexes)),
            Side(peer.name, lambda: peer.ask("verify")["seconds"], size),
            "entries",
            scale,
            rate=True,
            how="pymerkle keeps no chain and has no check of a whole log",
        )
    finally:
        store.close()


def prove(store: Store, indexes: Sequence[int], n: int) -> None:
    head = store.root(n)
    for index in indexes:
        [raw] = store.entries(index, index + 1)
        verify_inclusion(leaf_hash(raw), index, n, head, store.inclusion_path(index, n))
