"""Clocks that say what time it is for an entry: the system's, or for demonstrations one that is stepped by hand.

A stepped clock is allowed only where the origin begins with `demo.`; it moves on by one second with every entry and by
as much as it is told. Instants are spelled with milliseconds and +08:00. Source: ledger specification, sections 2 and 11.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

BEIJING = timezone(timedelta(hours=8))
DEMONSTRATION_START = "2026-03-02T09:00:00.000+08:00"
"""A working day inside the calendars that are shipped."""


def spell(moment: datetime) -> str:
    """Return an aware `moment` as entries spell it."""
    return moment.astimezone(BEIJING).isoformat(timespec="milliseconds")


def after(at: str, seconds: float) -> str:
    """Return the instant `seconds` after `at`."""
    return spell(datetime.fromisoformat(at) + timedelta(seconds=seconds))


def next_day(at: str) -> str:
    """Return the instant at which the day of `at` is over."""
    return _after_day(at[:10])


@lru_cache(maxsize=8)
def _after_day(day: str) -> str:
    return after(f"{day}T00:00:00.000+08:00", 86_400)


def next_second(at: str) -> str:
    """Return the instant at which the second of `at` is over."""
    return after(f"{at[:19]}.000+08:00", 1)


class SystemClock:
    """The machine's clock."""

    kind = "system"

    def __init__(self) -> None:
        self._earliest = ""

    def now(self) -> str:
        """Return the present instant."""
        return max(self._earliest, spell(datetime.now(UTC)))

    def not_before(self, instant: str) -> None:
        """Stand at `instant` or later from now on: another machine's clock is ahead and has recorded it."""
        self._earliest = max(self._earliest, instant)


class SteppedClock:
    """A clock of a demonstration: it stands still until an entry or a person moves it."""

    kind = "stepped"

    def __init__(self, instant: str = DEMONSTRATION_START) -> None:
        self._instant = instant
        self._moment: datetime | None = None

    def now(self) -> str:
        """Return the instant the clock stands at."""
        return self._instant

    def advance(self, seconds: float) -> str:
        """Move the clock on and return where it stands now; never back."""
        self._moment = (self._moment or datetime.fromisoformat(self._instant)) + timedelta(seconds=max(0.0, seconds))
        self._instant = self._moment.isoformat(timespec="milliseconds")
        return self._instant

    def not_before(self, instant: str) -> None:
        """Stand at `instant` or later from now on: another process has moved the clock."""
        if instant > self._instant:
            self._instant, self._moment = instant, None


Clock = SystemClock | SteppedClock
