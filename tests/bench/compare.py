"""How two things are compared: one after the other in every round, so that a slow minute of the machine hits both.

No number here is ever asserted: a measurement says what was seen, and whether that reaches the target.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from statistics import median
from time import perf_counter
from typing import TypedDict, TypeVar

T = TypeVar("T")


class Scale(IntEnum):
    """How much is measured: enough to see that it runs, two minutes of it, or all of it."""

    TINY = 0
    QUICK = 1
    FULL = 2

    def pick(self, tiny: T, quick: T, full: T) -> T:
        """Return one of three sizes."""
        return (tiny, quick, full)[self]

    @property
    def rounds(self) -> int:
        """How often both sides are measured, after one round to warm up."""
        return self.pick(1, 3, 5)


class Row(TypedDict):
    """One measurement. Rates are medians; `ratio` is the median of the rounds, `spread` their smallest and largest.

    With `at_least` the ratio is our rate by theirs, otherwise our time by theirs, for the same work.
    """

    what: str
    value: float
    unit: str
    compared_to: str
    their_value: float
    ratio: float
    spread: tuple[float, float]
    at_least: float | None
    at_most: float | None
    met: bool | None
    how: str


@dataclass(frozen=True)
class Side:
    """One of the two: `act` does `work` units once; a float that it returns is the seconds that count, if not all do."""

    name: str
    act: Callable[[], object]
    work: int


def seconds(act: Callable[[], object]) -> float:
    """Return how long `act` took, or what it says itself."""
    start = perf_counter()
    told = act()
    return told if isinstance(told, float) else perf_counter() - start


def compare(
    ours: Side,
    theirs: Side,
    unit: str,
    scale: Scale,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    rate: bool = False,
    how: str = "",
) -> Row:
    """Measure both sides in turn and return the row. `unit` is what the work counts, like "entries".

    `rate`: the ratio is one of rates, also without a target.
    """
    rounds = [(seconds(theirs.act) / theirs.work, seconds(ours.act) / ours.work) for _ in range(scale.rounds + 1)][1:]
    slower = at_least is None and not rate
    ratios = sorted(mine / other if slower else other / mine for other, mine in rounds)
    ratio = median(ratios)
    met = None if at_least is None and at_most is None else ratio <= at_most if at_most else ratio >= (at_least or 0)
    return {
        "what": ours.name,
        "value": 1 / median(mine for _, mine in rounds),
        "unit": f"{unit}/s",
        "compared_to": theirs.name,
        "their_value": 1 / median(other for other, _ in rounds),
        "ratio": ratio,
        "spread": (ratios[0], ratios[-1]),
        "at_least": at_least,
        "at_most": at_most,
        "met": met,
        "how": how,
    }
