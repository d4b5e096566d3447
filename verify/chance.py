"""What chance makes of a threshold: where it lies in the whole range of tickets, and whether luck alone explains it.

Tickets are spread evenly, so of n the k-th smallest lies near k/n of the range 2^256. Whole numbers only: every verifier
gives the same answer. Source: SPEC.md, section 14.
"""

from __future__ import annotations

from math import isqrt

SIGMAS = 4
_MILLION = 1_000_000


def share(ticket: bytes) -> str:
    """Return which part of the whole range lies below a ticket, in per cent with four decimals, rounded down.

    >>> share(bytes.fromhex("80" + 31 * "00")), share(bytes(32))
    ('50.0000%', '0.0000%')
    """
    return _percent((int.from_bytes(ticket, "big") * _MILLION) >> 256)


def is_likely(n: int, k: int, threshold: bytes) -> bool:
    """Whether the threshold of k drawn out of n lies within k/n ± 4·√(k/n·(1 − k/n)/n) of the range.

    Without a root: (threshold·n − k·2^256)² · n ≤ 16·k·(n − k)·2^512. Of k = n the formula says nothing: the spread is 0.

    >>> is_likely(20_000, 1_000, (1 << 256 - 5).to_bytes(32, "big"))  # 3.125 % of the range, where 5 % were drawn
    False
    """
    off = int.from_bytes(threshold, "big") * n - (k << 256)
    return off * off * n <= (SIGMAS * SIGMAS * k * (n - k)) << 512


def bounds(n: int, k: int) -> tuple[str, str]:
    """Return the ends of that range in per cent, for people: rounded, and never below 0 or above the whole."""
    middle, spread = k * _MILLION // n, isqrt(SIGMAS * SIGMAS * k * (n - k) * _MILLION * _MILLION // n) // n
    return _percent(max(0, middle - spread)), _percent(min(_MILLION, middle + spread))


def _percent(millionths: int) -> str:
    return f"{millionths // 10_000}.{millionths % 10_000:04d}%"
