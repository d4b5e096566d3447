"""Whoever wrote reads what was written: fold what the views lack, or wait for the worker that folds it just now."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from projections import tail
from projections.tables import Connection

FIRST_PAUSE, LONGEST_PAUSE = 0.001, 0.02
"""Seconds between two looks at the place; a notification of the database would be a hint, polling is the contract."""


class Log(Protocol):
    """The log as the views see it, whichever database it is kept in."""

    @property
    def size(self) -> int:
        """The number of entries."""

    def entries(self, start: int, stop: int, /) -> Iterator[bytes]:
        """Yield the entries from index `start` to `stop` (not included)."""

    def document(self, sha256: str, /) -> Iterator[bytes] | None:
        """Return the bytes of a document in pieces."""

    def reading(self) -> AbstractContextManager[Connection]:
        """Give a connection that only reads."""

    def writing(self) -> AbstractContextManager[Connection]:
        """Give a connection inside a transaction: committed at the end, rolled back by any exception."""


class Behind(RuntimeError):
    """The views did not reach an entry in time, because another worker folds or does not come to it."""


def fold(log: Log, index: int, limit: int = tail.BATCH, end: float = math.inf) -> int:
    """Fold in batches of `limit` until the views hold the first `index` entries, and return how many they hold.

    Fewer, where another worker folds just now, or after the batch that passes `end` on the monotonic clock.
    """
    with log.reading() as connection:
        reached = tail.position(connection)
    while reached < index:
        before = reached
        with log.writing() as connection:
            reached = tail.catch_up(connection, log.entries, log.document, index, limit)
        if reached == before or time.monotonic() > end:
            break
    return reached


def wait_for(log: Log, index: int, timeout: float, limit: int = tail.BATCH) -> int:
    """Return once the views hold the first `index` entries, with how many they hold, whoever folds them.

    Behind after `timeout` seconds, looked at between two batches.
    """
    end = time.monotonic() + timeout
    pause = FIRST_PAUSE
    while (reached := fold(log, index, limit, end)) < index:
        if time.monotonic() > end:
            raise Behind(f"the views hold {reached} of {index} entries")
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
    return reached
