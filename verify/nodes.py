"""Roots and proofs from the stored hashes of whole subtrees, in O(log n) look-ups instead of a pass over all leaves.

`node(level, position)` is the hash over the leaves position*2^level … (position+1)*2^level-1, all of them present.
Source: RFC 6962, section 2.1.
"""

from __future__ import annotations

from collections.abc import Callable

from verify.tree import EMPTY_ROOT, node_hash

Node = Callable[[int, int], bytes]


def root_at(node: Node, size: int) -> bytes:
    """Return the root over the first `size` leaves."""
    return _range(node, 0, size) if size else EMPTY_ROOT


def inclusion_path_at(node: Node, index: int, size: int) -> list[bytes]:
    """Return PATH(index, D[size]), the leaf's sibling first. ValueError where the index lies outside."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range(node, middle, end))
            end = middle
        else:
            path.append(_range(node, start, middle))
            start = middle
    return path[::-1]


def consistency_path_at(node: Node, old: int, new: int) -> list[bytes]:
    """Return PROOF(old, D[new]); empty where old is 0 or equals new. ValueError where old exceeds new."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} is no beginning of a tree of {new}")
    if old in (0, new):
        return []
    path: list[bytes] = []
    start, end, whole = 0, new, True
    while start + old != end:
        middle = start + _split(end - start)
        if start + old <= middle:
            path.append(_range(node, middle, end))
            end = middle
        else:
            path.append(_range(node, start, middle))
            old -= middle - start
            start, whole = middle, False
    return ([] if whole else [_range(node, start, end)]) + path[::-1]


def _split(n: int) -> int:
    """Return the largest power of two below n (n > 1)."""
    return 1 << ((n - 1).bit_length() - 1)


def _range(node: Node, start: int, end: int) -> bytes:
    """Return MTH(D[start:end]), where `start` is a multiple of the power of two that holds the range."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(size)
    return node_hash(_range(node, start, middle), _range(node, middle, end))
