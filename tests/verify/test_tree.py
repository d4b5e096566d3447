"""The tree agrees with published vectors and with a naive twin, and every damaged proof is refused."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twins import tree as twin
from verify import tree
from verify.tree import Frontier, ProofError

VECTORS = Path(__file__).parents[1] / "vectors" / "tlog" / "merkle-rfc6962"
HASHES = json.loads((VECTORS / "hashes.json").read_text())
INCLUSION = sorted((VECTORS / "inclusion").rglob("*.json"))
REFERENCE = [tree.leaf_hash(bytes.fromhex(each)) for each in HASHES["leaf_inputs_hex"]]
LEAVES = [tree.leaf_hash(b"entry %d" % number) for number in range(140)]
ROOTS = [twin.mth(LEAVES[:size]) for size in range(len(LEAVES) + 1)]
# The consistency proofs of the reference test of Certificate Transparency (merkletree/merkle_tree_test.cc).
REFERENCE_CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def sizes_in_order():
    return st.integers(1, len(LEAVES)).flatmap(lambda new: st.tuples(st.integers(1, new), st.just(new)))


def flips(path):
    """Yield the path with one bit of one hash flipped, for every hash and one bit of each of its bytes."""
    for place, digest in enumerate(path):
        for at in range(len(digest)):
            damaged = bytearray(digest)
            damaged[at] ^= 1 << at % 8
            yield [*path[:place], bytes(damaged), *path[place + 1 :]]


def test_the_published_hashes_are_ours():
    roots = [tree.root(REFERENCE[: size + 1]).hex() for size in range(len(REFERENCE))]

    assert roots == HASHES["roots_hex"]
    assert tree.EMPTY_ROOT.hex() == tree.root([]).hex() == HASHES["empty_root_hex"]
    assert tree.leaf_hash(b"").hex() == HASHES["empty_leaf_hex"]
    assert tree.leaf_hash(b"L123456").hex() == HASHES["leaf_L123456_hex"]
    assert tree.node_hash(b"N123", b"N456").hex() == HASHES["node_N123_N456_hex"]


def test_all_published_inclusion_vectors_are_there():
    assert len(INCLUSION) == 98


@pytest.mark.parametrize("file", INCLUSION, ids=lambda file: str(file.relative_to(VECTORS)))
def test_a_published_inclusion_proof_is_judged_as_published(file):
    vector = json.loads(file.read_text())
    leaf, root = base64.b64decode(vector["leafHash"]), base64.b64decode(vector["root"])
    path = [base64.b64decode(each) for each in vector["proof"] or []]

    if vector["wantErr"]:
        with pytest.raises(ProofError):
            tree.verify_inclusion(leaf, vector["leafIdx"], vector["treeSize"], root, path)
    else:
        tree.verify_inclusion(leaf, vector["leafIdx"], vector["treeSize"], root, path)


@pytest.mark.parametrize(("sizes", "published"), REFERENCE_CONSISTENCY.items())
def test_the_reference_consistency_proofs_are_ours(sizes, published):
    old, new = sizes

    path = tree.consistency_path(REFERENCE, old, new)

    assert [each.hex() for each in path] == published


@settings(deadline=None)
@given(st.integers(0, len(LEAVES)))
def test_the_root_is_that_of_the_twin_read_at_once_or_grown(size):
    frontier = Frontier()

    for leaf in LEAVES[:size]:
        frontier.append(leaf)

    assert tree.root(iter(LEAVES[:size])) == frontier.root() == ROOTS[size]


@settings(deadline=None)
@given(sizes_in_order())
def test_inclusion_paths_are_those_of_the_twin_and_verify(sizes):
    index, size = sizes[0] - 1, sizes[1]

    path = tree.inclusion_path(LEAVES, index, size)

    assert path == twin.path(index, LEAVES[:size])
    tree.verify_inclusion(LEAVES[index], index, size, ROOTS[size], path)


@settings(deadline=None)
@given(sizes_in_order())
def test_consistency_paths_are_those_of_the_twin_and_verify(sizes):
    old, new = sizes

    path = tree.consistency_path(LEAVES, old, new)

    assert path == twin.proof(old, LEAVES[:new])
    tree.verify_consistency(old, new, ROOTS[old], ROOTS[new], path)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 13, 16, 17])
def test_no_bit_of_an_inclusion_proof_may_change(size):
    root = ROOTS[size]
    for index in range(size):
        path = tree.inclusion_path(LEAVES, index, size)

        for damaged in flips(path):
            with pytest.raises(ProofError):
                tree.verify_inclusion(LEAVES[index], index, size, root, damaged)
        for [leaf] in flips([LEAVES[index]]):
            with pytest.raises(ProofError, match="the path leads to"):
                tree.verify_inclusion(leaf, index, size, root, path)
        for other in set(range(size)) - {index}:
            with pytest.raises(ProofError):
                tree.verify_inclusion(LEAVES[index], other, size, root, path)


@pytest.mark.parametrize("new", [1, 2, 3, 4, 5, 7, 8, 13, 16, 17])
def test_no_bit_of_a_consistency_proof_or_its_roots_may_change(new):
    for old in range(1, new + 1):
        path = tree.consistency_path(LEAVES, old, new)

        for damaged in flips(path):
            with pytest.raises(ProofError):
                tree.verify_consistency(old, new, ROOTS[old], ROOTS[new], damaged)
        for old_root, new_root in flips([ROOTS[old], ROOTS[new]]):
            with pytest.raises(ProofError):
                tree.verify_consistency(old, new, old_root, new_root, path)


@pytest.mark.parametrize("new", range(1, 18))
def test_a_proof_with_a_hash_more_or_less_is_refused(new):
    for old in range(1, new + 1):
        inclusion = tree.inclusion_path(LEAVES, old - 1, new)
        consistency = tree.consistency_path(LEAVES, old, new)

        for path in resized(inclusion):
            with pytest.raises(ProofError):
                tree.verify_inclusion(LEAVES[old - 1], old - 1, new, ROOTS[new], path)
        for path in resized(consistency):
            with pytest.raises(ProofError):
                tree.verify_consistency(old, new, ROOTS[old], ROOTS[new], path)


def resized(path):
    return [[*path, LEAVES[0]], [LEAVES[0], *path], *([path[1:], path[:-1]] if path else [])]


P13, P48 = tree.inclusion_path(LEAVES, 1, 3), tree.consistency_path(LEAVES, 4, 8)
REFUSED = {
    "an index beyond the tree": (tree.verify_inclusion, (LEAVES[1], 3, 3, ROOTS[3], P13), "no leaf 3 in a tree of 3"),
    "a negative index": (tree.verify_inclusion, (LEAVES[1], -1, 3, ROOTS[3], P13), "no leaf -1"),
    "an empty tree": (tree.verify_inclusion, (LEAVES[0], 0, 0, tree.EMPTY_ROOT, []), "no leaf 0 in a tree of 0"),
    "an entry in place of its hash": (tree.verify_inclusion, (b"entry 1", 1, 3, ROOTS[3], P13), "a hash has 32 bytes"),
    "a hash with a tail": (tree.verify_inclusion, (LEAVES[1], 1, 3, ROOTS[3], [P13[0] + b"x", P13[1]]), "32 bytes"),
    "a path cut off": (tree.verify_inclusion, (LEAVES[1], 1, 3, ROOTS[3], P13[:1]), "too short"),
    "a path drawn out": (tree.verify_inclusion, (LEAVES[1], 1, 3, ROOTS[3], [*P13, P13[0]]), "too long"),
    "nothing to nothing": (tree.verify_consistency, (0, 0, tree.EMPTY_ROOT, tree.EMPTY_ROOT, []), "nothing to prove"),
    "nothing to something": (tree.verify_consistency, (0, 8, tree.EMPTY_ROOT, ROOTS[8], []), "nothing to prove"),
    "a tree that shrinks": (tree.verify_consistency, (8, 4, ROOTS[8], ROOTS[4], P48), "nothing to prove"),
    "one size, two roots": (tree.verify_consistency, (4, 4, ROOTS[4], ROOTS[5], []), "two roots for size 4"),
    "one size, a path": (tree.verify_consistency, (4, 4, ROOTS[4], ROOTS[4], P48), "between equal sizes is empty"),
    "growth without a path": (tree.verify_consistency, (4, 8, ROOTS[4], ROOTS[8], []), "too short"),
    "growth with a path too long": (tree.verify_consistency, (4, 8, ROOTS[4], ROOTS[8], [*P48, P48[0]]), "too long"),
    "another old root": (tree.verify_consistency, (4, 8, ROOTS[5], ROOTS[8], P48), "the path leads to"),
    "another new root": (tree.verify_consistency, (4, 8, ROOTS[4], ROOTS[9], P48), "the new root is"),
    "a root that is no hash": (tree.verify_consistency, (4, 8, ROOTS[4], b"", P48), "a hash has 32 bytes"),
    "a path to no leaf": (tree.inclusion_path, (LEAVES[:3], 3), "no leaf 3"),
    "a path in a larger tree": (tree.inclusion_path, (LEAVES[:3], 0, 4), "over 3 leaves"),
    "a proof back in time": (tree.consistency_path, (LEAVES[:3], 3, 2), "no proof from 3 to 2"),
    "a proof into the future": (tree.consistency_path, (LEAVES[:3], 3, 4), "no proof from 3 to 4"),
}


@pytest.mark.parametrize(("judge", "arguments", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_the_refusal_says_why(judge, arguments, reason):
    with pytest.raises(ProofError, match=reason):
        judge(*arguments)


def test_from_an_empty_tree_the_path_is_empty():
    assert tree.consistency_path(LEAVES, 0) == []


@settings(deadline=None)
@given(st.integers(0, 70), st.integers(0, 70))
def test_a_stored_frontier_grows_on_and_a_copy_grows_alone(before, after):
    frontier = Frontier()
    for leaf in LEAVES[:before]:
        frontier.append(leaf)

    stored, copied = Frontier.from_bytes(frontier.to_bytes()), frontier.copy()
    for leaf in LEAVES[before : before + after]:
        stored.append(leaf)
        copied.append(leaf)

    assert stored.root() == copied.root() == ROOTS[before + after]
    assert (frontier.size, frontier.root()) == (before, ROOTS[before])


@pytest.mark.parametrize("data", [b"", bytes(7), bytes(7) + b"\x01", bytes(7) + b"\x01" + bytes(31), bytes(8 + 32)])
def test_bytes_that_are_no_frontier_are_refused(data):
    with pytest.raises(ValueError, match=r"size in 8 bytes|do not make a tree|32 bytes"):
        Frontier.from_bytes(data)


@pytest.mark.parametrize("chunk", [1, 2, 8, 32])
def test_leaves_that_come_together_make_the_same_tree_as_one_by_one(chunk, monkeypatch):
    monkeypatch.setattr(tree, "CHUNK", chunk)
    for before in range(0, 40, 3):
        for after in range(len(LEAVES) - before):
            frontier = Frontier()
            frontier.extend(LEAVES[:before])
            frontier.extend(iter(LEAVES[before : before + after]))

            assert (frontier.size, frontier.root()) == (before + after, ROOTS[before + after])


def test_a_tree_of_several_chunks_is_that_of_the_twin():
    leaves = [tree.leaf_hash(b"%d" % n) for n in range(2 * tree.CHUNK + 3)]

    assert tree.root(iter(leaves)) == twin.mth(leaves)


@pytest.mark.parametrize("place", [0, 3, 4, 7, 9])
def test_a_leaf_that_is_no_hash_is_refused_among_many(place, monkeypatch):
    monkeypatch.setattr(tree, "CHUNK", 4)
    leaves = [*LEAVES[:place], b"entry", *LEAVES[place:12]]
    frontier = Frontier()

    with pytest.raises(ValueError, match="a leaf hash has 32 bytes, this one has 5"):
        frontier.extend(leaves)

    assert (frontier.size, frontier.root()) == (place, ROOTS[place])


def test_a_frontier_takes_only_hashes():
    frontier = Frontier()

    with pytest.raises(ValueError, match="a leaf hash has 32 bytes"):
        frontier.append(b"entry")

    assert frontier.size == 0
