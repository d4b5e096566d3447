"""A list of which single lines are asked for gives the same as a pass over it, at every size around its blocks."""

import pytest

from api.listed import BLOCK, Listed
from domain.errors import Unavailable
from verify import canonical
from verify.tree import inclusion_path, leaf_hash


@pytest.mark.parametrize("size", [0, 1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 5 * BLOCK + 88])
def test_every_line_is_found_and_proved_as_by_a_pass_over_the_list(size):
    lines = [canonical.encode({"id": f"{2 * n:06d}", "n": n}) for n in range(size)]
    whole = b"".join(each + b"\n" for each in lines)
    leaves = [leaf_hash(each) for each in lines]
    listed = Listed(lines, lambda start, length: whole[start : start + length])

    assert listed.size == size
    for n in {*range(0, size, 37), *range(max(0, size - 3), size), *range(min(size, 3))}:
        path = [each.hex() for each in inclusion_path(leaves, n)]
        assert listed.placed(n) == {"index": n, "line": lines[n].decode(), "path": path}
        assert listed.find(f"{2 * n:06d}") == (n, True)
        assert listed.find(f"{2 * n + 1:06d}") == (n + 1, False)
    assert listed.find("") == (0, False)


def test_a_stored_list_that_was_altered_is_not_served():
    lines = [canonical.encode({"id": f"{n:06d}"}) for n in range(600)]
    whole = bytearray(b"".join(each + b"\n" for each in lines))
    listed = Listed(lines, lambda start, length: bytes(whole[start : start + length]))
    before = bytes(whole)
    whole[10] ^= 1
    assert bytes(whole) != before

    with pytest.raises(Unavailable):
        listed.placed(5)
    assert listed.placed(300)["index"] == 300
