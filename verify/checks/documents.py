"""The documents: every public one that an entry names is there, as long and with the hash that the entry says.

What a list says inside is judged where it is read. Source: ledger specification, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from verify.checks import capped, concluded
from verify.checks.personal import check_names
from verify.documents import JSON, LINES
from verify.entries import Entry
from verify.findings import Finding, broken, holds, unchecked
from verify.history import History
from verify.kinds import DOCUMENT, KINDS, NOTE_MEDIA, TOKEN_MEDIA
from verify.library import LARGEST, Library, Reference, references
from verify.shape import Map


def _may_name(shape: Any) -> bool:
    """Whether a value of this shape can hold a reference; free keys can be anything."""
    if isinstance(shape, dict):
        return shape == DOCUMENT or any(map(_may_name, shape.values()))
    return isinstance(shape, Map) or (isinstance(shape, list) and _may_name(shape[0]))


Named = dict[str, list[tuple[Entry, Reference]]]
NAMING = tuple(name for name, kind in KINDS.items() if _may_name(kind.data))
"""The kinds in whose data a document can be named."""
MEDIA = {"calendar.recorded": (JSON,), "checkpoint.anchored": (NOTE_MEDIA, TOKEN_MEDIA)}
"""The media types of the documents of a kind; all others are lists."""


def named(history: History) -> Named:
    """Return SHA-256 -> (entry, reference) of every document that entries name, in the order of the log."""
    found: Named = {}
    for entry in history.of_kind(*NAMING):
        for reference in references(entry):
            found.setdefault(reference["sha256"], []).append((entry, reference))
    return found


def public(everything: Named) -> set[str]:
    """Return the documents that an export must hold."""
    return {name for name, where in everything.items() if any(each["public"] for _, each in where)}


def check_documents(library: Library, everything: Named) -> Iterator[Finding]:
    """Read every document once."""
    due = public(everything)
    zh = f"{len(due)} 个公开文档都在，长度和哈希与记录一致。"
    en = f"All {len(due)} public documents are there, with the length and the hash that the entries name."
    found = capped(each for name, where in everything.items() for each in _one(library, name, where))
    yield from concluded(found, lambda: holds("documents", zh, en), len(due))
    yield from capped(each for where in everything.values() for each in check_names(library, where))


def _one(library: Library, name: str, where: list[tuple[Entry, Reference]]) -> Iterator[Finding]:
    index, path = where[0][0].index, f"documents/{name}"
    size, stated = library.folder.size(path), {reference["bytes"] for _, reference in where}
    if size is None:
        zh, en = f"公开文档 {name} 缺失。", f"The public document {name} is missing."
        yield broken("documents", zh, en, index)
        return
    if size in stated and size > LARGEST:
        zh = f"公开文档 {name} 有 {size} 字节，超过本程序读取的上限 {LARGEST}，未核验。"
        yield unchecked("documents", zh, f"The document {name} of {size} bytes is too long to be read here.", index)
    elif size in stated:
        computed = library.folder.sha256(path, size)
        if computed != name:
            zh = f"公开文档 {name} 被改动：内容的哈希是 {computed}。"
            en = f"The public document {name} was altered: its bytes hash to {computed}."
            yield broken("documents", zh, en, index)
    for entry, reference in where:
        media = MEDIA.get(entry.kind, (LINES,))
        if reference["type"] not in media:
            zh = f"文档 {name} 的类型写作 {reference['type']}，应为 {'、'.join(media)}。"
            en = f"The document {name} is said to be {reference['type']}, not {' or '.join(media)}."
            yield broken("documents", zh, en, entry.index)
        if reference["bytes"] != size:
            zh = f"文档 {name} 有 {size} 字节，记录写 {reference['bytes']}。"
            en = f"The document {name} has {size} bytes, the entry says {reference['bytes']}."
            yield broken("documents", zh, en, entry.index)
