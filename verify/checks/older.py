"""An older copy of the log: which entry is the first that is another now.

An older checkpoint proves that history was rewritten, and cannot say where. Whoever kept the entries under it can: the
first one whose leaf is another. The copy counts only where it is what its own checkpoint signed.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from verify import checkpoint as checkpoints
from verify.findings import Finding, broken, unchecked
from verify.history import History
from verify.note import NoteError
from verify.source import ENTRIES, LINE
from verify.tree import Frontier, leaf_hash


def check_copy(kept: Path, note: bytes, history: History) -> Iterator[Finding]:
    """Compare the entries of the older export `kept`, whose checkpoint is `note`, with those of this log."""
    try:
        head = checkpoints.parse(note)[0]
        with (kept / ENTRIES).open("rb") as file:
            lines = iter(lambda: file.readline(LINE), b"")
            leaves = [leaf_hash(line.removesuffix(b"\n")) for line in islice(lines, head.size)]
    except (NoteError, OSError) as error:
        yield unchecked("since", f"旧导出读不了：{error}。", f"The older export cannot be read: {error}.")
        return
    tree = Frontier()
    tree.extend(leaves)
    if (len(leaves), tree.root()) != (head.size, head.root):
        zh = "旧导出的记录与它自己的检查点不符，不能用来比较。"
        yield unchecked("since", zh, "The entries of the older export are not those of its own checkpoint.")
        return
    present = len(history.leaves)
    first = next((n for n, leaf in enumerate(leaves) if n >= present or history.leaves[n] != leaf), None)
    if first is not None:
        zh = f"与旧导出相比，第 {first} 条起的记录已被改写、增删或换序。"
        yield broken("since", zh, f"Entry {first} is the first that is not what it was in the older export.", first)
