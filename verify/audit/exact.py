"""The chances: exact tails of the distributions that a fair draw follows, and corrections for asking many questions.

The only file here that uses SciPy. A distribution is the list of the chances of 0, 1, 2 …
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

Chances = Sequence[float]


class LibraryMissing(Exception):
    """SciPy is not installed: nothing can be asked."""


def library() -> Any:
    """Return scipy.stats. Raises LibraryMissing."""
    try:
        return importlib.import_module("scipy.stats")
    except ImportError as error:
        raise LibraryMissing from error


@lru_cache(65_536)
def poisson_binomial(chances: tuple[float, ...]) -> list[float]:
    """How many of independent events with these chances happen."""
    sure = sum(chance >= 1 for chance in chances)
    open_ones = [chance for chance in chances if 0 < chance < 1]
    rest = _list(library().poisson_binom(open_ones).pmf(range(len(open_ones) + 1))) if open_ones else [1.0]
    return [0.0] * sure + rest


def hypergeometric(total: int, marked: int, taken: int) -> list[float]:
    """How many marked ones are among `taken` of `total`, of which `marked` are marked."""
    return _list(library().hypergeom(total, marked, taken).pmf(range(min(marked, taken) + 1)))


def below_threshold(eligible: int, drawn: int, outside: int) -> list[float]:
    """How many of `outside` further tickets lie below the ticket of rank `drawn` of `eligible`: negative hypergeometric."""
    return _list(library().nhypergeom(eligible + outside, outside, drawn).pmf(range(outside + 1)))


def sum_of(parts: Iterable[Chances]) -> list[float]:
    """The sum of independent numbers."""
    numpy, whole = importlib.import_module("numpy"), [1.0]
    for part in parts:
        whole = numpy.convolve(whole, part)
    return _list(whole)


def mean(chances: Chances) -> float:
    """The number that is to be expected."""
    return sum(number * chance for number, chance in enumerate(chances))


def upper(chances: Chances, seen: int) -> float:
    """The chance of `seen` or more."""
    return min(1.0, sum(sorted(chances[seen:])))


def two_sided(chances: Chances, seen: int) -> float:
    """Twice the chance of the smaller tail, at most 1."""
    return min(1.0, 2 * min(sum(sorted(chances[: seen + 1])), sum(sorted(chances[seen:]))))


def between(times: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a chance that was met `times` in `of` (Clopper and Pearson)."""
    found = library().binomtest(times, of).proportion_ci(0.95, method="exact")
    return float(found.low), float(found.high)


def benjamini_hochberg(chances: Sequence[float]) -> list[float]:
    """Adjusted chances that bound the share of false alarms."""
    return _list(library().false_discovery_control(chances, method="bh")) if chances else []


def holm(chances: Sequence[float]) -> list[float]:
    """Adjusted chances that bound the chance of any false alarm."""
    order, worst = sorted(range(len(chances)), key=lambda place: chances[place]), 0.0
    adjusted = [0.0] * len(chances)
    for rank, place in enumerate(order):
        worst = max(worst, min(1.0, (len(chances) - rank) * chances[place]))
        adjusted[place] = worst
    return adjusted


def _list(values: Any) -> list[float]:
    return [float(value) for value in values]
