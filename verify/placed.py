"""What is handed out at its place: an entry in the tree of a checkpoint, a line in a list, and that a list has no line of an id.

Each is the bytes, their number from 0 and the path to the root. That a list has no such line is shown by the two lines
between which it would stand: they are neighbours by their numbers, and the list is sorted by id. Source: SPEC.md, section 14.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from verify import canonical, entries
from verify.checkpoint import Checkpoint
from verify.entries import Entry, EntryError
from verify.kinds import KINDS
from verify.shape import misfit
from verify.tree import EMPTY_ROOT, ProofError, leaf_hash, verify_inclusion

ENTRY = {"index": "nat", "entry": "string", "path": ["hex32"]}
LINE = {"index": "nat", "line": "string", "path": ["hex32"]}
AROUND = {"before?": LINE, "after?": LINE}
"""The two lines between which an id would stand; one is missing where it would be the first or the last, both in an empty list."""


class Misfit(ValueError):
    """Two parts of the file contradict each other, or it has not its form. `zh` and `en` say which."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def entry_at(where: str, held: Mapping[str, Any], head: Checkpoint, stream: str, kind: str | None = None) -> Entry:
    """Return the entry of `stream` that stands in the tree of `head`, of `kind` or, without one, of any. Raises Misfit.

    A kind that this program does not know is passed on as it is.
    """
    raw = held["entry"].encode("utf-8")
    _included(where, raw, held, head.size, head.root)
    try:
        entry = entries.parse(raw)
    except EntryError as error:
        raise Misfit(f"{where} 不是记录：{error}", f"{where} is no entry: {error}") from error
    known = KINDS.get(entry.kind)
    reason = f"it is a {entry.kind}" if kind not in (None, entry.kind) else None
    reason = reason or (misfit(entry.data, known.data, "data") if known else None)
    if reason or entry.stream != stream or entry.index != held["index"]:
        what = kind or "记录"
        raise Misfit(f"{where} 不是 {stream} 的 {what}", f"{where} is no {kind or 'entry'} of {stream}: {reason}")
    return entry


def line_of(where: str, held: Mapping[str, Any], listed: Mapping[str, Any], name: str, shape: Any) -> dict[str, Any]:
    """Return the line of the id `name` that stands in the list `listed`, which has `count` and `root`. Raises Misfit."""
    line = line_at(where, held, listed, shape)
    if line["id"] != name:
        raise Misfit(f"{where} 不是 {name} 的一行", f"{where} is no line of {name}")
    return line


def line_at(where: str, held: Mapping[str, Any], listed: Mapping[str, Any], shape: Any) -> dict[str, Any]:
    """Return a line that stands in the list `listed`, whosever it is. Raises Misfit."""
    raw = held["line"].encode("utf-8")
    _included(where, raw, held, listed["count"], bytes.fromhex(listed["root"]))
    try:
        line = canonical.decode(raw)
    except canonical.NotCanonical as error:
        raise Misfit(f"{where} 不是规范的 JSON：{error}", f"{where} is not canonical: {error}") from error
    reason = misfit(line, shape, where)
    if reason:
        raise Misfit(f"{where} 的格式不符：{reason}", f"{where} is no line of this list: {reason}")
    return dict(line)


def show_absent(
    around: Mapping[str, Any], listed: Mapping[str, Any], name: str, shape: Any
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the lines between which `name` would stand, None at an end of the list. Misfit where they do not show that.

    That the list is sorted, this alone cannot show: whoever has the whole list asks it.
    """
    count = listed["count"]
    before, after = around.get("before"), around.get("after")
    place = before["index"] + 1 if before else 0  # of the first line that may be greater
    if place != (after["index"] if after else count):
        raise Misfit("两行并不相邻，其间可能有它", "the two lines are not neighbours: it may stand between them")
    if count == 0 and bytes.fromhex(listed["root"]) != EMPTY_ROOT:
        raise Misfit("名录写明没有一行，根却不是空名录的根", "the list is said to be empty, its root is another one")
    lower = line_at("around.before", before, listed, shape) if before else None
    upper = line_at("around.after", after, listed, shape) if after else None
    ids = [*([lower["id"]] if lower else []), name, *([upper["id"]] if upper else [])]
    if any(one >= other for one, other in pairwise(ids)):  # code points sort as their UTF-8 does
        raise Misfit(f"{name} 不在这两行之间", f"{name} does not stand between these two lines")
    return lower, upper


def _included(where: str, raw: bytes, held: Mapping[str, Any], size: int, root: bytes) -> None:
    path = [bytes.fromhex(each) for each in held["path"]]
    try:
        verify_inclusion(leaf_hash(raw), held["index"], size, root, path)
    except ProofError as error:
        raise Misfit(f"{where} 的路径不通向根：{error}", f"{where} does not lead to its root: {error}") from error
