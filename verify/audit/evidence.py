"""The evidence: what the draws of one or several logs come to, counted while their pools are read once and let go."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from verify.replay import Drawn
from verify.seed import subkey
from verify.selection import ticket

RECENT = 10
"""Days before a freeze in which a change is asked about (F08)."""


@dataclass(frozen=True)
class Cell:
    """One stratum of one draw: `k` of `n` were drawn."""

    n: int
    k: int


@dataclass(frozen=True)
class Sent:
    """The teams of one draw with all that they follow from; `teams`: object -> inspectors, in the order of the draw."""

    draw: str
    seed: bytes
    freeze: Mapping[str, Any]
    inspectors: Sequence[Mapping[str, Any]]
    drawn: list[str]
    recused: Mapping[str, list[str]]
    teams: dict[str, list[str]]


@dataclass(frozen=True)
class Away:
    """A business that left a registry and came back: seconds since the beginning of the log, and which freezes it missed."""

    business: str
    seconds: float
    chance: float
    missed: bool


@dataclass
class Evidence:
    """What was counted. `outside`: subject -> (cell, ticket below the threshold) of businesses that took no part.

    `days`: of each log, how many days lie within ten days before a freeze, and how many do not; `named`: the businesses
    that are asked about, where not all of them are.
    """

    named: frozenset[str] = frozenset()
    draws: int = 0
    cells: list[Cell] = field(default_factory=list)
    eligible: dict[str, array[int]] = field(default_factory=dict)
    drawn: Counter[str] = field(default_factory=Counter)
    groups: Counter[tuple[str, int]] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    outside: defaultdict[str, list[tuple[int, bool]]] = field(default_factory=lambda: defaultdict(list))
    sent: dict[str, list[Sent]] = field(default_factory=dict)
    away: list[Away] = field(default_factory=list)
    conduct: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    churn: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    days: dict[str, tuple[int, int]] = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)

    def add_draw(
        self,
        seed: bytes,
        pool: Iterable[Mapping[str, Any]],
        drawn: Drawn,
        groups_of: Mapping[str, tuple[str, ...]],
        gone: Mapping[str, tuple[str, str]],
    ) -> None:
        """Count one draw. `groups_of`: the groups of a business; `gone`: who left shortly before -> (stratum, author)."""
        self.draws += 1
        key, hit = subkey("object", seed), {line["id"] for line in drawn.lines}
        places: dict[str, int] = {}
        for name, stratum in drawn.strata.items():
            if stratum["n"]:
                places[name] = len(self.cells)
                self.cells.append(Cell(stratum["n"], stratum["k"]))

        def below(business: str, stratum: str) -> bool:
            return ticket(key, business).hex() <= str(drawn.strata[stratum]["threshold"])

        for line in pool:
            name, place = line["id"], places.get(line["stratum"])
            if place is None:
                continue
            if "excluded" in line:
                self.outside[line["excluded"]].append((place, below(name, line["stratum"])))
                continue
            self.eligible.setdefault(name, array("I")).append(place)
            for group in groups_of.get(name, ()):
                self.groups[group, place] += 1
                self.hits[group] += name in hit
        self.drawn.update(hit)
        for name, (left, author) in sorted(gone.items()):
            if left in places:
                self.outside[author].append((places[left], below(name, left)))
