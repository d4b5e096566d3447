"""A log of several batches is restored whole, on both stores: a recovery that loses an entry between two batches is none."""

from collections.abc import Iterator

import pytest

from domain.store import postgres, sqlite
from tests.domain.stores import store, told
from tests.story import Story
from verify import entries

__all__ = ["store", "told"]


def chained(told: Story, n: int) -> Iterator[bytes]:
    """Yield n entries that could follow the log: units, registered one after the other."""
    prev, index = next(told.ledger.leaves(told.ledger.size - 1)), told.ledger.size
    last = entries.read_own(next(told.ledger.store.entries(index - 1)))
    for number in range(n):
        unit = f"22019{number:04}"
        data = {"unit": unit, "name": "单位", "kind": "office", "parent": "220100"}
        actor = {"account": "admin", "role": "admin", "unit": "220100"}
        tail = entries.tail(f"unit/{unit}", 1, "unit.registered", actor, f"restored-{number}", data)
        raw = entries.compose(prev.hex(), index + number, last.at, tail)
        prev = entries.parse(raw).leaf
        yield raw


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_log_of_several_batches_is_restored_whole(told: Story, more: int) -> None:
    before, n = told.ledger.size, 2 * sqlite.BATCH + more
    assert sqlite.BATCH == postgres.BATCH
    raws = list(chained(told, n))

    assert told.ledger.store.restore(iter(raws)) == n

    assert list(told.ledger.store.entries(before)) == raws
