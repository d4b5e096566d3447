"""The static log, checked from its bytes alone: `python -m verify fsck FOLDER`.

Leaves are computed from the bundles, every tile from the level below, the root from all of them; documents are held against
their names and the entries. What lies beyond the checkpoint, because the publisher died or is at work, is NOTED; what
belongs to no log of this kind is BROKEN. Draws and rules are not asked here. Source: C2SP tlog-tiles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from verify import entries, tiles
from verify.checkpoint import Checkpoint
from verify.checks import capped, checkpoint, concluded
from verify.entries import EntryError
from verify.findings import Finding, broken, holds, noted, unchecked
from verify.given import answer
from verify.library import references
from verify.note import VerifierKey
from verify.policy import Policy
from verify.report import Report
from verify.source import CHECKPOINT, ENTRIES, LOG_VKEY, UNFINISHED, Folder
from verify.tree import HASH_SIZE, Frontier, leaf_hash

LARGEST_BUNDLE = tiles.WIDTH * (2 + tiles.MAX_ENTRY)
USAGE = """\
fsck FOLDER [--vkey VKEY|FILE] [--policy FILE] [--json]
逐字节核对静态日志：由条目包算出叶子，由下一层算出每块瓦片，由叶子算出根，文档与其名称比对，列出缺少和多余的文件。
Checks a static log from its bytes: leaves from bundles, every tile from the level below, the root from the leaves,
documents against their names; files that are missing or foreign are named. Draws and rules are not asked."""
DOCUMENTS = "documents/"
_DOCUMENT = re.compile(DOCUMENTS + "([0-9a-f]{64})")


def fsck(path: Path | str, key: VerifierKey | None = None, policy: Policy | None = None) -> Report:
    """Check a static log. `key`: the log's key from outside, or `policy`, which names it and its cosigners. UsageError."""
    folder = Folder(path)
    stated = checkpoint.stated_key(folder)
    if key is None and policy is not None and policy.logs:
        key = next((each for each in policy.logs if each == stated), policy.logs[0])
    head, findings = checkpoint.read_checkpoint(folder, key or (None if isinstance(stated, str) else stated))
    findings += _whose(stated, key, head)
    tree = _Tree(folder)
    if head is not None:
        findings += capped(tree.check(head))
        findings += capped(_documents(folder, tree.documents))
    findings += checkpoint.check_policy(folder, policy, key)
    findings += concluded(
        capped(_names(folder, tree)),
        lambda: holds("folder", "没有多余的文件。", "There is no file that belongs to no static log."),
    )
    origin, root = (head.origin, tree.frontier.root().hex()) if head else ("", "")
    return Report(str(path), origin, tree.frontier.size, root, findings)


def main(argv: Sequence[str], program: str) -> int:
    """Answer the command line. `program`: how it was called."""
    return answer(argv, f"用法 Usage: {program} {USAGE}", fsck)


def _whose(stated: VerifierKey | str, given: VerifierKey | None, head: Checkpoint | None) -> Iterator[Finding]:
    if isinstance(stated, str):
        yield broken("whose", f"{LOG_VKEY} 不可用：{stated}。", f"{LOG_VKEY} is unusable: {stated}.")
    if given is None:
        zh = "没有从外部给出公钥（--vkey），这是谁的日志无法核验。"
        yield unchecked("whose", zh, "No key from outside was given (--vkey): whose log this is cannot be told.")
    elif given != stated:
        yield broken("whose", f"{LOG_VKEY} 不是给出的公钥。", f"{LOG_VKEY} is not the key that was given.")
    elif head is not None and head.origin == given.name:
        yield holds("whose", f"日志属于 {given.name}，公钥与外部给出的一致。", f"The log is {given.name}.")


class _Tree:
    """The tree of a static log as it is recomputed, and what it makes of the folder."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.frontier = Frontier()
        self.expected = {CHECKPOINT, LOG_VKEY}
        self.documents: dict[str, tuple[int, int]] = {}
        """SHA-256 -> (bytes, index of the first entry that names it)."""
        self._faults: list[Finding] = []
        self._cut = False

    def check(self, head: Checkpoint) -> Iterator[Finding]:
        """Read bundles and tiles up to the size of the checkpoint, and compare the root. A gap ends the reading."""
        wrong = 0
        for path, content in tiles.all_tiles(self._leaves(head.size)):
            if self._cut:  # the tiles that the gap left open are of another tree
                break
            wrong += not self._tile(path, content)
            yield from self._told()
        yield from self._told()
        if self._cut:
            return
        if self.frontier.root() != head.root:
            zh = f"由条目重算的根是 {self.frontier.root().hex()}，检查点签的是 {head.root.hex()}。"
            en = f"The root of the entries is {self.frontier.root().hex()}, the checkpoint has {head.root.hex()}."
            yield broken("tree", zh, en)
        elif not wrong:
            zh = f"检查点的 {head.size} 条与条目包、各层瓦片逐字节一致。"
            yield holds("tree", zh, f"Bundles, tiles of all levels and root agree on {head.size} entries.")

    def _told(self) -> Iterator[Finding]:
        yield from self._faults
        self._faults = []

    def _leaves(self, size: int) -> Iterator[bytes]:
        """Yield the leaves, bundle by bundle; where a bundle is wrong, those of its tile, so that the rest can be judged."""
        for index, width in tiles.bundles_of(size):
            path = tiles.entries_path(index, width)
            raws, reason = self._bundle(path, width)
            leaves = [leaf_hash(raw) for raw in raws]
            if reason:
                self._faults.append(broken("tree", *reason, index * tiles.WIDTH))
                tile = self._read(tiles.tile_path(0, index, width), width * HASH_SIZE)
                if tile is None:
                    self._cut = True
                    return
                leaves = [tile[at : at + HASH_SIZE] for at in range(0, len(tile), HASH_SIZE)]
            self._faults += self._named(raws, index * tiles.WIDTH)
            self.frontier.extend(leaves)
            yield from leaves

    def _bundle(self, path: str, width: int) -> tuple[Sequence[bytes], tuple[str, str] | None]:
        """Return the entries of a bundle, or why there are none. A part may be gone once its whole is there."""
        content = self._read(path, None)
        if content is None:
            return [], (f"缺少 {path}。", f"{path} is missing.")
        try:
            raws = tiles.decode_bundle(content)
        except tiles.TileError as error:
            return [], (f"{path} 不是条目包：{error}。", f"{path} is no bundle: {error}.")
        if len(raws) < width:
            return [], (f"{path} 只有 {len(raws)} 条。", f"{path} has {len(raws)} entries, not {width}.")
        return raws[:width], None

    def _tile(self, path: str, content: bytes) -> bool:
        found = self._read(path, len(content))
        if found is None:
            self._faults.append(
                broken("tree", f"缺少 {path}，或长度不对。", f"{path} is missing, or has another length.")
            )
        elif found != content:
            self._faults.append(_unlike(path, found, content))
        return found == content

    def _read(self, path: str, length: int | None) -> bytes | None:
        """Return a tile of `length` bytes or, with None, a bundle; where a part is gone, from its whole."""
        self.expected.add(path)
        whole = path.partition(".p/")[0]
        most = LARGEST_BUNDLE if length is None else tiles.WIDTH * HASH_SIZE
        exact = self.folder.read(path, most)
        if exact is not None:
            return exact if length is None or len(exact) == length else None
        found = None if whole == path else self.folder.read(whole, most)
        return found if length is None or found is None else found[:length]

    def _named(self, raws: Sequence[bytes], first: int) -> Iterator[Finding]:
        for index, raw in enumerate(raws, start=first):
            try:
                for each in references(entries.parse(raw)):
                    if each["public"] is True:
                        self.documents.setdefault(each["sha256"], (each["bytes"], index))
            except EntryError as error:
                yield broken("entries", f"不是合规的记录：{error}。", f"This is no entry: {error}.", index)


def _unlike(path: str, found: bytes, content: bytes) -> Finding:
    level, index, width = tiles.parse_tile_path(path)
    if level:
        return broken("tree", f"{path} 与下一层不符。", f"{path} is not that of the level below.")
    # Which of both was altered the bytes do not tell; the checkpoint's root does, and it is compared at the end.
    first = next(
        at
        for at in range(width)
        if found[at * HASH_SIZE : (at + 1) * HASH_SIZE] != content[at * HASH_SIZE : (at + 1) * HASH_SIZE]
    )
    bundle = tiles.entries_path(index, width)
    return broken("tree", f"{path} 与 {bundle} 不符。", f"{path} and {bundle} disagree.", index * tiles.WIDTH + first)


def _documents(folder: Folder, named: dict[str, tuple[int, int]]) -> Iterator[Finding]:
    def found() -> Iterator[Finding]:
        for name, (size, index) in named.items():
            path = f"documents/{name}"
            if folder.size(path) is None:
                yield broken("documents", f"缺少 {path}。", f"{path} is missing.", index)
            elif folder.sha256(path, size) != name:
                yield broken("documents", f"{path} 与其名称或长度不符。", f"{path} is not what it is named.", index)

    zh, en = f"{len(named)} 个文档都与其名称一致。", f"All {len(named)} documents are what they are named."
    yield from concluded(found(), lambda: holds("documents", zh, en), len(named))


def _names(folder: Folder, tree: _Tree) -> Iterator[Finding]:
    """Name every file that is not one of the log at this size: earlier parts of tiles, what is ahead, what is foreign."""
    ahead = []
    for name in folder.names():
        if name in tree.expected or (name.startswith(DOCUMENTS) and name.removeprefix(DOCUMENTS) in tree.documents):
            continue
        if name == UNFINISHED or (name.endswith("/") and name.startswith(("tile/", "documents/"))):
            continue
        document = _DOCUMENT.fullmatch(name)
        if name == ENTRIES:
            zh = f"这里还有 {ENTRIES}，fsck 不核对它；请用 verify 核验整个导出。"
            yield noted("folder", zh, f"{ENTRIES} is here besides, as in an export: `verify` checks it, fsck does not.")
        elif document:
            size = folder.size(name)
            if size is None or folder.sha256(name, size) != document[1]:
                yield broken("folder", f"{name} 与其名称不符。", f"{name} is not what it is named.")
            else:
                ahead.append(name)
        elif not _is_tile(name):
            shown = ascii(name)[1:-1]
            yield broken("folder", f"多余的文件 {shown}。", f"A file that belongs to no static log: {shown}.")
        elif not _agrees(folder, tree, name):
            yield broken("folder", f"{name} 与条目不符。", f"{name} differs from the entries.")
        elif _last(name) > tree.frontier.size:
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


def _agrees(folder: Folder, tree: _Tree, name: str) -> bool:
    """Whether a tile or bundle has its width, and begins as the one of its place that the checkpoint covers, if any does."""
    level, index, width = tiles.parse_tile_path(name)
    content = folder.read(name, LARGEST_BUNDLE if level is None else width * HASH_SIZE)
    if content is None or (level is not None and len(content) != width * HASH_SIZE):
        return False
    if level is None:
        with suppress(tiles.TileError):
            if len(tiles.decode_bundle(content)) == width:
                return _begins_alike(folder, tree, level, index, content)
        return False
    return _begins_alike(folder, tree, level, index, content)


def _begins_alike(folder: Folder, tree: _Tree, level: int | None, index: int, content: bytes) -> bool:
    width = min(tiles.WIDTH, (tree.frontier.size >> 8 * (level or 0)) - index * tiles.WIDTH)
    if width < 1:
        return True
    path = tiles.entries_path(index, width) if level is None else tiles.tile_path(level, index, width)
    covered = folder.read(path, LARGEST_BUNDLE) or b""
    return covered.startswith(content) or content.startswith(covered)
