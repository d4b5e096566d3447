"""Roots and proofs from stored subtrees are those of the twin, in few look-ups, at every size."""

import pytest

from tests.twins import tree as twin
from verify.nodes import consistency_path_at, inclusion_path_at, root_at
from verify.tree import leaf_hash

LEAVES = [leaf_hash(b"entry %d" % number) for number in range(40)]


class Stored:
    """The hashes of the perfect subtrees over all leaves, and how often they were looked up."""

    def __init__(self):
        self.asked = 0

    def __call__(self, level, position):
        self.asked += 1
        subtree = LEAVES[position << level : (position + 1) << level]
        assert len(subtree) == 1 << level
        return twin.mth(subtree)


@pytest.mark.parametrize("size", range(1, len(LEAVES) + 1))
def test_roots_and_paths_are_those_of_the_twin(size):
    assert root_at(Stored(), size) == twin.mth(LEAVES[:size])
    for index in range(size):
        assert inclusion_path_at(Stored(), index, size) == twin.path(index, LEAVES[:size])
        assert consistency_path_at(Stored(), index + 1, size) == (
            twin.proof(index + 1, LEAVES[:size]) if index + 1 < size else []
        )


@pytest.mark.parametrize("size", [1, 2, 31, 32, 33, 39])
def test_a_proof_looks_up_two_nodes_for_each_level_at_most(size):
    for index in range(size):
        stored = Stored()

        inclusion_path_at(stored, index, size)

        assert stored.asked <= 2 * (size - 1).bit_length()


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0)])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index, size):
    with pytest.raises(ValueError, match="there is no leaf"):
        inclusion_path_at(Stored(), index, size)


def test_a_larger_tree_is_no_beginning_of_a_smaller_one():
    with pytest.raises(ValueError, match="no beginning"):
        consistency_path_at(Stored(), 6, 5)
