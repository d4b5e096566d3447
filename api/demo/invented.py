"""What the demonstration invents: the ratios of its plans, and what is found at fictional businesses."""

from __future__ import annotations

import hashlib
from typing import Any

QUOTAS = {
    "general": {"A": 500, "B": 1000, "C": 1500, "D": 2000},
    "key": {"A": 2000, "B": 3000, "C": 5000, "D": 10000},
}


def invented_result(object_id: str) -> dict[str, Any]:
    """Return what the demonstration says was found at a fictional object: mostly nothing, sometimes something."""
    number = hashlib.sha256(object_id.encode()).digest()[0]
    if number < 8:
        return {"categories": [], "not_checkable": "CLOSED_LIQUIDATING", "follow_up": None}
    if number < 20:
        return {"categories": ["CORRECTED"], "not_checkable": None, "follow_up": "已责令改正并复查（演示）"}
    if number < 28:
        return {"categories": ["UNREACHABLE"], "not_checkable": None, "follow_up": None}
    if number < 34:
        return {"categories": ["NOT_OPERATING"], "not_checkable": None, "follow_up": None}
    return {"categories": ["NO_PROBLEM"], "not_checkable": None, "follow_up": None}
