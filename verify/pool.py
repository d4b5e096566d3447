"""The frozen pool: one line per object or inspector, derived from the registry rows and from nothing else.

A line is `{"id","row","stratum"}` for an object and `{"id","row"}` for an inspector, with `"excluded":"<ground>"` where it
takes no part. There is no other filter than eligibility: 方案第五(三)2条 forbids a special roster. Source: draw
specification, P1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from verify.registry import Row, row_hash

STRATA = ("A", "B", "C", "D")
UNCLASSIFIED = "B"
"""The stratum of an object without a credit-risk class; the registry row goes on saying that it is missing."""


def object_line(row: Row) -> dict[str, Any]:
    """Return the pool line of an object; one that is not in operation is excluded on the ground `status:<status>`."""
    line = {"id": row["id"], "row": row_hash(row), "stratum": row["risk"] or UNCLASSIFIED}
    if row["status"] != "active":
        line["excluded"] = f"status:{row['status']}"
    return line


def standing_ground(row: Row, day: str) -> str | None:
    """Return why somebody cannot act as an inspector on `day` (YYYY-MM-DD), None where he can.

    `expert` assists and never counts as an inspector; then `status:…`, and `certificate` (none, or expired before that
    day).
    """
    if row["kind"] == "expert":
        return "expert"
    if row["status"] != "active":
        return f"status:{row['status']}"
    return "certificate" if row["certificate_valid_to"] is None or row["certificate_valid_to"] < day else None


def inspector_ground(row: Row, item: str, as_of: str) -> str | None:
    """Return why an inspector cannot be drawn for `item` on the day `as_of`: his standing, or `item` not being his."""
    return standing_ground(row, as_of) or (None if item in row["items"] else "item")


def inspector_line(row: Row, item: str, as_of: str) -> dict[str, Any]:
    """Return the pool line of an inspector."""
    line = {"id": row["id"], "row": row_hash(row)}
    ground = inspector_ground(row, item, as_of)
    if ground:
        line["excluded"] = ground
    return line


def exclusion_lines(objects: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines `{"id","ground"}` of the objects that take no part."""
    return [{"id": line["id"], "ground": line["excluded"]} for line in objects if "excluded" in line]


def by_ground(exclusions: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many objects are excluded on each ground."""
    return dict(Counter(line["ground"] for line in exclusions))


def eligible_by_stratum(objects: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many objects of each stratum can be drawn; a stratum with only excluded lines counts 0."""
    counts: dict[str, int] = {}
    for line in objects:
        counts[line["stratum"]] = counts.get(line["stratum"], 0) + ("excluded" not in line)
    return counts


def eligible_inspectors(inspectors: Iterable[Mapping[str, Any]]) -> list[int]:
    """Return the positions, in the sorted pool, of the inspectors who can be drawn: the group `eligible` of a freeze."""
    return [position for position, line in enumerate(inspectors) if "excluded" not in line]
