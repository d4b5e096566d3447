"""The checks, one file per family: each reads the folded log and yields findings, and none stops at the first fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from verify.findings import Finding, Outcome

SHOWN = 20
TOLD = 100
"""So many faults of one check are told one by one; of more there is a number, so that a flood of them costs nothing."""
FAULTS = (Outcome.BROKEN, Outcome.UNCHECKED)


def concluded(found: Iterable[Finding], conclusion: Callable[[], Finding], things: int = 1) -> Iterator[Finding]:
    """Yield what was found, and then the conclusion, unless something of it is BROKEN or UNCHECKED.

    `things`: how many were looked at; about none of them nothing is concluded.
    """
    sound = True
    for finding in found:
        sound = sound and finding.outcome not in FAULTS
        yield finding
    if sound and things:
        yield conclusion()


class Cap:
    """Admits the first `told` findings of each check and outcome, and counts the others."""

    def __init__(self, told: int = TOLD) -> None:
        self.told = told
        self.seen: Counter[tuple[str, Outcome]] = Counter()

    def admits(self, finding: Finding) -> bool:
        """Whether a finding is among those that are told."""
        key = (finding.check, finding.outcome)
        self.seen[key] += 1
        return self.seen[key] <= self.told

    def add(self, other: Cap) -> None:
        """Count what another cap, under which findings of this one were collected, did not admit."""
        for key, count in other.seen.items():
            self.seen[key] += max(0, count - other.told)

    def rest(self) -> Iterator[Finding]:
        """Yield for each check, as one more finding, how many were not told."""
        for (check, outcome), count in self.seen.items():
            if count > self.told:
                zh = f"此外还有 {count - self.told} 处同类问题，不再逐一列出。"
                en = f"{count - self.told} more faults of this kind, not told one by one."
                yield Finding(check, outcome, zh, en)


def capped(findings: Iterable[Finding], told: int = TOLD) -> Iterator[Finding]:
    """Yield the first `told` findings of each check and outcome, and then, as one more, how many more there are.

    Unlike `limited`, which spares the eyes, this spares the memory: what is not told is not kept.
    """
    cap = Cap(told)
    yield from (finding for finding in findings if cap.admits(finding))
    yield from cap.rest()


def limited(findings: Iterable[Finding], shown: int = SHOWN) -> Iterator[Finding]:
    """Yield the first `shown` findings of each check and outcome, and at the end how many more there are of it."""
    seen: Counter[tuple[str, Outcome]] = Counter()
    for finding in findings:
        key = (finding.check, finding.outcome)
        seen[key] += 1
        if seen[key] <= shown or finding.outcome is Outcome.HOLDS:
            yield finding
    for (check, outcome), count in seen.items():
        if count > shown and outcome is not Outcome.HOLDS:
            zh = f"同类结论还有 {count - shown} 条（--json 全部列出）。"
            yield Finding(check, outcome, zh, f"{count - shown} more of this check (--json lists all).")
