"""The reviews: lists and plans pass the legality review, then the justice bureau, and only then are published.

方案第五(一)1条, 第五(二)1条: 法制部门合法性审查, 司法局审核后发布. Nobody reviews what he or his unit drafted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from verify.entries import Entry
from verify.findings import Finding, broken
from verify.history import History

RULE = "方案第五(一)1条、第五(二)1条"


def check_reviews(stream: str, entries: Sequence[Entry]) -> Iterator[Finding]:
    """The life of one list or plan, whose first entry is its draft."""
    course = _Course(stream, entries[0])
    for entry in entries[1:]:
        for zh, en in course.take(entry):
            yield broken("reviews", f"{stream}：{zh}（{RULE}）。", f"{stream}: {en}.", entry.index)


def published(history: History, stream: str, before: int) -> Entry | None:
    """Return the entry that published a list or plan, if it has an index below `before`."""
    return history.one(stream, f"{stream.partition('/')[0]}.published", before)


class _Course:
    """How far one draft has come."""

    def __init__(self, stream: str, draft: Entry) -> None:
        self.stream, self.draft = stream, draft
        self.reviews: dict[str, Entry] = {}
        self.ended = ""

    def take(self, entry: Entry) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the next step, in Chinese and English."""
        step = entry.kind.partition(".")[2]
        if self.ended:
            yield f"{self.ended}之后又有 {entry.kind}", f"{entry.kind} after its end ({self.ended})"
        if step == "published":
            yield from self._publish(entry)
            self.ended = "发布 published"
        elif step in ("legality-reviewed", "justice-reviewed"):
            yield from self._review(step, entry)

    def _review(self, step: str, entry: Entry) -> Iterator[tuple[str, str]]:
        name = "合法性审查" if step == "legality-reviewed" else "司法局审核"
        en = step.removesuffix("-reviewed") + " review"
        if step in self.reviews:
            yield f"{name}出现两次", f"a second {en}"
        legality = self.reviews.get("legality-reviewed")
        if step == "justice-reviewed" and (legality is None or not legality.data["passed"]):
            yield "司法局审核早于通过的合法性审查", "the justice review came before a passed legality review"
        others = [("起草", "drafted", self.draft)]
        if step == "justice-reviewed" and legality is not None:
            others.append(("合法性审查", "made the legality review of", legality))
        for what_zh, what, other in others:
            for key, zh in (("account", "账号"), ("unit", "单位")):
                if entry.actor[key] == other.actor[key]:
                    zh_reason = f"{name}人与{what_zh}人是同一{zh} {entry.actor[key]}"
                    yield zh_reason, f"the {en} was made by the {key} {entry.actor[key]} that {what} it"
        self.reviews.setdefault(step, entry)
        if not entry.data["passed"]:
            self.ended = f"{name}未通过 rejected"

    def _publish(self, entry: Entry) -> Iterator[tuple[str, str]]:
        for step, zh, en in (
            ("legality-reviewed", "合法性审查", "a passed legality review"),
            ("justice-reviewed", "司法局审核", "a passed justice review"),
        ):
            if step not in self.reviews or not self.reviews[step].data["passed"]:
                yield f"未经{zh}通过就发布", f"published without {en}"
        if entry.actor["unit"] != self.draft.data["unit"]:
            zh = f"由 {entry.actor['unit']} 发布，起草单位是 {self.draft.data['unit']}"
            yield zh, f"published by {entry.actor['unit']}, drafted by {self.draft.data['unit']}"
