"""Personal data: nothing public looks like a person's identity number or mobile phone.

What is public stays public, so the writer refuses it before and this check says where one went through. The number itself
is never repeated whole. Source: ledger specification, section 5.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from verify.checks import capped, concluded
from verify.documents import DocumentError, lines_of
from verify.entries import Entry
from verify.findings import Finding, broken, holds
from verify.history import History
from verify.library import Absent, Library, Reference
from verify.personal import looks_personal, public_texts, texts

NAMED = ("itemlist.drafted", "registry.imported")
"""The entries whose lists have texts in their lines that somebody wrote."""
SHOWN = 3
_DIGITS = re.compile(r"\d{11}")
"""So many digits in a row stand in every number of a person, and seldom elsewhere."""


def suspicious(entry: Entry) -> bool:
    """Whether a text in the data of an entry, which has its bytes, or its command looks like a person's number."""
    written = entry.raw[entry.raw.index(b'"command":') :].decode()
    return _DIGITS.search(written) is not None and _number_in(entry) is not None


def check_texts(history: History) -> Iterator[Finding]:
    """The texts in the data of every entry; `suspicious` has looked at all of them, told are those that it named."""
    count = len(history.entries)
    zh = f"{count} 条记录的文字中没有身份证号码或手机号码。"
    en = f"No text of {count} entries looks like an identity number or a mobile phone."
    found = capped(each for entry in history.suspicious() for each in _entry(entry))
    yield from concluded(found, lambda: holds("personal", zh, en), count)


def _entry(entry: Entry) -> Iterator[Finding]:
    number = _number_in(entry)
    if number is not None:
        hidden = _hidden(number)
        zh = f"{entry.kind} 的内容里有疑似身份证号码或手机号码 {hidden}，公开后无法收回。"
        yield broken(
            "personal", zh, f"The data of {entry.kind} holds what looks like a person's {hidden}.", entry.index
        )


def _number_in(entry: Entry) -> str | None:
    written = [entry.command, *texts(entry.data)]
    return next((found for text in written if (found := looks_personal(text))), None)


def check_names(library: Library, where: list[tuple[Entry, Reference]]) -> Iterator[Finding]:
    """The texts in the lines of one list; `where` are the entries that name it."""
    entry, reference = where[0]
    if not any(each.kind in NAMED for each, _ in where):
        return
    shown: list[str] = []
    count = 0
    try:
        for text in _texts(library.pieces(reference)):
            found = looks_personal(text)
            if found:
                count += 1
                shown += [_hidden(found)] if count <= SHOWN else []
    except (Absent, DocumentError, ValueError):  # what is no list is told where lists are read
        pass
    if count:
        zh = f"{entry.stream} 的清单有 {count} 处文字含疑似身份证号码或手机号码：{', '.join(shown)}，公开后无法收回。"
        en = f"{count} texts in a list of {entry.stream} hold what looks like a person's number: {', '.join(shown)}."
        yield broken("personal", zh, en, entry.index)


def _texts(pieces: Iterable[bytes]) -> Iterator[str]:
    for line in lines_of(pieces):
        if _DIGITS.search(line.decode("utf-8", "replace")):
            value = json.loads(line)
            yield from texts(public_texts(value) if isinstance(value, dict) else value)


def _hidden(number: str) -> str:
    """Return enough of a number to find it again, and not the number.

    >>> _hidden("13800138000")
    '138********'
    """
    return number[:3] + "*" * (len(number) - 3)
