"""A log grown by many entries at once: units, registered one after the other, as a backup would bring them back."""

from __future__ import annotations

from collections.abc import Iterator

from domain.ledger import Ledger
from verify import entries


def grow(ledger: Ledger, size: int) -> None:
    """Let the log have `size` entries, and publish its head."""
    ledger.store.restore(_units(ledger, size - ledger.size))
    ledger.publish_checkpoint()


def _units(ledger: Ledger, count: int) -> Iterator[bytes]:
    first = ledger.size
    prev = next(ledger.leaves(first - 1))
    last = entries.read_own(next(ledger.store.entries(first - 1)))
    actor = {"account": "admin", "role": "admin", "unit": "220100"}
    for index in range(first, first + count):
        data = {"unit": f"2201.{index}", "name": "单位", "kind": "office", "parent": "220100"}
        tail = entries.tail(f"unit/2201.{index}", 1, "unit.registered", actor, f"grown-{index}", data)
        raw = entries.compose(prev.hex(), index, last.at, tail)
        prev = entries.parse(raw).leaf
        yield raw
