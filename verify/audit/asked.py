"""A question and its answer: what was seen, what chance alone would give, and how rare that is among all that was asked.

Within a family the chances are adjusted by Benjamini and Hochberg; the least of a family is its Simes chance, and over all
families these are adjusted by Holm. `q` is the larger of both: where all is fair, a report in which any q is 0.05 or less
has a chance of about 5 %.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from verify.audit import exact

ALARM = 0.05
FAMILIES = ("selection", "groups", "outside", "away", "teams", "conduct")
"""All that is asked. A family without a question counts too: what is asked does not hang on what was found."""


@dataclass(frozen=True)
class Asked:
    """One question. `cases`: on how many it rests; `samples`, `interval`: of a chance that was estimated; `q`: adjusted."""

    family: str
    subject: str
    cases: int
    seen: int
    expected: float
    p: float
    samples: int = 0
    interval: tuple[float, float] | None = None
    q: float = 1.0

    @property
    def worth_asking(self) -> bool:
        """Whether chance alone is a poor explanation."""
        return self.q <= ALARM


@dataclass(frozen=True)
class Family:
    """What is asked of many in the same way: its null hypothesis, what to do next, and what so few cases could show."""

    name: str
    title: tuple[str, str]
    null: tuple[str, str]
    step: tuple[str, str]
    power: tuple[str, str] = ("", "")


def adjusted(asked: list[Asked]) -> list[Asked]:
    """Return the questions with their q, the rarest of each family first."""
    within = {name: [each for each in asked if each.family == name] for name in FAMILIES}
    false_share = {name: exact.benjamini_hochberg([each.p for each in within[name]]) for name in FAMILIES}
    over = dict(zip(FAMILIES, exact.holm([min(false_share[name], default=1.0) for name in FAMILIES]), strict=True))
    found = [
        replace(each, q=max(q, over[name]))
        for name in FAMILIES
        for each, q in zip(within[name], false_share[name], strict=True)
    ]
    return sorted(found, key=lambda each: (each.family, each.q, each.p, each.subject))
