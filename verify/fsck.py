"""The static log, checked from its bytes alone: `python -m verify fsck FOLDER`.

Leaves are computed from the bundles, every tile from the level below, the root from all of them; documents are held against
their names and the entries. What lies beyond the checkpoint, because the publisher died or is at work, is NOTED; what
belongs to no log of this kind is BROKEN. Draws and rules are not asked here. Source: C2SP tlog-tiles.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from verify import entries, tiles
from verify.checkpoint import Checkpoint
from verify.checks import capped, checkpoint, concluded, keys
from verify.entries import EntryError
from verify.findings import Finding, broken, holds
from verify.given import answer
from verify.library import Reference, references
from verify.note import VerifierKey
from verify.others import LARGEST_BUNDLE, others
from verify.policy import Policy
from verify.report import Report
from verify.rotation import CREATED, KeyEntries, Ring, roots_at
from verify.source import CHECKPOINT, LOG_VKEY, SMALL, Folder
from verify.tree import HASH_SIZE, Frontier, leaf_hash

USAGE = """\
fsck FOLDER [--vkey VKEY|FILE] [--policy FILE] [--json]
逐字节核对静态日志：由条目包算出叶子，由下一层算出每块瓦片，由叶子算出根，文档与其名称比对，列出缺少和多余的文件。
Checks a static log from its bytes: leaves from bundles, every tile from the level below, the root from the leaves,
documents against their names; files that are missing or foreign are named. Draws and rules are not asked."""


def fsck(path: Path | str, key: VerifierKey | None = None, policy: Policy | None = None) -> Report:
    """Check a static log. `key`: the log's key from outside, or `policy`, which names it and its cosigners. UsageError."""
    folder = Folder(path)
    stated = checkpoint.stated_key(folder)
    if key is None and policy is not None and policy.logs:
        key = next((each for each in policy.logs if each == stated), policy.logs[0])
    tree = _Tree(folder)
    head = checkpoint.read_checkpoint(folder, None)[0]
    content = [*capped(tree.check(head)), *capped(_documents(folder, tree.documents))] if head else []
    findings = [*_signed(folder, tree, stated, key, policy), *content]
    findings += concluded(
        capped(others(folder, tree.frontier.size, tree.expected, tree.documents)),
        lambda: holds("folder", "没有多余的文件。", "There is no file that belongs to no static log."),
    )
    origin, root = (head.origin, tree.frontier.root().hex()) if head else ("", "")
    return Report(str(path), origin, tree.frontier.size, root, findings)


def main(argv: Sequence[str], program: str) -> int:
    """Answer the command line. `program`: how it was called."""
    return answer(argv, f"用法 Usage: {program} {USAGE}", fsck)


def _signed(
    folder: Folder, tree: _Tree, stated: VerifierKey | str, given: VerifierKey | None, policy: Policy | None
) -> Iterator[Finding]:
    """Whose log this is: the key given, or those that it was handed over to, signed the checkpoint."""
    raw, ring = folder.read(CHECKPOINT, SMALL), Ring.of(tree.keys.found)
    size, heads = checkpoint.size_of(raw or b"") or 0, tree.roots(tree.keys.cited())
    key = given or (None if isinstance(stated, str) else stated)
    present = key and keys.followed(ring, key, raw, heads)
    yield from checkpoint.read_checkpoint(folder, present, [*ring.keys_at(size), *checkpoint.cosigners_of(policy)])[1]
    created = next((each.data for each in tree.keys.found if each.kind == CREATED), None)
    yield from checkpoint.check_whose(folder, created, given, present, ring, size)
    yield from keys.check_keys(ring, raw, heads)
    if policy is not None and given is not None and present is not None:
        policy = policy.handed(given, present)
    yield from checkpoint.check_policy(folder, policy, given and present)


class _Tree:
    """The tree of a static log as it is recomputed, and what it makes of the folder."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.frontier = Frontier()
        self.expected = {CHECKPOINT, LOG_VKEY}
        self.documents: dict[str, tuple[int, int]] = {}
        """SHA-256 -> (bytes, index of the first entry that names it)."""
        self.keys = KeyEntries()
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

    def roots(self, sizes: Collection[int]) -> dict[int, bytes]:
        """Return the roots over the first so many leaves, from the tiles that were just compared with the entries."""
        bundles = tiles.bundles_of(self.frontier.size)
        found = (self._read(tiles.tile_path(0, *each), each[1] * HASH_SIZE) or b"" for each in bundles)
        return roots_at((tile[at : at + HASH_SIZE] for tile in found for at in range(0, len(tile), HASH_SIZE)), sizes)

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
                entry = entries.parse(raw)
                self.keys.take(entry, index)
                for each in references(entry):
                    if each["public"] is True:
                        known = self.documents.setdefault(each["sha256"], (each["bytes"], index))
                        yield from _lengths(each, *known, index)
            except EntryError as error:
                yield broken("entries", f"不是合规的记录：{error}。", f"This is no entry: {error}.", index)


def _lengths(reference: Reference, length: int, first: int, index: int) -> Iterator[Finding]:
    """A document has one length, whoever names it."""
    if reference["bytes"] != length:
        path = f"documents/{reference['sha256']}"
        zh = f"{path} 在这里记为 {reference['bytes']} 字节，在第 {first} 条是 {length} 字节。"
        yield broken("documents", zh, f"{path} has {reference['bytes']} bytes here, {length} in entry {first}.", index)


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
