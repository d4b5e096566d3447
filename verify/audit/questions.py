"""The questions about businesses: how often drawn, which groups, what of those outside the pool, and conduct of organisers."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from statistics import median

from verify.audit import exact
from verify.audit.asked import ALARM, FAMILIES, Asked
from verify.audit.evidence import Evidence


def selections(evidence: Evidence) -> Iterator[Asked]:
    """Whether a business was drawn more or less often than its lots allow: Poisson-binomial, two-sided."""
    for business, places in sorted(asked_about(evidence).items()):
        chances = chances_of(evidence, places)
        spread, seen = exact.poisson_binomial(chances), evidence.drawn[business]
        p = exact.two_sided(spread, seen)
        yield Asked("selection", business, len(places), seen, sum(chances), p)


def groups(evidence: Evidence) -> Iterator[Asked]:
    """Whether a district or type was drawn more or less than its part: hypergeometric in each stratum of each draw."""
    members: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for (group, place), size in sorted(evidence.groups.items()):
        members[group].append((place, size))
    for group, parts in members.items():
        cells = [(evidence.cells[place], size) for place, size in parts]
        spread = exact.sum_of(exact.hypergeometric(cell.n, size, cell.k) for cell, size in cells)
        seen = evidence.hits[group]
        cases = sum(size for _, size in cells)
        yield Asked("groups", group, cases, seen, exact.mean(spread), exact.two_sided(spread, seen))


def outside(evidence: Evidence) -> Iterator[Asked]:
    """Whether too many of those outside a pool would have been drawn: negative hypergeometric, upper tail."""
    for subject, tickets in sorted(evidence.outside.items()):
        counts = Counter(place for place, _ in tickets)
        cells = [(evidence.cells[place], count) for place, count in sorted(counts.items())]
        spread = exact.sum_of(exact.below_threshold(cell.n, cell.k, count) for cell, count in cells)
        seen = sum(below for _, below in tickets)
        yield Asked("outside", subject, len(tickets), seen, exact.mean(spread), exact.upper(spread, seen))


def away(evidence: Evidence) -> Iterator[Asked]:
    """Whether a business was away just when pools were frozen, more often than at any other time: upper tail."""
    by_business = defaultdict(list)
    for each in evidence.away:
        by_business[each.business].append(each)
    for business, times in sorted(by_business.items()):
        chances = tuple(sorted(each.chance for each in times))
        seen = sum(each.missed for each in times)
        p = exact.upper(exact.poisson_binomial(chances), seen)
        yield Asked("away", business, len(times), seen, sum(chances), p)


def conduct(evidence: Evidence) -> Iterator[Asked]:
    """Whether one account withheld, or abandoned, more often than its share of all: hypergeometric, upper tail."""
    for what, of in (("withheld", "contributions"), ("aborted", "frozen")):
        some = {who: counts for who, counts in sorted(evidence.conduct.items()) if counts[of]}
        total, marked = (sum(counts[name] for counts in some.values()) for name in (of, what))
        if len(some) < 2 or not marked:
            continue
        for who, counts in some.items():
            spread = exact.hypergeometric(total, min(marked, total), counts[of])
            p = exact.upper(spread, counts[what])
            yield Asked("conduct", f"{who}: {what}", counts[of], counts[what], exact.mean(spread), p)


def chance_to_see(evidence: Evidence) -> tuple[float, float, int]:
    """Return the chances to see one business favoured threefold, drawn thrice as often or never, and in how many lots.

    Of a business in the middle of all, where it alone is favoured: its q has to pass among all businesses and families.
    """
    some = asked_about(evidence)
    if not some:
        return 0.0, 0.0, 0
    middle = median(sorted(len(places) for places in some.values()))
    typical = min(sorted(some), key=lambda name: (abs(len(some[name]) - middle), name))
    chances = chances_of(evidence, some[typical])
    limit = ALARM / (len(some) * len(FAMILIES))
    spread = exact.poisson_binomial(chances)
    seen = [number for number in range(len(spread)) if exact.two_sided(spread, number) <= limit]
    tripled = exact.poisson_binomial(tuple(min(1.0, 3 * chance) for chance in chances))
    return sum(tripled[number] for number in seen if number < len(tripled)), float(0 in seen), len(chances)


def asked_about(evidence: Evidence) -> dict[str, array[int]]:
    """Return the businesses that are asked about: those that were named beforehand, else all."""
    named = evidence.named
    return {name: places for name, places in evidence.eligible.items() if not named or name in named}


def chances_of(evidence: Evidence, places: Iterable[int]) -> tuple[float, ...]:
    """Return the chance k/n of a business in each of its draws, ascending."""
    cells = evidence.cells
    return tuple(sorted(cells[place].k / cells[place].n for place in places))
