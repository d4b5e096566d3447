"""The documents: every public one that an entry names is there, as long and with the hash that the entry says.

What a list says inside is judged where it is read. Source: ledger specification, section 3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from verify.checks import concluded
from verify.documents import JSON, LINES
from verify.entries import Entry
from verify.findings import Finding, broken, holds, noted
from verify.history import History
from verify.library import Library, Reference, references

Named = dict[str, list[tuple[Entry, Reference]]]
MEDIA = {"calendar.recorded": JSON}
"""The media type of the documents of a kind; all others are lists."""


def named(history: History) -> Named:
    """Return SHA-256 -> (entry, reference) of every document that entries name, in the order of the log."""
    found: Named = {}
    for entry in history.entries:
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
    found = (each for name, where in everything.items() for each in _one(library, name, where))
    yield from concluded(found, lambda: holds("documents", zh, en), len(due))


def _one(library: Library, name: str, where: list[tuple[Entry, Reference]]) -> Iterator[Finding]:
    index = where[0][0].index
    if not any(reference["public"] for _, reference in where):
        zh, en = f"文档 {name} 不公开，不在导出中。", f"The document {name} is not public and not in the export."
        yield noted("documents", zh, en, index)
        return
    content = library.folder.read(f"documents/{name}")
    if content is None:
        zh, en = f"公开文档 {name} 缺失。", f"The public document {name} is missing."
        yield broken("documents", zh, en, index)
        return
    computed = hashlib.sha256(content).hexdigest()
    if computed != name:
        zh = f"公开文档 {name} 被改动：内容的哈希是 {computed}。"
        yield broken("documents", zh, f"The public document {name} was altered: its bytes hash to {computed}.", index)
    for entry, reference in where:
        media = MEDIA.get(entry.kind, LINES)
        if reference["type"] != media:
            zh = f"文档 {name} 的类型写作 {reference['type']}，应为 {media}。"
            yield broken(
                "documents", zh, f"The document {name} is said to be {reference['type']}, not {media}.", entry.index
            )
        if reference["bytes"] != len(content):
            zh = f"文档 {name} 有 {len(content)} 字节，记录写 {reference['bytes']}。"
            en = f"The document {name} has {len(content)} bytes, the entry says {reference['bytes']}."
            yield broken("documents", zh, en, entry.index)
