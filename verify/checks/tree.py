"""The tree: root, tiles and bundles are those of exactly these entries, and nothing else lies in the folder.

Everything is recomputed from `entries.jsonl` and compared byte by byte. Source: ledger specification, sections 1 and 10.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from verify import tiles
from verify.checkpoint import Checkpoint
from verify.checks import capped
from verify.findings import Finding, broken, holds
from verify.history import History
from verify.progress import Progress
from verify.source import CHECKPOINT, ENTRIES, LOG_VKEY, Folder
from verify.tree import leaf_hash


def check_root(history: History, head: Checkpoint | None) -> Iterator[Finding]:
    """The signed size and root are those of the entries: none cut off, none added after the signature."""
    if head is None:
        return
    size, now = head.size, len(history.leaves)
    if history.origin and head.origin != history.origin:
        zh = f"检查点属于 {head.origin}，记录属于 {history.origin}。"
        yield broken(
            "tree", zh, f"The checkpoint is of another log: {head.origin}, the entries are of {history.origin}."
        )
    if now < size:
        zh = f"检查点签的是 {size} 条，{ENTRIES} 只有 {now} 条：尾部被截去。"
        yield broken("tree", zh, f"The checkpoint has {size} entries, {ENTRIES} only {now}: the tail was cut off.")
    elif now > size:
        zh = f"检查点签的是 {size} 条，{ENTRIES} 却有 {now} 条：多出的没有签名。"
        yield broken("tree", zh, f"The checkpoint has {size} entries, {ENTRIES} has {now}: the rest is not signed.")
    root = history.heads.get(size)
    if root is not None and root != head.root:
        zh = f"由记录重算的根是 {root.hex()}，检查点签的是 {head.root.hex()}：记录被改动。"
        en = f"The root of the entries is {root.hex()}, the checkpoint signed {head.root.hex()}: entries were altered."
        yield broken("tree", zh, en)
    elif root is not None and now == size and not history.cut:  # else the root is not that of the whole lines
        yield holds("tree", f"{size} 条记录的根与检查点一致。", f"The root over {size} entries is the one signed.")


def check_files(
    folder: Folder, history: History, head: Checkpoint | None, documents: set[str], bar: Progress
) -> Iterator[Finding]:
    """Every file that belongs to an export of this size is there and right; every other file or empty folder is named.

    `documents` are the SHA-256 of the public documents that entries name; their bytes are judged elsewhere.
    """
    yield from capped(_files(folder, history, head, documents, bar))


def _files(
    folder: Folder, history: History, head: Checkpoint | None, documents: set[str], bar: Progress
) -> Iterator[Finding]:
    present = set(folder.names())
    expected = {CHECKPOINT, LOG_VKEY, ENTRIES} | {f"documents/{each}" for each in documents}
    size = len(history.leaves) if head is None else min(head.size, len(history.leaves))
    if ENTRIES not in present:
        yield broken("folder", f"缺少 {ENTRIES}。", f"{ENTRIES} is missing.")
    wrong = 0
    for path, right in bar.over(
        _compared(folder, history, size), 2 * size // tiles.WIDTH, "核对瓦片", "tiles and bundles"
    ):
        expected.add(path)
        if not right:
            wrong += 1
            if folder.size(path) is None:
                yield broken("tree", f"缺少 {path}。", f"{path} is missing.")
            else:
                yield broken("tree", f"{path} 与 {ENTRIES} 不一致。", f"{path} differs from {ENTRIES}.")
    for name in sorted(present - expected):
        shown = ascii(name)[1:-1]
        what = "文件夹" if shown.endswith("/") else "文件"
        yield broken("folder", f"多余的{what} {shown}。", f"A file that belongs to no export of this size: {shown}.")
    if not wrong and size:
        yield holds("tree", f"全部瓦片和条目包与 {ENTRIES} 逐字节一致。", f"All tiles and bundles equal {ENTRIES}.")


def _compared(folder: Folder, history: History, size: int) -> Iterator[tuple[str, bool]]:
    """Yield every tile and bundle of a log of this size, and whether its file holds what it must."""
    for path, content in tiles.all_tiles(islice(history.leaves, size)):
        yield path, folder.read(path, len(content)) == content
    for index, width in tiles.bundles_of(size):
        start = index * tiles.WIDTH
        lengths = history.lengths(start, start + width)
        if max(lengths) > tiles.MAX_ENTRY:
            return  # a line too long for a bundle was reported by the chain check; no bundle can equal it
        path = tiles.entries_path(index, width)
        bundle = folder.read(path, sum(lengths) + 2 * width)
        yield path, bundle is not None and _holds(bundle, lengths, history.leaves[start : start + width])


def _holds(bundle: bytes, lengths: Sequence[int], leaves: Sequence[bytes]) -> bool:
    """Whether a bundle has exactly the entries of these lengths and leaves: then it has their bytes."""
    if len(bundle) != sum(lengths) + 2 * len(lengths):
        return False
    at = 0
    for length, leaf in zip(lengths, leaves, strict=True):
        entry = bundle[at + 2 : at + 2 + length]
        if bundle[at : at + 2] != length.to_bytes(2, "big") or leaf_hash(entry) != leaf:
            return False
        at += 2 + length
    return True
