"""The tree as a log serves it: its right edge, which grows with what is new, and roots at older sizes out of its tiles.

A tile is believed only as far as it leads to a root that was signed. Source: C2SP tlog-tiles; RFC 6962, section 2.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from verify import tiles, tree
from verify.checkpoint import Checkpoint
from verify.nodes import consistency_path_at, root_at
from verify.tree import HASH_SIZE, ProofError, verify_consistency
from verify.watch.fetching import GARBAGE, Site, Trouble

BUNDLE = tiles.WIDTH * (tiles.MAX_ENTRY + 2)
_BITS = 8


class Edge:
    """The hashes of the tiles that are not full yet, one list for each level."""

    def __init__(self, size: int = 0, levels: list[list[bytes]] | None = None) -> None:
        self.size, self.levels = size, levels or []

    def append(self, leaf: bytes) -> Iterator[tuple[int, int, list[bytes]]]:
        """Add a leaf, and yield (level, index, hashes) of every tile that it fills."""
        level, carried = 0, leaf
        self.size += 1
        while True:
            if level == len(self.levels):
                self.levels.append([])
            self.levels[level].append(carried)
            if len(self.levels[level]) < tiles.WIDTH:
                return
            full, self.levels[level] = self.levels[level], []
            yield level, (self.size >> _BITS * (level + 1)) - 1, full
            level, carried = level + 1, tree.root(full)

    def rest(self) -> Iterator[tuple[int, int, list[bytes]]]:
        """Yield the tiles that are not full."""
        for level, hashes in enumerate(self.levels):
            if hashes:
                yield level, self.size >> _BITS * (level + 1), hashes

    def encode(self) -> bytes:
        """Return u64be(size), then for each level u16be(number of hashes) and the hashes."""
        parts = [len(hashes).to_bytes(2, "big") + b"".join(hashes) for hashes in self.levels]
        return self.size.to_bytes(8, "big") + b"".join(parts)

    @classmethod
    def decode(cls, data: bytes) -> Edge:
        """Read what `encode` wrote."""
        levels, at = [], 8
        while at < len(data):
            end = at + 2 + HASH_SIZE * int.from_bytes(data[at : at + 2], "big")
            levels.append([data[each : each + HASH_SIZE] for each in range(at + 2, end, HASH_SIZE)])
            at = end
        return cls(int.from_bytes(data[:8], "big"), levels)


def fetch(site: Site, path: str, width: int, most: int) -> bytes | None:
    """Return a tile or bundle of this width, or, where it is no longer served, the full one that took its place."""
    found = site.get(path, most)
    return site.get(path.partition(".p/")[0], most) if found is None and width < tiles.WIDTH else found


def bundle(site: Site, index: int, width: int) -> list[bytes]:
    """Return the first `width` entries of a bundle. Raises Trouble."""
    path = tiles.entries_path(index, width)
    content = fetch(site, path, width, BUNDLE)
    if content is None:
        raise Trouble(GARBAGE, f"日志不提供 {path}。", f"The log does not serve {path}.")
    try:
        entries = tiles.decode_bundle(content)
    except tiles.TileError as error:
        raise Trouble(GARBAGE, f"{path} 不是条目包：{error}。", f"{path} is no bundle: {error}.") from error
    if len(entries) not in (width, tiles.WIDTH):
        zh = f"{path} 有 {len(entries)} 条，应有 {width} 条。"
        raise Trouble(GARBAGE, zh, f"{path} has {len(entries)} entries, not {width}.")
    return entries[:width]


class Served:
    """The tree over `head.size` leaves as a site serves it; each tile is fetched once."""

    def __init__(self, site: Site, head: Checkpoint) -> None:
        self.site, self.head = site, head
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def root(self, size: int) -> bytes:
        """Return the root over the first `size` leaves, proved to lead to the signed root. Raises Trouble."""
        head = self.head
        try:
            root = root_at(self._node, size)
            if size == head.size and root != head.root:
                raise ProofError(f"the tiles lead to {root.hex()}")
            if 0 < size < head.size:
                verify_consistency(size, head.size, root, head.root, consistency_path_at(self._node, size, head.size))
        except (ProofError, ValueError) as error:
            zh = f"{self.site.url} 的瓦片与它签名的根（{head.size} 条）不符：{error}。"
            en = f"The tiles of {self.site.url} do not lead to the root that it signed over {head.size} entries: {error}."
            raise Trouble(GARBAGE, zh, en) from error
        return root

    def _node(self, level: int, position: int) -> bytes:
        """Return the hash over 2^level leaves."""
        height, within = divmod(level, _BITS)
        index, at = divmod(position << within, tiles.WIDTH)
        return tree.root(self._tile(height, index)[at : at + (1 << within)])

    def _tile(self, level: int, index: int) -> list[bytes]:
        known = self._tiles.get((level, index))
        if known is not None:
            return known
        width = min(tiles.WIDTH, (self.head.size >> _BITS * level) - index * tiles.WIDTH)
        path = tiles.tile_path(level, index, width)
        content = fetch(self.site, path, width, tiles.WIDTH * HASH_SIZE)
        if content is None or len(content) not in (width * HASH_SIZE, tiles.WIDTH * HASH_SIZE):
            raise Trouble(GARBAGE, f"日志不提供 {path}。", f"The log does not serve {path} as it should.")
        found = self._tiles[level, index] = tiles.decode_tile(content[: width * HASH_SIZE], width)
        return found
