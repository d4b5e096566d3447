"""The views: the same log, fetched from other addresses and as other people, must be the same log to everybody.

Two heads belong together where the smaller one lies inside the larger one, which the tiles of the larger one's view prove.
Where they do not, both are signed by one key, and that is the proof against whoever has it. A view that is only behind is
told when it stays so longer than caches explain.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from verify.checkpoint import Checkpoint
from verify.checks.checkpoint import open_note, size_of
from verify.findings import Finding, Outcome, broken, holds, unchecked
from verify.note import VerifierKey
from verify.source import CHECKPOINT, SMALL
from verify.watch import journal
from verify.watch.fetching import Site, Trouble
from verify.watch.heads import has_line, led_to
from verify.watch.state import State
from verify.watch.tree import Served


def compare(
    view: Site, own: Site, head: Checkpoint, state: State, key: VerifierKey, folder: Path, stale_since: float
) -> Iterator[Finding]:
    """Compare what `view` shows with the `head` that was verified; `stale_since` is the latest excuse for being behind."""
    try:
        note = view.get(CHECKPOINT, SMALL)
        if note is None:
            yield unchecked("views", f"{view.url} 不提供检查点。", f"{view.url} serves no checkpoint.")
            return
        signs = led_to(key, state.keys, size_of(note) or 0)
        shown, found = open_note(note, signs, "views", f"{view.url} 的检查点")
        if shown is None and (size_of(note) or 0) > head.size and not has_line(note, signs):
            zh = f"{view.url} 的检查点比这里的新，由另一把密钥签名；下一轮再比较。"
            yield unchecked("views", zh, f"{view.url} is ahead, and signed by another key: it is compared next time.")
            return
        if shown is None or all(each.outcome is not Outcome.HOLDS for each in found):
            yield found[0]
            return
        yield from _judged(view, own, head, shown, note, state, folder, stale_since)
    except Trouble as trouble:
        yield unchecked("views", f"{view.url}：{trouble.zh}", f"{view.url}: {trouble.en}")


def _judged(
    view: Site,
    own: Site,
    head: Checkpoint,
    shown: Checkpoint,
    note: bytes,
    state: State,
    folder: Path,
    stale_since: float,
) -> Iterator[Finding]:
    smaller = min(head, shown, key=lambda each: each.size)
    if shown.size == head.size:
        one_log = shown.root == head.root
    else:
        larger = Served(own, head) if smaller is shown else Served(view, shown)
        one_log = larger.root(smaller.size) == smaller.root
    if not one_log:
        names = journal.evidence(folder, (head, state.note), (shown, note))
        zh = f"日志分叉：{view.url}（{shown.size} 条）与 {own.url}（{head.size} 条）互不延续；两份签名证据：{names}。"
        en = f"A fork: {view.url} shows {shown.size} entries, {own.url} {head.size}, and neither continues the other: {names}."
        yield broken("fork", zh, en)
        return
    newer = [each["seen"] for each in state.heads if each["size"] > shown.size]
    if newer and min(newer) < stale_since:
        zh = f"{view.url} 看到的是旧日志：{shown.size} 条，{own.url} 早已有 {head.size} 条。"
        en = f"{view.url} is shown an old log of {shown.size} entries, {own.url} has long had {head.size}."
        yield unchecked("stale", zh, en)
        return
    zh = f"{view.url}（{shown.size} 条）与 {own.url}（{head.size} 条）是同一份日志。"
    yield holds("views", zh, f"{view.url} ({shown.size}) and {own.url} ({head.size}) are one log.")
