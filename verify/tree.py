"""The Merkle tree of RFC 6962: one 32-byte root over all entries, and short proofs about single entries and growth.

A leaf is SHA-256(0x00 || entry), a node SHA-256(0x01 || left || right); nothing is padded and no leaf is doubled.
MTH(D[n]) for n > 1 is node(MTH(D[0:k]), MTH(D[k:n])), k the largest power of two below n. All functions below the
first take leaf hashes, never entries. Source: RFC 6962 section 2.1, RFC 9162 section 2.1.
"""

import hashlib
from collections.abc import Iterable, Sequence
from itertools import islice

HASH_SIZE = 32
EMPTY_ROOT: bytes = hashlib.sha256(b"").digest()
CHUNK = 1 << 12
"""So many leaves are hashed level by level at once: few enough to stay in the processor's cache."""

_BEGUN = hashlib.sha256(b"\x01").copy  # a copy of what every node begins with is cheaper than beginning anew


class ProofError(ValueError):
    """The proof does not show what it claims, or there is no such proof."""


def leaf_hash(entry: bytes) -> bytes:
    """Return SHA-256(0x00 || entry).

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right); both sides are hashes of 32 bytes."""
    hashing = _BEGUN()
    hashing.update(left + right)
    return hashing.digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """Return MTH of any number of leaf hashes, read once; one chunk and O(log n) of them are held."""
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root()


class Frontier:
    """A tree that only grows: the roots of its perfect subtrees, largest first, one per set bit of its size.

    Raises ValueError for hashes that cannot belong to the size.
    """

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if size < 0 or len(self.hashes) != size.bit_count():
            raise ValueError(f"{len(self.hashes)} subtrees do not make a tree of {size}")
        if any(len(each) != HASH_SIZE for each in self.hashes):
            raise ValueError("a hash has 32 bytes")

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash: every low bit of the old size that is set closes one perfect subtree."""
        if len(leaf) != HASH_SIZE:
            raise ValueError(f"a leaf hash has 32 bytes, this one has {len(leaf)}")
        top, position, hashes = leaf, self.size, self.hashes
        while position & 1:
            top = node_hash(hashes.pop(), top)
            position >>= 1
        hashes.append(top)
        self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes in their order, as `append` of each would, three times as fast.

        Raises ValueError at the first that is no hash, behind those before it.
        """
        source = iter(leaves)
        for leaf in islice(source, -self.size % CHUNK):
            self.append(leaf)
        while chunk := list(islice(source, CHUNK)):
            if len(chunk) == CHUNK and set(map(len, chunk)) == {HASH_SIZE}:
                # The chunk is one leaf of a tree of chunks, whose larger subtrees are the ones that are open here.
                whole = Frontier(self.size // CHUNK, self.hashes)
                whole.append(_perfect(chunk))
                self.size, self.hashes = whole.size * CHUNK, whole.hashes
            else:
                for leaf in chunk:
                    self.append(leaf)

    def root(self) -> bytes:
        """Return MTH of all leaves so far."""
        if not self.hashes:
            return EMPTY_ROOT
        top = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            top = node_hash(left, top)
        return top

    def copy(self) -> "Frontier":
        """Return a tree that grows independently."""
        return Frontier(self.size, self.hashes)

    def to_bytes(self) -> bytes:
        """Return u64be(size) || hashes, largest subtree first."""
        return self.size.to_bytes(8, "big") + b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Frontier":
        """Read what `to_bytes` wrote; raises ValueError."""
        if len(data) < 8:
            raise ValueError("a frontier starts with its size in 8 bytes")
        hashes = [data[at : at + HASH_SIZE] for at in range(8, len(data), HASH_SIZE)]
        return cls(int.from_bytes(data[:8], "big"), hashes)


def inclusion_path(leaves: Sequence[bytes], index: int, size: int | None = None) -> list[bytes]:
    """Return PATH(index, leaves[0:size]), the leaf's sibling first; `size` defaults to all leaves.

    Raises ProofError when there is no such leaf. Source: RFC 6962 section 2.1.1.
    """
    end = len(leaves) if size is None else size
    if not 0 <= index < end <= len(leaves):
        raise ProofError(f"no leaf {index} in a tree of {end} over {len(leaves)} leaves")
    start = 0
    path = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(root(leaves[middle:end]))
            end = middle
        else:
            path.append(root(leaves[start:middle]))
            start = middle
    return path[::-1]


def consistency_path(leaves: Sequence[bytes], old: int, new: int | None = None) -> list[bytes]:
    """Return PROOF(old, leaves[0:new]); `new` defaults to all leaves. Empty for old = new, and for old = 0.

    Nothing needs proof from an empty tree: the witness protocol sends an empty path there, `verify_consistency`
    refuses to judge it. Raises ProofError for sizes out of order. Source: RFC 6962 section 2.1.2.
    """
    end = len(leaves) if new is None else new
    if not 0 <= old <= end <= len(leaves):
        raise ProofError(f"no proof from {old} to {end} over {len(leaves)} leaves")
    if old == 0:
        return []
    start = 0
    path = []
    while old < end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(root(leaves[middle:end]))
            end = middle
        else:
            path.append(root(leaves[start:middle]))
            start = middle
    if start > 0:  # with start = 0 this last subtree is the old tree itself, whose root the verifier has
        path.append(root(leaves[start:end]))
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, root: bytes, path: Sequence[bytes]) -> None:
    """Raise ProofError unless `path` shows that `leaf` (a leaf hash) is number `index` in the tree (size, root).

    Source: RFC 9162 section 2.1.3.2, whose names fn, sn and r stand in the body.
    """
    if not 0 <= index < size:
        raise ProofError(f"no leaf {index} in a tree of {size}")
    _require_hashes(leaf, root, *path)
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            raise ProofError("the path is too long")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            fn, sn = _climb(fn, sn)
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise ProofError("the path is too short")
    if r != root:
        raise ProofError(f"the path leads to {r.hex()}, the root is {root.hex()}")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> None:
    """Raise ProofError unless `path` shows that the tree (new, new_root) begins with the tree (old, old_root).

    An old size of 0 is refused, even for 0 to 0: an empty tree is a prefix of everything, so nothing is shown.
    Source: RFC 9162 section 2.1.4.2, whose names fn, sn, fr and sr stand in the body.
    """
    if not 0 < old <= new:
        raise ProofError(f"nothing to prove from size {old} to {new}")
    _require_hashes(old_root, new_root, *path)
    if old == new:
        if path:
            raise ProofError("a path between equal sizes is empty")
        if old_root != new_root:
            raise ProofError(f"two roots for size {old}: {old_root.hex()} and {new_root.hex()}")
        return
    fr, sr = consistency_roots(old, new, old_root, path)
    if fr != old_root:
        raise ProofError(f"the path leads to {fr.hex()}, the old root is {old_root.hex()}")
    if sr != new_root:
        raise ProofError(f"the path leads to {sr.hex()}, the new root is {new_root.hex()}")


def consistency_roots(old: int, new: int, old_root: bytes, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the two roots (fr, sr) that `path` leads to, of the first `old` and of all `new` leaves, 0 < old < new.

    `old_root` is used only where `old` is a power of two: then the path does not contain it, and fr is `old_root`.
    Raises ProofError where the path has not the length of such a proof.
    """
    if not 0 < old < new:
        raise ProofError(f"nothing to prove from size {old} to {new}")
    if not path:
        raise ProofError("the path is too short")
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    fn, sn = _drop_odd(old - 1, new - 1)
    fr = sr = steps[0]
    for c in steps[1:]:
        if sn == 0:
            raise ProofError("the path is too long")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            fn, sn = _climb(fn, sn)
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise ProofError("the path is too short")
    return fr, sr


def _perfect(level: list[bytes]) -> bytes:
    """Return the root over a power of two of hashes; every level is hashed in one loop without calls of our own."""
    begun = _BEGUN
    while len(level) > 1:
        nodes, pairs = [], iter(level)
        for left, right in zip(pairs, pairs, strict=True):
            hashing = begun()
            hashing.update(left + right)
            nodes.append(hashing.digest())
        level = nodes
    return level[0]


def _split(size: int) -> int:
    """Return the largest power of two below `size`; size is at least 2."""
    return 1 << (size - 1).bit_length() - 1


def _climb(fn: int, sn: int) -> tuple[int, int]:
    """Skip the levels where the node has no sibling: shift both right until fn is odd or 0."""
    while fn and not fn & 1:
        fn, sn = fn >> 1, sn >> 1
    return fn, sn


def _drop_odd(fn: int, sn: int) -> tuple[int, int]:
    """Start at the largest perfect subtree that ends the old tree: shift both right while fn is odd."""
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    return fn, sn


def _require_hashes(*hashes: bytes) -> None:
    """Refuse other lengths: node(left, right) is unambiguous only when both have 32 bytes."""
    for each in hashes:
        if len(each) != HASH_SIZE:
            raise ProofError(f"a hash has 32 bytes, this one has {len(each)}")
