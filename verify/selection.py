"""The selection: every object has one ticket, and in each stratum the smallest tickets are drawn.

Form: FAIRDRAW/1. A ticket depends on the key and the object's id only, so neither the order of the list nor any other
object on it can change whether an object is drawn, and anybody can work out his own. Source: Rivest, consistent
sampling (2018). Ids are compared as UTF-8 bytes, which is also the order of Python's strings.
"""

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

WHOLE = 10_000  # basis points
TICKET_BYTES = 32
BATCH = 5_000
"""So many rows are looked at together, while they are still in the processor's cache."""
_LABEL = b"FAIRDRAW-TICKET/1\0"
_ABOVE_ALL = b"\xff" * (TICKET_BYTES + 1)


@dataclass(frozen=True)
class Stratum:
    """What was drawn from one stratum: `n` eligible, `k` drawn in rank order, `threshold` the ticket of rank k.

    Where nobody is eligible n and k are 0, the threshold is None and nobody is drawn.
    """

    name: str
    n: int
    k: int
    threshold: bytes | None
    drawn: tuple[str, ...]


def ticket(key: bytes, object_id: str) -> bytes:
    """Return the 32-byte ticket of an object: SHA-256("FAIRDRAW-TICKET/1\\0" || key || id in UTF-8).

    `key` is the 32-byte key K_object. Smaller tickets, compared as bytes, are drawn first.

    >>> ticket(bytes(32), "91220101MA0000000X").hex()[:16]
    '2cb25ce43aeced8d'
    """
    return ticket_bytes(key, object_id.encode("utf-8"))


def ticket_bytes(key: bytes, id_bytes: bytes) -> bytes:
    """Return the ticket of an id given as bytes; in a sealed pool these are the id followed by its 32-byte salt."""
    return hashlib.sha256(_prefix(key) + id_bytes).digest()


def quota(n: int, bp: int, legal_max_bp: int | None = None) -> int:
    """Return how many of `n` eligible objects are drawn at `bp` basis points: max(1, ceil(n * bp / 10000)).

    It is 0 for n = 0. With a legal maximum it is max(1, min(that, n * maximum div 10000)). Raises ValueError for
    a negative `n` and for basis points outside 1 to 10000.

    >>> quota(21, 500), quota(21, 2500, 2000), quota(4, 500, 2000)
    (2, 4, 1)
    """
    if n < 0:
        raise ValueError(f"a stratum cannot have {n} objects")
    k = (n * _basis_points(bp) + WHOLE - 1) // WHOLE
    if legal_max_bp is not None:
        k = min(k, n * _basis_points(legal_max_bp) // WHOLE)
    return max(1, k) if n else 0


def is_tiny(n: int, legal_max_bp: int) -> bool:
    """Return whether one object of `n` exceeds the legal maximum and needs a recorded waiver; never for n = 0."""
    return 0 < n * _basis_points(legal_max_bp) < WHOLE


def select(
    key: bytes, rows: Iterable[tuple[str, str, bool]], quota_bp: Mapping[str, int], legal_max_bp: int | None = None
) -> dict[str, Stratum]:
    """Draw from every stratum, and return the strata sorted by name.

    `rows` are (id, stratum, excluded) in any order, read once; the excluded are counted nowhere but their stratum is
    listed. Raises ValueError for an id that occurs twice, and for a stratum with a line but without basis points.
    """
    strata, source, last, in_order = dict[str, _Stratum](), iter(rows), "", True
    while batch := list(islice(source, BATCH)):
        eligible, left_out = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
        for object_id, name, excluded in batch:
            if object_id <= last:
                in_order = False
            last = object_id
            (left_out if excluded else eligible)[name].append(object_id)
        for name in sorted(eligible.keys() | left_out.keys()):
            if name not in strata:
                strata[name] = _Stratum(name, quota_bp.get(name, 0), legal_max_bp)
            strata[name].take(key, eligible[name], left_out[name])
    if not in_order:  # where ids come in order, none comes twice
        _refuse_repeated(object_id for stratum in strata.values() for object_id in stratum.everybody())
    unknown = sorted(strata.keys() - quota_bp.keys())
    if unknown:
        raise ValueError(f"stratum {unknown[0]!r} has objects but no quota")
    return {name: strata[name].draw(key) for name in sorted(strata)}


def task_order(key: bytes, object_ids: Iterable[str]) -> list[str]:
    """Return the ids of all strata together in the order in which inspectors are assigned: by (ticket, id bytes)."""
    return sorted(object_ids, key=lambda object_id: ticket(key, object_id) + object_id.encode("utf-8"))


class _Stratum:
    """One stratum while the rows are read: how many are eligible, and those with tickets small enough to be drawn.

    Tickets are spread evenly: of n about `likely` lie below likely / n of the range, which are almost surely the k that
    are drawn and a few more. All ids are kept besides, in little memory, for whoever must look again.
    """

    def __init__(self, name: str, bp: int, legal_max_bp: int | None) -> None:
        self.name, self.bp, self.legal_max_bp = name, bp, legal_max_bp
        self.n = 0
        self._bound = _ABOVE_ALL
        self._near: list[tuple[bytes, str]] = []  # all so far with a ticket below the bound, and some above it
        self._eligible: list[str | list[str]] = []
        self._left_out: list[str | list[str]] = []

    def take(self, key: bytes, eligible: list[str], left_out: list[str]) -> None:
        """Count a batch and keep the small tickets in it."""
        self.n += len(eligible)
        self._eligible.append(_joined(eligible))
        self._left_out.append(_joined(left_out))
        if not 1 <= self.bp <= WHOLE:
            return  # refused when all has been read
        likely = _likely(quota(self.n, self.bp, self.legal_max_bp))
        if likely < self.n:
            self._bound = min(self._bound, ((likely << 256) // self.n).to_bytes(TICKET_BYTES, "big"))
        self._near += _below(self._bound, key, eligible)

    def draw(self, key: bytes) -> Stratum:
        """Return what is drawn. A bound that was too low costs a look at all ids again, it never changes the answer."""
        k = quota(self.n, self.bp, self.legal_max_bp)
        near = [pair for pair in self._near if pair[0] < self._bound]
        if len(near) < k:
            near = _below(_ABOVE_ALL, key, _apart(self._eligible))
        first = sorted(near)[:k]
        threshold = first[-1][0] if first else None
        return Stratum(self.name, self.n, k, threshold, tuple(object_id for _, object_id in first))

    def everybody(self) -> Iterator[str]:
        """Yield all ids, the excluded ones too."""
        yield from _apart(self._eligible)
        yield from _apart(self._left_out)


def _likely(k: int) -> int:
    """Return a number that so many tickets exceed almost never, where k are expected: six deviations more."""
    return k + 6 * math.isqrt(k) + 10


def _below(bound: bytes, key: bytes, ids: Iterable[str]) -> list[tuple[bytes, str]]:
    fresh = hashlib.sha256(_prefix(key)).copy  # a copy is cheaper than hashing the prefix again
    found = []
    for object_id in ids:
        hashing = fresh()
        hashing.update(object_id.encode())
        digest = hashing.digest()
        if digest < bound:
            found.append((digest, object_id))
    return found


def _joined(ids: list[str]) -> str | list[str]:
    """Return a list of ids in a quarter of its memory, unless one of them holds a line feed."""
    joined = "\n".join(ids)
    return joined if joined.count("\n") == len(ids) - 1 else ids


def _apart(pieces: Iterable[str | list[str]]) -> Iterator[str]:
    for piece in pieces:
        yield from piece.split("\n") if isinstance(piece, str) else piece


def _refuse_repeated(ids: Iterable[str]) -> None:
    # A repeated id would count twice in n and shorten the selection.
    seen: set[str] = set()
    for object_id in ids:
        if object_id in seen:
            raise ValueError(f"{object_id!r} occurs twice in the pool")
        seen.add(object_id)


def _basis_points(bp: int) -> int:
    if not 1 <= bp <= WHOLE:
        raise ValueError(f"a ratio has 1 to {WHOLE} basis points, not {bp}")
    return bp


def _prefix(key: bytes) -> bytes:
    if len(key) != 32:
        raise ValueError(f"a key has 32 bytes, this one has {len(key)}")
    return _LABEL + key
