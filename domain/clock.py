"""Clocks that say what time it is for an entry: the system's, or for demonstrations one that is stepped by hand.

A stepped clock is allowed only where the origin begins with `demo.`; it moves on by one second with every entry and by
as much as it is told. Instants are spelled with milliseconds and +08:00. Source: ledger specification, sections 2 and 11.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
DEMONSTRATION_START = "2026-03-02T09:00:00.000+08:00"
"""A working day inside the calendars that are shipped."""


def spell(moment: datetime) -> str:
    """Return an aware `moment` as entries spell it."""
    return moment.astimezone(BEIJING).isoformat(timespec="milliseconds")


def after(at: str, seconds: float) -> str:
    """Return the instant `seconds` after `at`."""
    return spell(datetime.fromisoformat(at) + timedelta(seconds=seconds))


class SystemClock:
    """The machine's clock."""

    kind = "system"

    def now(self) -> str:
        """Return the present instant."""
        return spell(datetime.now(UTC))


class SteppedClock:
    """A clock of a demonstration: it stands still until an entry or a person moves it."""

    kind = "stepped"

    def __init__(self, instant: str = DEMONSTRATION_START) -> None:
        self._instant = instant

    def now(self) -> str:
        """Return the instant the clock stands at."""
        return self._instant

    def advance(self, seconds: float) -> str:
        """Move the clock on and return where it stands now; never back."""
        self._instant = after(self._instant, max(0.0, seconds))
        return self._instant


Clock = SystemClock | SteppedClock
