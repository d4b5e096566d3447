"""The tree: a root over many lines against as many bare hashes, and what a proof costs in a small and a large log."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

from domain.store.sqlite import Store
from tests.bench.chains import fill
from tests.bench.compare import Row, Scale, Side, compare
from verify.tree import root, verify_inclusion

SMALL = 1000
PROOFS = 1000


def run(scale: Scale) -> list[Row]:
    """Return the row of the root and that of the proofs."""
    return [root_row(scale), proof_row(scale)]


def root_row(scale: Scale) -> Row:
    """Root of n leaves, which is n - 1 node hashes."""
    n = scale.pick(5_000, 200_000, 1_000_000)
    leaves = [hashlib.sha256(b"%d" % number).digest() for number in range(n)]
    left, right = leaves[0], leaves[1]

    def bare() -> None:
        for _ in range(n - 1):
            hashlib.sha256(b"\x01" + left + right).digest()

    return compare(
        Side(f"root of {n:,} leaves", lambda: root(iter(leaves)), n),
        Side(f"a bare loop of {n - 1:,} SHA-256 of 65 bytes", bare, n),
        "leaves",
        scale,
        at_most=1.3,
    )


def proof_row(scale: Scale) -> Row:
    """One proof in a log of a thousand and of a million entries, from the stored nodes; every proof is checked as well."""
    n = scale.pick(2_000, 20_000, 1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        small, large = filled(Path(folder) / "small.db", SMALL), filled(Path(folder) / "large.db", n)
        try:
            longest = max(longest_path(small, SMALL), longest_path(large, n))
            return compare(
                Side(f"an inclusion proof in a log of {n:,}", prover(large, n), PROOFS),
                Side(f"the same in a log of {SMALL:,}", prover(small, SMALL), PROOFS),
                "proofs",
                scale,
                at_most=3,
                how=f"read from the nodes that the SQLite store keeps; at most {longest} hashes, "
                f"log2 n + 1 is {(n - 1).bit_length() + 1}",
            )
        finally:
            small.close()
            large.close()


def filled(path: Path, n: int) -> Store:
    """Return a store with n linked entries in it."""
    store = Store(path, create=True)
    fill(store, n)
    return store


def prover(store: Store, n: int) -> Callable[[], None]:
    """Return what makes a fixed choice of proofs."""
    indexes = Random(1).choices(range(n), k=PROOFS)

    def prove() -> None:
        for index in indexes:
            store.inclusion_path(index, n)

    return prove


def longest_path(store: Store, n: int) -> int:
    """Return the number of hashes of the longest proof of some, after checking each against the root."""
    longest, head = 0, store.root(n)
    for index in [0, n - 1, *Random(2).choices(range(n), k=200)]:
        path = store.inclusion_path(index, n)
        verify_inclusion(store.nodes(0, index, index + 1)[0], index, n, head, path)
        longest = max(longest, len(path))
    return longest
