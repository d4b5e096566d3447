"""Working days, counted from calendars that the ledger itself recorded.

A day is a working day if it is a make-up working day, or it is Monday to Friday and not a holiday. A deadline is the n-th
working day after the start, which is not counted. A year without a recorded calendar is never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

PUBLICATION_DAYS = 7
"""方案第五(五)条: results are entered within 7 working days after the inspection is completed."""
OUTER_DAYS = 20
"""The outer bound for publication, 20 working days."""


class UnknownYear(ValueError):
    """The count runs into a year whose calendar is not recorded."""


@dataclass(frozen=True)
class Calendar:
    """The recorded years, their holidays and their make-up working days, as sets of YYYY-MM-DD."""

    years: frozenset[int] = frozenset()
    holidays: frozenset[str] = field(default=frozenset())
    makeup: frozenset[str] = field(default=frozenset())

    def plus(self, record: Mapping[str, Any]) -> Calendar:
        """Return this calendar with one recorded year added; a year recorded again replaces what it said before."""
        prefix = f"{record['year']:04d}-"

        def merged(old: frozenset[str], new: Iterable[str]) -> frozenset[str]:
            return frozenset(day for day in old if not day.startswith(prefix)) | frozenset(new)

        return Calendar(
            self.years | {record["year"]},
            merged(self.holidays, record["holidays"]),
            merged(self.makeup, record["makeup_workdays"]),
        )

    def is_working_day(self, day: date) -> bool:
        """Whether `day` is worked; UnknownYear where its year is not recorded."""
        if day.year not in self.years:
            raise UnknownYear(f"the calendar of {day.year} is not recorded")
        spelled = day.isoformat()
        return spelled in self.makeup or (day.weekday() < 5 and spelled not in self.holidays)

    def deadline(self, start: str, days: int = PUBLICATION_DAYS) -> str:
        """Return the `days`-th working day after `start` (both YYYY-MM-DD); UnknownYear where the count leaves the record."""
        day, left = date.fromisoformat(start), days
        while left:
            day += timedelta(days=1)
            left -= self.is_working_day(day)
        return day.isoformat()
