"""What a business's question costs: its line found and proved in a pool, or its two neighbours, in a small and a large one."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from api.listed import Listed
from domain.ledger import Ledger
from tests.bench.compare import Row, Scale, Side, compare
from tests.story import new_ledger
from verify.documents import Listing, own_lines
from verify.tree import leaf_hash, verify_inclusion

SMALL, QUESTIONS = 1_000, 500


def run(scale: Scale) -> list[Row]:
    """Return the row of the questions, and that of the one reading that they need."""
    n = scale.pick(2_000, 200_000, 1_000_000)
    with tempfile.TemporaryDirectory() as folder, new_ledger(Path(folder) / "log") as ledger:
        large, small = pool(ledger, n), pool(ledger, SMALL)
        sha256 = large[0]
        questions = compare(
            Side(f"a question about a pool of {n:,}: in it or not, with its proof", asker(*large), QUESTIONS),
            Side(f"the same about a pool of {SMALL:,}", asker(*small), QUESTIONS),
            "questions",
            scale,
            at_most=5,
            how="read from the SQLite store, half of the codes are not in the pool; a chunk of the list, 1 MiB, is read each time",
        )
        reading = compare(
            Side(f"the one reading of a pool of {n:,} before its first question", partial(read, ledger, sha256), n),
            Side(f"a bare loop hashing its {n:,} lines", partial(bare, ledger, sha256), n),
            "lines",
            scale,
        )
        return [questions, reading]


def pool(ledger: Ledger, n: int) -> tuple[str, Listed, str]:
    """Return the hash of a stored pool of n lines, the list to be asked, and its root."""
    listing = Listing.of(lines(n))
    stored = ledger.put_listing(listing)
    sha256 = stored["document"]["sha256"]
    return sha256, read(ledger, sha256), stored["root"]


def lines(n: int) -> Iterator[dict[str, str]]:
    for number in range(n):
        row = hashlib.sha256(b"%d" % number).hexdigest()
        yield {"id": f"91220101{2 * number:010}", "row": row, "stratum": "ABCD"[number % 4]}


def read(ledger: Ledger, sha256: str) -> Listed:
    return Listed(own_lines(ledger.pieces(sha256)), partial(ledger.part, sha256))


def bare(ledger: Ledger, sha256: str) -> None:
    for line in own_lines(ledger.pieces(sha256)):
        hashlib.sha256(b"\0" + line).digest()


def asker(_: str, listed: Listed, root: str) -> Callable[[], None]:
    """Return what asks a fixed choice of codes, after some of the answers were checked."""
    chosen = Random(1).choices(range(2 * listed.size), k=QUESTIONS)
    for number in chosen[:20]:
        for held in answer(listed, number):
            path = [bytes.fromhex(each) for each in held["path"]]
            verify_inclusion(leaf_hash(held["line"].encode()), held["index"], listed.size, bytes.fromhex(root), path)

    def ask() -> None:
        for number in chosen:
            answer(listed, number)

    return ask


def answer(listed: Listed, number: int) -> list[dict[str, Any]]:
    place, is_there = listed.find(f"91220101{number:010}")
    near = [place] if is_there else [each for each in (place - 1, place) if 0 <= each < listed.size]
    return [listed.placed(each) for each in near]
