"""The Merkle tree of RFC 6962 section 2.1, written as the RFC writes it: recursive, slow, easy to believe."""

import hashlib


def mth(d: list[bytes]) -> bytes:
    """Return MTH(D[n]) over leaf hashes."""
    if not d:
        return hashlib.sha256(b"").digest()
    if len(d) == 1:
        return d[0]
    k = largest_power_of_two_below(len(d))
    return hashlib.sha256(b"\x01" + mth(d[:k]) + mth(d[k:])).digest()


def path(m: int, d: list[bytes]) -> list[bytes]:
    """Return PATH(m, D[n])."""
    if len(d) == 1:
        return []
    k = largest_power_of_two_below(len(d))
    if m < k:
        return [*path(m, d[:k]), mth(d[k:])]
    return [*path(m - k, d[k:]), mth(d[:k])]


def proof(m: int, d: list[bytes]) -> list[bytes]:
    """Return PROOF(m, D[n]), 0 < m <= n."""
    return subproof(m, d, True)


def subproof(m: int, d: list[bytes], b: bool) -> list[bytes]:
    """Return SUBPROOF(m, D[n], b)."""
    if m == len(d):
        return [] if b else [mth(d)]
    k = largest_power_of_two_below(len(d))
    if m <= k:
        return [*subproof(m, d[:k], b), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


def largest_power_of_two_below(n: int) -> int:
    k = 1
    while 2 * k < n:
        k = 2 * k
    return k


def leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def inclusion_holds(hashed: bytes, index: int, size: int, root: bytes, proof: list[bytes]) -> bool:
    """Return whether a proof leads to the root, by walking down the tree as PATH does instead of up as a verifier does."""
    if not 0 <= index < size or any(len(each) != 32 for each in [hashed, root, *proof]):
        return False

    def up(m: int, n: int, rest: list[bytes]) -> bytes | None:
        if n == 1:
            return hashed if not rest else None
        if not rest:
            return None
        k = largest_power_of_two_below(n)
        below = up(m, k, rest[:-1]) if m < k else up(m - k, n - k, rest[:-1])
        if below is None:
            return None
        return node(below, rest[-1]) if m < k else node(rest[-1], below)

    return up(index, size, proof) == root


def consistency_holds(old: int, new: int, old_root: bytes, new_root: bytes, proof: list[bytes]) -> bool:
    """Return whether a proof joins two roots, by walking down as SUBPROOF does: it rebuilds both roots from its hashes."""
    if not 1 <= old <= new or any(len(each) != 32 for each in [old_root, new_root, *proof]):
        return False

    def up(m: int, n: int, whole: bool, rest: list[bytes]) -> tuple[bytes, bytes] | None:
        if m == n:
            if whole:
                return (old_root, old_root) if not rest else None
            return (rest[0], rest[0]) if len(rest) == 1 else None
        if not rest:
            return None
        k, last = largest_power_of_two_below(n), rest[-1]
        if m <= k:
            below = up(m, k, whole, rest[:-1])
            return None if below is None else (below[0], node(below[1], last))
        below = up(m - k, n - k, False, rest[:-1])
        return None if below is None else (node(last, below[0]), node(last, below[1]))

    return up(old, new, True, proof) == (old_root, new_root)
