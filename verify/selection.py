"""The selection: every object has one ticket, and in each stratum the smallest tickets are drawn.

Form: FAIRDRAW/1. A ticket depends on the key and the object's id only, so neither the order of the list nor any other
object on it can change whether an object is drawn, and anybody can work out his own. Source: Rivest, consistent
sampling (2018). Ids are compared as UTF-8 bytes, which is also the order of Python's strings.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import lt

WHOLE = 10_000  # basis points
TICKET_BYTES = 32
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

    `rows` are (id, stratum, excluded) in any order; the excluded are counted nowhere but their stratum is listed.
    Raises ValueError for an id that occurs twice, and for a stratum with a line but without basis points.
    """
    ids: list[str] = []
    strata: dict[str, list[str]] = {}  # the eligible ids
    for object_id, stratum, excluded in rows:
        ids.append(object_id)
        eligible = strata.get(stratum)
        if eligible is None:
            eligible = strata[stratum] = []
        if not excluded:
            eligible.append(object_id)
    _refuse_repeated(ids)
    unknown = sorted(strata.keys() - quota_bp.keys())
    if unknown:
        raise ValueError(f"stratum {unknown[0]!r} has objects but no quota")
    return {name: _draw(key, name, strata[name], quota_bp[name], legal_max_bp) for name in sorted(strata)}


def task_order(key: bytes, object_ids: Iterable[str]) -> list[str]:
    """Return the ids of all strata together in the order in which inspectors are assigned: by (ticket, id bytes)."""
    return sorted(object_ids, key=lambda object_id: ticket(key, object_id) + object_id.encode("utf-8"))


def _draw(key: bytes, name: str, ids: Sequence[str], bp: int, legal_max_bp: int | None) -> Stratum:
    k = quota(len(ids), bp, legal_max_bp)
    first = _smallest(key, ids, k, likely=k + 6 * math.isqrt(k) + 10)
    threshold = first[-1][0] if first else None
    return Stratum(name, len(ids), k, threshold, tuple(object_id for _, object_id in first))


def _smallest(key: bytes, ids: Sequence[str], k: int, likely: int) -> list[tuple[bytes, str]]:
    """Return the `k` smallest (ticket, id) in order, without keeping and sorting them all.

    Tickets are spread evenly, so about `likely` of them lie below likely / n of the range, and only those are kept. If
    they are fewer than k, all are looked at: a wrong guess costs time, it never changes the answer.
    """
    if likely < len(ids):
        bound = ((likely << 256) // len(ids)).to_bytes(TICKET_BYTES, "big")
        near = _below(bound, key, ids)
        if len(near) >= k:
            return sorted(near)[:k]
    return sorted(_below(_ABOVE_ALL, key, ids))[:k]


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


def _refuse_repeated(ids: Sequence[str]) -> None:
    # A repeated id would count twice in n and shorten the selection. Where ids come sorted, neighbours are enough.
    if all(map(lt, ids, islice(ids, 1, None))) or len(set(ids)) == len(ids):
        return
    seen: set[str] = set()
    repeated = next(i for i in ids if i in seen or seen.add(i))  # type: ignore[func-returns-value]
    raise ValueError(f"{repeated!r} occurs twice in the pool")


def _basis_points(bp: int) -> int:
    if not 1 <= bp <= WHOLE:
        raise ValueError(f"a ratio has 1 to {WHOLE} basis points, not {bp}")
    return bp


def _prefix(key: bytes) -> bytes:
    if len(key) != 32:
        raise ValueError(f"a key has 32 bytes, this one has {len(key)}")
    return _LABEL + key
