"""The other files of a static log: earlier parts of tiles, what is ahead of the checkpoint, and what belongs to no log.

What a publisher may leave beside the log is honest as long as it agrees with the log; all else is named.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import suppress

from verify import tiles
from verify.findings import Finding, broken, noted
from verify.source import ENTRIES, UNFINISHED, Folder
from verify.tree import HASH_SIZE

LARGEST_BUNDLE = tiles.WIDTH * (2 + tiles.MAX_ENTRY)
DOCUMENTS = "documents/"
_DOCUMENT = re.compile(DOCUMENTS + "([0-9a-f]{64})")


def others(folder: Folder, size: int, expected: Collection[str], documents: Collection[str]) -> Iterator[Finding]:
    """Judge every file that is not `expected` in a log of `size` entries, nor one of the `documents` that they name."""
    ahead = []
    for name in folder.names():
        if name in expected or (name.startswith(DOCUMENTS) and name.removeprefix(DOCUMENTS) in documents):
            continue
        if name == UNFINISHED or (name.endswith("/") and name.startswith(("tile/", "documents/"))):
            continue
        document = _DOCUMENT.fullmatch(name)
        if name == ENTRIES:
            zh = f"这里还有 {ENTRIES}，fsck 不核对它；请用 verify 核验整个导出。"
            yield noted("folder", zh, f"{ENTRIES} is here besides, as in an export: `verify` checks it, fsck does not.")
        elif document:
            length = folder.size(name)
            if length is None or folder.sha256(name, length) != document[1]:
                yield broken("folder", f"{name} 与其名称不符。", f"{name} is not what it is named.")
            else:
                ahead.append(name)
        elif not _is_tile(name):
            shown = ascii(name)[1:-1]
            yield broken("folder", f"多余的文件 {shown}。", f"A file that belongs to no static log: {shown}.")
        elif not _agrees(folder, size, name):
            yield broken("folder", f"{name} 与条目不符。", f"{name} differs from the entries.")
        elif _last(name) > size:
            ahead.append(name)
    if ahead:
        zh = f"{len(ahead)} 个文件超出检查点（发布尚未完成）：{ahead[0]} 等。"
        yield noted("folder", zh, f"{len(ahead)} files are beyond the checkpoint (not yet published): {ahead[0]} …")


def _is_tile(name: str) -> bool:
    with suppress(tiles.TileError):
        tiles.parse_tile_path(name)
        return True
    return False


def _last(name: str) -> int:
    """Return how many entries a log must have for a tile of this path."""
    level, index, width = tiles.parse_tile_path(name)
    return (index * tiles.WIDTH + width) << 8 * (level or 0)


def _agrees(folder: Folder, size: int, name: str) -> bool:
    """Whether a tile or bundle has its width, and begins as the one of its place that the checkpoint covers, if any does."""
    level, index, width = tiles.parse_tile_path(name)
    content = folder.read(name, LARGEST_BUNDLE if level is None else width * HASH_SIZE)
    if content is None or (level is not None and len(content) != width * HASH_SIZE):
        return False
    if level is None:
        with suppress(tiles.TileError):
            if len(tiles.decode_bundle(content)) == width:
                return _begins_alike(folder, size, level, index, content)
        return False
    return _begins_alike(folder, size, level, index, content)


def _begins_alike(folder: Folder, size: int, level: int | None, index: int, content: bytes) -> bool:
    width = min(tiles.WIDTH, (size >> 8 * (level or 0)) - index * tiles.WIDTH)
    if width < 1:
        return True
    path = tiles.entries_path(index, width) if level is None else tiles.tile_path(level, index, width)
    covered = folder.read(path, LARGEST_BUNDLE) or b""
    return covered.startswith(content) or content.startswith(covered)
