"""The report: findings as people read them, Chinese first, and as programs read them, one JSON object.

Faults come first, then what could not be checked, then what is worth seeing, and at the end what was shown to hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from verify.checks import limited
from verify.findings import Finding, Outcome, exit_code

HEADINGS = {
    Outcome.BROKEN: "违反规则 BROKEN",
    Outcome.UNCHECKED: "未能核验 UNCHECKED",
    Outcome.NOTED: "值得注意 NOTED",
    Outcome.HOLDS: "核验成立 HOLDS",
}
VERDICTS = {
    0: ("全部成立。", "All holds."),
    1: ("有违反规则之处，见 BROKEN。", "Something is broken, see BROKEN."),
    2: ("没有发现违反，但有未能核验之处，见 UNCHECKED。", "Nothing is broken, but not all was checked, see UNCHECKED."),
}
OUTCOMES = {0: Outcome.HOLDS, 1: Outcome.BROKEN, 2: Outcome.UNCHECKED}


@dataclass(frozen=True)
class Report:
    """The answer about one target. `size` and `root` are those of the entries that were read, not those that were signed."""

    target: str
    origin: str
    size: int
    root: str
    findings: Sequence[Finding]

    @property
    def exit(self) -> int:
        """The exit code of the ledger specification, section 8: 0, 1 or 2."""
        return exit_code(self.findings)

    def as_json(self) -> str:
        """Return one JSON object on one line, with every finding."""
        value = {
            "target": self.target,
            "origin": self.origin,
            "size": self.size,
            "root": self.root,
            "outcome": OUTCOMES[self.exit].value,
            "exit": self.exit,
            "findings": [finding.as_json() for finding in self.findings],
        }
        return json.dumps(value, ensure_ascii=False)

    def lines(self) -> Iterator[str]:
        """Yield the lines for people; of very many alike findings only the first."""
        yield f"日志 Log: {self.origin or '?'}   条目 entries: {self.size}   根 root: {self.root}"
        shown = list(limited(self.findings))
        for outcome, heading in HEADINGS.items():
            some = [finding for finding in shown if finding.outcome is outcome]
            if some:
                count = sum(finding.outcome is outcome for finding in self.findings)
                yield f"\n{heading} ({count})"
                for finding in some:
                    yield from _finding(finding)
        zh, en = VERDICTS[self.exit]
        yield f"\n结论：{zh} Verdict: {en}"


def _finding(finding: Finding) -> Iterator[str]:
    where = "" if finding.index is None else f" #{finding.index}"
    yield f"  [{finding.check}]{where} {finding.zh}"
    yield f"      {finding.en}"
