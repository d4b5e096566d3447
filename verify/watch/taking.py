"""The taking: new entries are fetched, extend the tree that was verified before, and must lead to the root that was signed.

Nothing of what is kept changes before that: what was written behind the end of the copy is cut off again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from verify import tiles
from verify.checkpoint import Checkpoint
from verify.checks import capped
from verify.findings import Finding, broken, holds
from verify.tree import HASH_SIZE, Frontier, leaf_hash
from verify.watch.fetching import Site
from verify.watch.tree import Edge, bundle, fetch


class Unlike(Exception):
    """What is served does not continue the tree that was verified before, or does not lead to the signed root."""


class NoLine(Exception):
    """An entry that cannot be a line of a log: `index` says which."""

    def __init__(self, index: int) -> None:
        super().__init__(f"entry {index} holds a line feed")
        self.index = index


@dataclass
class Taken:
    """What was taken: the tree, its edge, where the copy ends, and what is wrong with the tiles.

    `passed`: the root at the size `at`, when the tree came by it.
    """

    tree: Frontier
    edge: Edge
    end: int
    at: int = 0
    passed: bytes = b""
    findings: list[Finding] = field(default_factory=list)


def take(site: Site, head: Checkpoint, taken: Taken, file: BinaryIO) -> None:
    """Append the entries up to `head` to the copy and to the tree. Raises Trouble, Unlike, NoLine."""
    file.seek(taken.end)
    taken.findings = list(capped(_take(site, head, taken, file)))
    file.flush()
    os.fsync(file.fileno())
    if taken.tree.root() != head.root:
        raise Unlike
    zh, en = "新增部分的瓦片与记录一致。", "The tiles over what is new are those of the entries."
    taken.findings += [] if taken.findings else [holds("tree", zh, en)]


def _take(site: Site, head: Checkpoint, taken: Taken, file: BinaryIO) -> Iterator[Finding]:
    tree, edge = taken.tree, taken.edge
    filled: list[tuple[int, int, list[bytes]]] = []
    for number in range(tree.size // tiles.WIDTH, -(-head.size // tiles.WIDTH)):
        width = min(tiles.WIDTH, head.size - number * tiles.WIDTH)
        known = edge.levels[0] if edge.levels and number == tree.size // tiles.WIDTH else []
        entries = bundle(site, number, width)
        if [leaf_hash(raw) for raw in entries[: len(known)]] != known:
            raise Unlike
        for raw in entries[len(known) :]:
            if b"\n" in raw:
                raise NoLine(tree.size)
            if tree.size == taken.at:
                taken.passed = tree.root()
            leaf = leaf_hash(raw)
            tree.append(leaf)
            filled += edge.append(leaf)
            taken.end += file.write(raw + b"\n")
        for level, index, hashes in filled:
            yield from _compared(site, level, index, hashes)
        filled = []
    if tree.size == taken.at:
        taken.passed = tree.root()
    for level, index, hashes in edge.rest():
        yield from _compared(site, level, index, hashes)


def _compared(site: Site, level: int, index: int, hashes: list[bytes]) -> Iterator[Finding]:
    """The tile that is served holds these hashes."""
    path = tiles.tile_path(level, index, len(hashes))
    served = fetch(site, path, len(hashes), tiles.WIDTH * HASH_SIZE)
    if served is None:
        yield broken("tree", f"日志不提供 {path}。", f"{path} is missing.")
    elif served[: len(hashes) * HASH_SIZE] != b"".join(hashes):
        yield broken("tree", f"{path} 与记录不一致。", f"{path} differs from the entries.")
