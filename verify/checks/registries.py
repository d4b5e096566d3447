"""The registries: who made, filed and paired them, and that each batch says truly what it changed.

方案第五(三)条: an object registry is filed with the coordinating office, and one inspector registry corresponds to it, once
and for all (F07: no special roster for one draw).
"""

from __future__ import annotations

from collections.abc import Iterator

from verify.checks import concluded
from verify.entries import Entry
from verify.findings import Finding, broken, holds
from verify.history import History
from verify.holdings import Holdings


def check_registries(history: History, holdings: Holdings) -> Iterator[Finding]:
    """Fold the batches that are left, and judge every registry, its rows included."""
    holdings.advance()
    zh = f"{len(holdings.by_stream)} 个名录库的 {holdings.batches} 批数据逐行重放，结果与记录一致。"
    en = (
        f"{holdings.batches} batches of {len(holdings.by_stream)} registries were folded and give what the entries say."
    )
    yield from check_pairings(history)
    yield from concluded([*holdings.findings, *_papers(history)], lambda: holds("registries", zh, en), holdings.batches)


def _papers(history: History) -> Iterator[Finding]:
    """The entries of every registry stream, without the rows."""
    for stream, entries in history.of("registry"):
        if entries[0].kind != "registry.created":
            continue
        created, importers = entries[0], set[str]()
        yield from _created(stream, created)
        for entry in entries[1:]:
            if entry.kind == "registry.imported":
                importers.add(entry.actor["account"])
                if entry.actor["unit"] != created.data["unit"]:
                    zh = f"{stream} 属于 {created.data['unit']}，却由 {entry.actor['unit']} 导入。"
                    en = f"{stream} belongs to {created.data['unit']}, but {entry.actor['unit']} imported into it."
                    yield broken("registries", zh, en, entry.index)
            elif entry.kind == "registry.filed" and entry.actor["account"] in importers:
                zh = f"{stream} 的备案人 {entry.actor['account']} 就是导入人（方案第五(三)1条）。"
                en = f"{stream} was filed by {entry.actor['account']}, who imported it."
                yield broken("registries", zh, en, entry.index)
            elif entry.kind == "registry.paired":
                yield from _paired(history, stream, created, entry)


def _created(stream: str, created: Entry) -> Iterator[Finding]:
    data = created.data
    if data["unit"] != created.actor["unit"]:
        zh = f"{stream} 写明单位 {data['unit']}，由 {created.actor['unit']} 建立。"
        en = f"{stream} states the unit {data['unit']}, but {created.actor['unit']} made it."
        yield broken("registries", zh, en, created.index)
    if (data["type"] == "objects") != (data["item"] is not None):
        zh = f"{stream}：检查对象名录库对应一个事项，检查人员名录库不对应（方案第五(三)条）。"
        en = f"{stream}: an object registry has one check item, an inspector registry none."
        yield broken("registries", zh, en, created.index)


def check_pairings(history: History) -> Iterator[Finding]:
    """A registry of objects has one registry of inspectors, and no other later."""
    for stream, _ in history.of("registry"):
        pairings = history.all(stream, "registry.paired")
        for entry in pairings[1:]:
            first, now = pairings[0].data["inspectors"], entry.data["inspectors"]
            if now != first:
                zh = f"{stream} 已与 {first} 对应，又改为 {now}：不得另设专门人员库（方案第五(三)2条）。"
                yield broken("F07", zh, f"{stream} is paired with {first}, and then again with {now}.", entry.index)


def _paired(history: History, stream: str, created: Entry, entry: Entry) -> Iterator[Finding]:
    other = history.one(entry.data["inspectors"], "registry.created", entry.index)
    if created.data["type"] != "objects" or other is None or other.data["type"] != "inspectors":
        zh = f"{stream} 与 {entry.data['inspectors']} 的对应关系不成立：须是检查对象库对检查人员库（方案第五(三)2条）。"
        en = f"{stream} was paired with {entry.data['inspectors']}: not an object and an inspector registry."
        yield broken("registries", zh, en, entry.index)
