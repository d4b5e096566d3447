"""A finding says what was checked, how it came out, where, and why in words.

Outcomes and exit codes are those of the ledger specification, section 8: HOLDS, BROKEN (a rule or a hash is violated),
UNCHECKED (could not be checked), NOTED (honest, but worth seeing). Reasons are Chinese first, English second.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """How a check came out; the order is the order of display."""

    BROKEN = "BROKEN"
    UNCHECKED = "UNCHECKED"
    NOTED = "NOTED"
    HOLDS = "HOLDS"


@dataclass(frozen=True)
class Finding:
    """One answer of one check: its name (F02, V7, chain ...), the outcome, the index of the entry meant, and the reason."""

    check: str
    outcome: Outcome
    zh: str
    en: str
    index: int | None = None

    def as_json(self) -> dict[str, str | int | None]:
        """Return the finding as it is printed with `--json`."""
        return {
            "check": self.check,
            "outcome": self.outcome.value,
            "index": self.index,
            "reason_zh": self.zh,
            "reason": self.en,
        }


def holds(check: str, zh: str, en: str, index: int | None = None) -> Finding:
    """The rule was checked and is kept."""
    return Finding(check, Outcome.HOLDS, zh, en, index)


def broken(check: str, zh: str, en: str, index: int | None = None) -> Finding:
    """A rule or a hash is violated, or the record claims what is not so."""
    return Finding(check, Outcome.BROKEN, zh, en, index)


def unchecked(check: str, zh: str, en: str, index: int | None = None) -> Finding:
    """It could not be checked, and the reason says what was missing."""
    return Finding(check, Outcome.UNCHECKED, zh, en, index)


def noted(check: str, zh: str, en: str, index: int | None = None) -> Finding:
    """Honest, but worth seeing; never changes the exit code."""
    return Finding(check, Outcome.NOTED, zh, en, index)


def exit_code(findings: Iterable[Finding]) -> int:
    """Return 1 when anything is BROKEN, else 2 when anything is UNCHECKED (or nothing was said at all), else 0."""
    outcomes = {finding.outcome for finding in findings}
    if Outcome.BROKEN in outcomes:
        return 1
    return 2 if Outcome.UNCHECKED in outcomes or not outcomes else 0
