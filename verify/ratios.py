"""The legal bounds of a draw: what share of a registry may and must be inspected, with integers only.

方案第五(一)条: general items not under 5 % and not above 20 %, key items not under 20 % and without an upper bound.
"""

from __future__ import annotations

from collections.abc import Mapping

GENERAL_MIN_BP, GENERAL_MAX_BP, KEY_MIN_BP = 500, 2000, 2000


def bounds(item_class: str) -> tuple[int, int | None]:
    """Return (lowest, highest) ratio in basis points; highest None for a key item: 100 %."""
    return (KEY_MIN_BP, None) if item_class == "key" else (GENERAL_MIN_BP, GENERAL_MAX_BP)


def illegal_quota(item_class: str, quota_bp: Mapping[str, int]) -> str | None:
    """Return the first stratum whose ratio lies outside the bounds, None where all are legal."""
    low, high = bounds(item_class)
    return next((s for s, bp in sorted(quota_bp.items()) if bp < low or bp > (high or 10000)), None)


def is_legal(item_class: str, n: int, k: int) -> bool:
    """Whether drawing k of n keeps the bounds: 20k >= n and 5k <= n for general items, 5k >= n for key items."""
    return n == k == 0 or (5 * k >= n if item_class == "key" else 20 * k >= n and 5 * k <= n)


def is_tiny(item_class: str, n: int) -> bool:
    """Whether no whole number keeps the bounds: a general item with 1 to 4 objects, which needs a recorded waiver (R22)."""
    return item_class != "key" and 0 < n < 5
