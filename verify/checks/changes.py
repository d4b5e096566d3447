"""The changes before a freeze: who altered a registry in the ten days before it, and who came back right after it.

F08 is never a fault by itself: registries must be kept up to date. It names what the discipline office asks first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from verify.entries import Entry
from verify.findings import Finding, noted
from verify.history import History
from verify.holdings import Gap, Holdings

DAYS = 10


def check_changes(history: History, holdings: Holdings) -> Iterator[Finding]:
    """One finding for each draw whose registries changed shortly before, one for rows that were away only for the freeze."""
    for frozen in history.of_kind("draw.frozen"):
        streams = [frozen.data["freeze"][kind]["registry"] for kind in ("objects", "inspectors")]
        recent = [batch for stream in streams for batch in _recent(history, frozen, stream)]
        if recent:
            yield _changed(frozen, recent)
        for stream in streams:
            holding = holdings.by_stream.get(stream)
            gone = [gap for gap in holding.gaps if gap.left < frozen.index] if holding else []
            back = [gap for gap in gone if gap.returned is not None and gap.returned > frozen.index]
            if back:
                yield _returned(frozen, stream, back)


def _recent(history: History, frozen: Entry, stream: str) -> list[Entry]:
    day = date.fromisoformat(frozen.day)
    batches = history.all(stream, "registry.imported", frozen.index)
    return [entry for entry in batches if (day - date.fromisoformat(entry.day)).days <= DAYS]


def _changed(frozen: Entry, batches: list[Entry]) -> Finding:
    zh, en = [], []
    for batch in batches:
        data, who = batch.data, f"{batch.stream} #{batch.index} {batch.day} {batch.actor['account']}"
        zh.append(f"{who}（增 {data['added']}、改 {data['changed']}、删 {data['removed']}）")
        en.append(f"{who} (+{data['added']}, ~{data['changed']}, -{data['removed']})")
    more = f" … ({len(batches)})" if len(batches) > 5 else ""
    zh_reason = f"{frozen.stream} 冻结前 {DAYS} 天内名录库有变动：{'；'.join(zh[:5])}{more}。"
    reason = f"Registries changed in the {DAYS} days before {frozen.stream} was frozen: {'; '.join(en[:5])}{more}."
    return noted("F08", zh_reason, reason, frozen.index)


def _returned(frozen: Entry, stream: str, back: list[Gap]) -> Finding:
    names = ", ".join(f"{gap.id} ({gap.left} → {gap.returned})" for gap in back[:10])
    more = f" … ({len(back)})" if len(back) > 10 else ""
    zh = f"{frozen.stream} 冻结前从 {stream} 移出、冻结后又放回：{names}{more}。请查问原因。"
    en = f"Taken out of {stream} before the freeze of {frozen.stream} and put back after it: {names}{more}."
    return noted("F08", zh, en, frozen.index)
