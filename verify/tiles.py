"""Tiles: the tree and its entries cut into files that never change, so that any web server can publish a log.

A tile holds up to 256 hashes of 32 bytes: at level 0 leaf hashes, at level L the roots of full tiles one level below.
An entry bundle holds the entries under one tile of level 0, each as u16be length || bytes. A tile that is not full has
its width in its path, and feeds no tile above. Source: C2SP tlog-tiles.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from verify import tree

WIDTH = 256
MAX_LEVEL = 63
MAX_INDEX = 2**63 - 1
MAX_ENTRY = 65_535

_PATH = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([0-9]{1,3}))?")


class TileError(ValueError):
    """There is no such tile, or its bytes are not those of a tile."""


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """Return the path of tile `index` at `level`, below the log's prefix; `width` is its number of hashes.

    >>> tile_path(0, 1234067, 8)
    'tile/0/x001/x234/067.p/8'
    """
    if not 0 <= level <= MAX_LEVEL:
        raise TileError(f"a level is between 0 and {MAX_LEVEL}")
    return f"tile/{level}/{_numbered(index, width)}"


def entries_path(index: int, width: int = WIDTH) -> str:
    """Return the path of entry bundle `index`; `width` is its number of entries."""
    return f"tile/entries/{_numbered(index, width)}"


def parse_tile_path(path: str) -> tuple[int | None, int, int]:
    """Return (level, index, width) of a path in its one spelling; level None is an entry bundle. Raises TileError."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise TileError(f"{path[:100]!a} is no tile path")
    level = None if found[1] == "entries" else int(found[1])
    index = int(found[2].replace("x", "").replace("/", ""))
    width = WIDTH if found[3] is None else int(found[3])
    # Writing it again refuses leading zeros, widths out of range and ".p/256" without a rule for each.
    spelled = entries_path(index, width) if level is None else tile_path(level, index, width)
    if spelled != path:
        raise TileError(f"{path!a} is spelled {spelled}")
    return level, index, width


def tiles_of(size: int) -> Iterator[tuple[int, int, int]]:
    """Yield (level, index, width) of every tile of a tree of `size` leaves, lowest level first."""
    level = 0
    while size > 0:
        full, rest = divmod(size, WIDTH)
        for index in range(full):
            yield level, index, WIDTH
        if rest:
            yield level, full, rest
        level, size = level + 1, full


def bundles_of(size: int) -> Iterator[tuple[int, int]]:
    """Yield (index, width) of every entry bundle of a log of `size` entries."""
    for level, index, width in tiles_of(size):
        if level > 0:
            return
        yield index, width


def tile_bytes(level: int, index: int, width: int, leaves: Sequence[bytes]) -> bytes:
    """Return one tile, computed from all leaf hashes of the log. Raises TileError when they do not reach so far."""
    tile_path(level, index, width)
    span = WIDTH**level
    start, end = index * WIDTH * span, (index * WIDTH + width) * span
    if end > len(leaves):
        raise TileError(f"{len(leaves)} leaves do not fill tile {index} of level {level} to width {width}")
    return b"".join(tree.root(leaves[at : at + span]) for at in range(start, end, span))


def decode_tile(data: bytes, width: int) -> list[bytes]:
    """Return the `width` hashes of a tile. Raises TileError for another length."""
    if not 1 <= width <= WIDTH or len(data) != width * tree.HASH_SIZE:
        raise TileError(f"{len(data)} bytes are not a tile of width {width}")
    return [data[at : at + tree.HASH_SIZE] for at in range(0, len(data), tree.HASH_SIZE)]


def all_tiles(leaves: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield (path, bytes) of every tile of the tree over `leaves`, reading them once and holding one tile a level."""
    open_tiles: list[list[bytes]] = [[]]
    closed: list[int] = [0]
    for leaf in leaves:
        level, carried = 0, leaf
        while True:
            open_tiles[level].append(carried)
            if len(open_tiles[level]) < WIDTH:
                break
            full = open_tiles[level]
            yield tile_path(level, closed[level]), b"".join(full)
            carried = tree.root(full)
            open_tiles[level] = []
            closed[level] += 1
            level += 1
            if level == len(open_tiles):
                open_tiles.append([])
                closed.append(0)
    for level, rest in enumerate(open_tiles):
        if rest:
            yield tile_path(level, closed[level], len(rest)), b"".join(rest)


def all_bundles(entries: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield (path, bytes) of every entry bundle, reading the entries once and holding one bundle."""
    index = 0
    waiting: list[bytes] = []
    for entry in entries:
        waiting.append(entry)
        if len(waiting) == WIDTH:
            yield entries_path(index), encode_bundle(waiting)
            index, waiting = index + 1, []
    if waiting:
        yield entries_path(index, len(waiting)), encode_bundle(waiting)


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Return u16be length || bytes of 1 to 256 entries of at most 65,535 bytes. Raises TileError."""
    if not 1 <= len(entries) <= WIDTH:
        raise TileError(f"a bundle has 1 to {WIDTH} entries, not {len(entries)}")
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise TileError(f"an entry has at most {MAX_ENTRY} bytes, this one has {len(entry)}")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def decode_bundle(data: bytes) -> list[bytes]:
    """Return the entries of a bundle, which must end with the last one. Raises TileError."""
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if start > len(data) or at > len(data):
            raise TileError(f"the bundle ends inside entry {len(entries)}")
        if len(entries) == WIDTH:
            raise TileError(f"a bundle has at most {WIDTH} entries")
        entries.append(data[start:at])
    if not entries:
        raise TileError("a bundle has at least one entry")
    return entries


def _numbered(index: int, width: int) -> str:
    """Return the index in groups of three digits, all but the last after an x, then `.p/width` unless full."""
    if not 0 <= index <= MAX_INDEX or not 1 <= width <= WIDTH:
        raise TileError(f"no tile {index} of width {width}")
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return path if width == WIDTH else f"{path}.p/{width}"
