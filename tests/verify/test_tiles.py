"""Tiles have one path each, hold what the tree says, and bundles hold exactly their entries."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twins import tree as twin
from verify import tiles, tree
from verify.tiles import TileError

VECTORS = Path(__file__).parents[1] / "vectors" / "tlog"
TESSERA = json.loads((VECTORS / "tessera-paths.json").read_text())
GOLANG = json.loads((VECTORS / "golang-x-mod-tlog.json").read_text())
LEAVES = [tree.leaf_hash(b"%d" % number) for number in range(66_000)]


def c2sp(path):
    """Drop the height from a Go path."""
    _, _, rest = path.split("/", 2)
    return f"tile/{rest}"


@pytest.mark.parametrize("vector", TESSERA["tile_path"], ids=lambda vector: vector["want"])
def test_the_published_tile_paths_are_ours(vector):
    assert tiles.tile_path(vector["level"], vector["index"], vector["p"] or 256) == vector["want"]


@pytest.mark.parametrize("vector", TESSERA["entries_path_for_index"])
def test_the_published_bundle_of_an_entry_is_ours(vector):
    index = vector["seq"] // 256
    width = min(256, vector["logSize"] - index * 256)

    assert tiles.entries_path(index, width) == vector["want"]


@pytest.mark.parametrize("vector", TESSERA["parse"], ids=lambda vector: f"{vector['level']}/{vector['index']}")
def test_published_paths_are_parsed_as_published(vector):
    path, want = f"tile/{vector['level']}/{vector['index']}", vector["want"]

    if want is None:
        with pytest.raises(TileError):
            tiles.parse_tile_path(path)
    else:
        assert tiles.parse_tile_path(path) == (want["level"], want["index"], want["p"] or 256)


@pytest.mark.parametrize("vector", GOLANG["tile_paths"], ids=lambda vector: vector["path"])
def test_the_go_paths_are_ours_without_their_height(vector):
    full = vector["W"] == 1 << vector["H"]
    width = 256 if full else vector["W"]

    assert tiles.parse_tile_path(c2sp(vector["path"])) == (vector["L"], vector["N"], width)
    assert tiles.tile_path(vector["L"], vector["N"], width) == c2sp(vector["path"])


BAD_PATHS = {
    "no path": "",
    "another folder": "tiles/0/000",
    "a slash in front": "/tile/0/000",
    "a level with a zero in front": "tile/00/000",
    "an index with an empty group": "tile/0/x000/005",
    "an index too short": "tile/0/05",
    "an index in full width": "tile/0/\uff10\uff10\uff10",
    "an index beyond 2^63": "tile/0/x009/x223/x372/x036/x854/x775/808",
    "a capital x": "tile/0/X001/000",
    "a width of nothing": "tile/0/000.p/0",
    "a width with a zero in front": "tile/0/000.p/05",
    "a full width": "tile/0/000.p/256",
    "a newline at the end": "tile/0/000\n",
    "a step upwards": "tile/0/../000",
    "entries at a level": "tile/entries/0/000",
    "entries with a sign": "tile/entries/-01",
}


@pytest.mark.parametrize("path", [*BAD_PATHS.values(), *map(c2sp, GOLANG["bad_tile_paths"])])
def test_another_spelling_is_no_path(path):
    with pytest.raises(TileError):
        tiles.parse_tile_path(path)


@pytest.mark.parametrize(
    ("level", "index", "width"), [(-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 2**63, 1), (0, 0, 0), (0, 0, 257)]
)
def test_there_is_no_such_tile(level, index, width):
    with pytest.raises(TileError):
        tiles.tile_path(level, index, width)
    with pytest.raises(TileError):
        tiles.tile_bytes(level, index, width, [])


@given(st.none() | st.integers(0, 63), st.integers(0, 2**63 - 1), st.integers(1, 256))
def test_a_path_comes_back(level, index, width):
    path = tiles.entries_path(index, width) if level is None else tiles.tile_path(level, index, width)

    assert tiles.parse_tile_path(path) == (level, index, width)


def test_the_tiles_of_the_specifications_example():
    widths = [(level, width) for level, _, width in tiles.tiles_of(70_000)]

    assert widths == [(0, 256)] * 273 + [(0, 112), (1, 256), (1, 17), (2, 1)]
    assert list(tiles.bundles_of(70_000)) == [*((index, 256) for index in range(273)), (273, 112)]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 66_000])
def test_the_streamed_tiles_are_those_of_the_tree(size):
    leaves = LEAVES[:size]

    streamed = dict(tiles.all_tiles(iter(leaves)))

    expected = {tiles.tile_path(*tile): tiles.tile_bytes(*tile, leaves) for tile in tiles.tiles_of(size)}
    assert streamed == expected


def test_each_hash_of_a_tile_is_a_root_of_the_twin():
    tile = dict(tiles.all_tiles(LEAVES[:1000]))["tile/1/000.p/3"]

    hashes = tiles.decode_tile(tile, 3)

    assert hashes == [twin.mth(LEAVES[at : at + 256]) for at in (0, 256, 512)]


def test_the_top_tile_gives_the_root():
    tile = dict(tiles.all_tiles(LEAVES[:65_536]))["tile/2/000.p/1"]

    assert tiles.decode_tile(tile, 1) == [tree.root(LEAVES[:65_536])]


def test_a_tile_beyond_the_leaves_is_refused():
    with pytest.raises(TileError, match="300 leaves do not fill tile 1 of level 0 to width 45"):
        tiles.tile_bytes(0, 1, 45, LEAVES[:300])


@pytest.mark.parametrize(("length", "width"), [(0, 0), (31, 1), (33, 1), (32, 2), (257 * 32, 257)])
def test_bytes_of_another_length_are_no_tile(length, width):
    with pytest.raises(TileError, match="are not a tile of width"):
        tiles.decode_tile(bytes(length), width)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=20), min_size=1, max_size=256))
def test_the_entries_of_a_bundle_come_back(entries):
    assert tiles.decode_bundle(tiles.encode_bundle(entries)) == entries


@pytest.mark.parametrize("size", [0, 1, 256, 257, 700])
def test_the_streamed_bundles_hold_all_entries_in_order(size):
    entries = [b"%d" % number for number in range(size)]

    streamed = list(tiles.all_bundles(iter(entries)))

    assert [path for path, _ in streamed] == [tiles.entries_path(*bundle) for bundle in tiles.bundles_of(size)]
    assert [entry for _, data in streamed for entry in tiles.decode_bundle(data)] == entries


def test_a_bundle_is_lengths_and_bytes():
    assert tiles.encode_bundle([b"ab", b"", b"x" * 258]) == b"\x00\x02ab\x00\x00\x01\x02" + b"x" * 258


BAD_BUNDLES = {
    "empty": (b"", "at least one entry"),
    "half a length": (b"\x00", "ends inside entry 0"),
    "an entry cut off": (b"\x00\x01a\x00\x02b", "ends inside entry 1"),
    "a byte too many": (b"\x00\x01a\x00", "ends inside entry 1"),
    "257 entries": (b"\x00\x00" * 257, "at most 256 entries"),
}


@pytest.mark.parametrize(("data", "reason"), BAD_BUNDLES.values(), ids=BAD_BUNDLES.keys())
def test_a_bad_bundle_is_refused(data, reason):
    with pytest.raises(TileError, match=reason):
        tiles.decode_bundle(data)


@pytest.mark.parametrize("entries", [[], [b""] * 257, [b"x" * 65_536]], ids=["none", "too many", "too long"])
def test_what_no_bundle_holds_is_not_written(entries):
    with pytest.raises(TileError):
        tiles.encode_bundle(entries)


def test_the_longest_entry_fits():
    longest = b"x" * 65_535

    assert tiles.decode_bundle(tiles.encode_bundle([longest])) == [longest]
