"""The frozen pool: one line per object or inspector, derived from the registry rows and from nothing else.

A line is `{"id","row","stratum"}` for an object and `{"id","row"}` for an inspector, with `"excluded":"<ground>"` where it
takes no part. There is no other filter than eligibility: 方案第五(三)2条 forbids a special roster. Source: draw
specification, P1.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from verify import canonical
from verify.documents import Listing
from verify.rows import Row, Rows
from verify.tree import leaf_hash

STRATA = ("A", "B", "C", "D")
UNCLASSIFIED = "B"
"""The stratum of an object without a credit-risk class; the registry row goes on saying that it is missing."""


def object_ground(row: Row) -> str | None:
    """Return why an object cannot be drawn, None where it can: one that is not in operation, `status:<status>`."""
    return None if row["status"] == "active" else f"status:{row['status']}"


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


def object_lines(rows: Rows) -> Iterator[Row]:
    """Yield the pool lines of all objects of a registry, sorted by id."""
    for text in rows.texts():
        row = json.loads(text)
        ground = object_ground(row)
        line = {"id": row["id"], "row": leaf_hash(text.encode()).hex(), "stratum": row["risk"] or UNCLASSIFIED}
        yield line if ground is None else {"excluded": ground, **line}


def inspector_lines(rows: Rows, item: str, as_of: str) -> Iterator[Row]:
    """Yield the pool lines of all inspectors of a registry, sorted by id."""
    for text in rows.texts():
        row = json.loads(text)
        ground = inspector_ground(row, item, as_of)
        line = {"id": row["id"], "row": leaf_hash(text.encode()).hex()}
        yield line if ground is None else {"excluded": ground, **line}


@dataclass
class Tally:
    """What the object lines of a pool come to, counted and listed while they pass."""

    strata: dict[str, int] = field(default_factory=dict)
    """How many objects of each stratum can be drawn; a stratum with only excluded lines counts 0."""
    exclusions: Listing = field(default_factory=Listing)
    """The list of `{"id","ground"}` of the objects that take no part."""
    by_ground: Counter[str] = field(default_factory=Counter)
    """How many objects are excluded on each ground."""

    def over(self, objects: Iterable[Row]) -> Iterator[Row]:
        """Pass lines on, and count them."""
        for line in objects:
            ground = line.get("excluded")
            self.strata[line["stratum"]] = self.strata.get(line["stratum"], 0) + (ground is None)
            if ground is not None:
                self.by_ground[ground] += 1
                self.exclusions.add(line["id"], canonical.encode({"ground": ground, "id": line["id"]}))
            yield line


def eligible_inspectors(inspectors: Iterable[Mapping[str, Any]]) -> list[int]:
    """Return the positions, in the sorted pool, of the inspectors who can be drawn: the group `eligible` of a freeze."""
    return [position for position, line in enumerate(inspectors) if "excluded" not in line]
