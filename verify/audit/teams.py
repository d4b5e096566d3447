"""The teams: whether inspectors meet the same business or one another more often than fresh seeds would make them.

Everything stays as it was frozen and drawn; only the key of the assignment is another one, by a counter, and the real
assignment runs again. Sampling ends early once all is plainly ordinary (Besag and Clifford, 1991).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import combinations

from verify.audit import exact
from verify.audit.asked import Asked
from verify.audit.evidence import Sent
from verify.crew import in_order
from verify.replay import assign_inspectors

LABEL = b"FAIRDRAW-AUDIT/1\0"
ENOUGH = 10
"""So many samples as extreme as what was seen, and it is ordinary: no more are needed."""
MOST, LEAST, SEATS = 1999, 199, 10_000_000
"""Samples at most, at least, and how many seats may be filled in all."""
ASKED = ("inspector and business", "most often one pair", "inspector and inspector")


def teams_of(sent: Sent, sample: int | None) -> list[tuple[str, list[str]]]:
    """Return the teams that the draw has (`sample` None), or those of another key."""
    key = None if sample is None else hashlib.sha256(LABEL + sample.to_bytes(8, "big") + sent.seed).digest()
    assigned = assign_inspectors(sent.seed, sent.freeze, sent.inspectors, sent.drawn, sent.recused, key)
    return [(line["id"], line["inspectors"]) for line in assigned.lines]


def repeats(teams: list[tuple[str, list[str]]]) -> tuple[int, int, int]:
    """Return the repeats of inspector and business, the most meetings of one such pair, the repeats of two inspectors."""
    visits = Counter((name, business) for business, team in teams for name in team)
    pairs = Counter(pair for _, team in teams for pair in combinations(sorted(team), 2))
    twice = (sum(count * (count - 1) // 2 for count in counts.values()) for counts in (visits, pairs))
    met, together = twice
    return met, max(visits.values(), default=0), together


def ask(origin: str, sent: Sequence[Sent], processes: int, most: int | None = None) -> Iterator[Asked]:
    """Compare what was seen with what other keys give. `most`: samples at most, else as many as time allows."""
    seats = sum(len(team) for each in sent for team in each.teams.values())
    if not seats:
        return
    limit = most or min(MOST, max(LEAST, SEATS // seats))
    seen = repeats([pair for each in sent for pair in each.teams.items()])
    extreme, taken, total = [0] * len(seen), [0] * len(seen), [0] * len(seen)
    with closing(in_order(partial(_sample, sent), range(1, limit + 1), processes)) as samples:
        for values in samples:
            for place, value in enumerate(values):
                if extreme[place] < ENOUGH:
                    taken[place] += 1
                    total[place] += value
                    extreme[place] += value >= seen[place]
            if min(extreme) >= ENOUGH:
                break
    for place, name in enumerate(ASKED):
        count, of = extreme[place], taken[place]
        p = count / of if count >= ENOUGH else (1 + count) / (1 + of)
        between = exact.between(count, of)
        yield Asked("teams", f"{origin}{name}", seats, seen[place], total[place] / of, p, of, between)


def _sample(sent: Sequence[Sent], sample: int) -> tuple[int, int, int]:
    return repeats([pair for each in sent for pair in teams_of(each, sample)])
