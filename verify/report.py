"""The report: findings as people read them, Chinese first, and as programs read them, one JSON object.

Faults come first, then what could not be checked, then what is worth seeing, and at the end what was shown to hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from verify.checks import FAULTS, SHOWN, limited
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
FOLDED = 4
"""From so many alike findings on, people read the first one and how many there are."""
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
        """Yield the lines for people; of a run of alike findings only the first, with their number."""
        yield f"日志 Log: {self.origin or '?'}   条目 entries: {self.size}   根 root: {self.root}"
        shown = list(limited(folded(self.findings)))
        for outcome, heading in HEADINGS.items():
            some = [finding for finding in shown if finding.outcome is outcome]
            if some:
                count = sum(finding.outcome is outcome for finding in self.findings)
                yield f"\n{heading} ({count})"
                for finding in some:
                    yield from _finding(finding)
        yield f"\n成立的检查 Checks that hold: {', '.join(self._sound()) or '-'}"
        zh, en = VERDICTS[self.exit]
        yield f"\n结论：{zh} Verdict: {en}"

    def _sound(self) -> list[str]:
        """Return the names of the checks that were shown to hold, and of which nothing is broken or unchecked."""
        faulty = {each.check for each in self.findings if each.outcome in FAULTS}
        sound = {each.check for each in self.findings if each.outcome is Outcome.HOLDS} - faulty
        return sorted(sound, key=lambda name: (name.rstrip("0123456789"), len(name), name))  # V9 before V10


def folded(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings; of alike ones that accuse nobody the first, which then says how many and where they are.

    Alike are findings of one check and outcome whose Chinese words are the same, whatever the names and numbers in them.
    """
    alike: dict[tuple[str, Outcome, frozenset[str]], list[Finding]] = {}
    for number, finding in enumerate(findings):
        words = frozenset(each for each in finding.zh if each.isalpha() and not each.isascii())
        # A fault is never folded: each of them is somebody's to answer for.
        kind = frozenset({str(number)}) if finding.outcome in FAULTS else words
        alike.setdefault((finding.check, finding.outcome, kind), []).append(finding)
    for run in alike.values():
        if len(run) < FOLDED:
            yield from run
        else:
            yield _first_of(run)


def _first_of(run: list[Finding]) -> Finding:
    where = ", ".join(f"#{each.index}" for each in run[1 : SHOWN + 1] if each.index is not None)
    where += ", …" if where and len(run) > SHOWN + 1 else ""
    zh = f"{run[0].zh}（同类共 {len(run)} 条{'，另见 ' if where else ''}{where}；--json 全部列出）"
    en = f"{run[0].en} ({len(run)} alike, --json lists all)"
    return replace(run[0], zh=zh, en=en)


def _finding(finding: Finding) -> Iterator[str]:
    where = "" if finding.index is None else f" #{finding.index}"
    yield f"  [{finding.check}]{where} {finding.zh}"
    yield f"      {finding.en}"
