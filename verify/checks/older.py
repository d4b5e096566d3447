"""What a stranger kept of the log: which entry is the first that is another now, and how to keep it.

An older checkpoint proves that history was rewritten, and cannot say where. Whoever kept the leaf hashes under it can:
the first one that is another. They are 32 bytes an entry, in the tiles of level 0 of any mirror or export, or counted
from the entries themselves. They count only where they are what their own checkpoint signed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from verify import checkpoint as checkpoints
from verify import durable, tiles
from verify.checks.checkpoint import size_of
from verify.findings import Finding, Outcome, broken, noted, unchecked
from verify.history import History
from verify.note import NoteError
from verify.source import CHECKPOINT, ENTRIES, LINE, Folder
from verify.tree import Frontier, leaf_hash


def check_copy(kept: Path, note: bytes, history: History) -> Iterator[Finding]:
    """Compare the leaves under the older checkpoint `note`, kept in the folder `kept`, with those of this log."""
    try:
        head = checkpoints.parse(note)[0]
        leaves = _leaves(Folder(kept), head.size)
    except (NoteError, OSError, tiles.TileError) as error:
        yield unchecked("since", f"旧副本读不了：{error}。", f"The older copy cannot be read: {error}.")
        return
    tree = Frontier()
    tree.extend(leaves)
    if (len(leaves), tree.root()) != (head.size, head.root):
        zh = "旧副本的记录与它自己的检查点不符，不能用来比较。"
        yield unchecked("since", zh, "The entries of the older copy are not those of its own checkpoint.")
        return
    present = len(history.leaves)
    first = next((n for n, leaf in enumerate(leaves) if n >= present or history.leaves[n] != leaf), None)
    if first is not None:
        zh = f"与旧副本相比，第 {first} 条起的记录已被改写、增删或换序。"
        yield broken("since", zh, f"Entry {first} is the first that is not what it was in the older copy.", first)


def keep(folder: Path, note: bytes, leaves: Sequence[bytes], findings: Sequence[Finding]) -> Iterator[Finding]:
    """Keep the checkpoint `note` in `folder` with the leaf hashes under it, as a mirror does: `checkpoint`, `tile/0/…`.

    Only where nothing is broken and what the folder held before was compared: else it stays as it was, as evidence.
    """
    doubtful = any(each.check == "since" and each.outcome is Outcome.UNCHECKED for each in findings)
    if doubtful or any(each.outcome is Outcome.BROKEN for each in findings):
        yield noted("since", f"{folder} 保持原样，留作证据。", f"{folder} was left as it is, as evidence.")
        return
    size = size_of(note) or 0
    try:
        for index, width in tiles.bundles_of(size):
            path = folder / tiles.tile_path(0, index, width)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(tiles.tile_bytes(0, index, width, leaves))
        folder.mkdir(parents=True, exist_ok=True)
        durable.write(folder / CHECKPOINT, note)  # last: until then the folder holds what it held
    except (OSError, tiles.TileError) as error:
        yield unchecked("since", f"未能存入 {folder}：{error}。", f"Nothing could be kept in {folder}: {error}.")
        return
    zh = f"检查点和 {size} 条记录的哈希已存入 {folder}，下次用 --keep 或 --since 比较。"
    yield noted("since", zh, f"The checkpoint and the hashes of {size} entries are kept in {folder} for the next time.")


def _leaves(kept: Folder, size: int) -> list[bytes]:
    """Return the leaf hashes that a copy holds, `size` of them unless it ends before. Raises OSError and TileError."""
    file = kept.open(ENTRIES)
    if file is not None:
        with file:
            lines = iter(lambda: file.readline(LINE), b"")
            return [leaf_hash(line.removesuffix(b"\n")) for line in islice(lines, size)]
    leaves: list[bytes] = []
    for index, width in tiles.bundles_of(size):
        path = tiles.tile_path(0, index, width)
        content = kept.read(path, tiles.WIDTH * 32)
        if content is None:
            raise FileNotFoundError(f"{ENTRIES}, {path}")
        leaves += tiles.decode_tile(content, width)
    return leaves
