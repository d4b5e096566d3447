"""What a demonstration runs on: objects, inspectors and check items, shipped or brought, and which items can be drawn."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.importing import read_inspectors, read_items, read_objects
from verify.calendar import Calendar
from verify.pool import inspector_ground

DATA = Path(__file__).parent / "data"
SHIPPED = {"objects": DATA / "objects.csv", "inspectors": DATA / "inspectors.csv", "items": DATA / "items.json"}
HEADER = [
    "uscc",
    "name",
    "established",
    "entity_kind",
    "district_code",
    "commerce_tag",
    "credit_risk_class",
    "registration_status",
]


class BadData(Exception):
    """A file has faulty rows; `errors` are all of them."""

    def __init__(self, path: Path, errors: list[dict[str, Any]]) -> None:
        super().__init__(f"{path}: {len(errors)}")
        self.path, self.errors = path, errors


@dataclass(frozen=True)
class Item:
    """One check item that can be drawn: its line of the item list, and its objects as a CSV file."""

    line: dict[str, Any]
    objects: bytes
    count: int

    @property
    def code(self) -> str:
        """The item's code."""
        return str(self.line["id"])


@dataclass(frozen=True)
class Materials:
    """Everything a run needs, and why some items are left out."""

    shipped: bool
    digest: str
    items: list[dict[str, Any]]
    drawable: list[Item]
    skipped: list[tuple[str, str, str]]
    remarks: list[str]
    inspectors: bytes
    calendars: list[dict[str, Any]]
    divisions: dict[str, Any]

    @property
    def calendar(self) -> Calendar:
        """The working days of the shipped years."""
        known = Calendar()
        for record in self.calendars:
            known = known.plus(record)
        return known


def gather(objects: Path | None, inspectors: Path | None, items: Path | None, today: str) -> Materials:
    """Read the files, shipped ones where none is given. BadData for a file with faulty rows, OSError for a missing one."""
    paths = {
        "objects": objects or SHIPPED["objects"],
        "inspectors": inspectors or SHIPPED["inspectors"],
        "items": items or SHIPPED["items"],
    }
    raw = {name: path.read_bytes() for name, path in paths.items()}
    object_rows, faults = read_objects(io.BytesIO(raw["objects"]))
    _refuse(paths["objects"], faults)
    people, faults = read_inspectors(io.BytesIO(raw["inspectors"]))
    _refuse(paths["inspectors"], faults)
    lines, faults = read_items(raw["items"], paths["items"].name)
    _refuse(paths["items"], faults)
    lines = [{**line, "methods": line["methods"] or ["onsite"]} for line in lines]
    remarks = []
    if inspectors is None and not any(line["id"] in person["items"] for line in lines for person in people):
        raw["inspectors"] = _qualify(raw["inspectors"], lines)
        people = read_inspectors(io.BytesIO(raw["inspectors"]))[0]
        remarks.append(
            "虚构检查人员的事项范围已按名录标签对应到所给清单 / "
            "the fictional inspectors were given the items of this list by their registry tags"
        )
    drawable, skipped = _sort_out(lines, list(object_rows), people, today)
    return Materials(
        shipped=all(_digest(raw[name]) == _digest(SHIPPED[name].read_bytes()) for name in SHIPPED),
        digest=_digest(b"".join(_digest(raw[name]).encode() for name in sorted(raw))),
        items=lines,
        drawable=drawable,
        skipped=skipped,
        remarks=remarks,
        inspectors=raw["inspectors"],
        calendars=json.loads((DATA / "calendars.json").read_text("utf-8")),
        divisions=json.loads((DATA / "divisions.json").read_text("utf-8")),
    )


def _sort_out(
    lines: list[dict[str, Any]], rows: list[dict[str, Any]], people: list[dict[str, Any]], today: str
) -> tuple[list[Item], list[tuple[str, str, str]]]:
    by_tag: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        for tag in row["tags"]:
            by_tag.setdefault(tag, []).append(row)
    drawable: list[Item] = []
    skipped: list[tuple[str, str, str]] = []
    for line in lines:
        registry = by_tag.get(line["tag"] or "", [])
        eligible = sum(inspector_ground(person, line["id"], today) is None for person in people)
        if not any(row["status"] == "active" for row in registry):
            skipped.append((line["id"], line["name"], "数据中没有其名录 / no registry in the data"))
        elif eligible < 2:
            skipped.append(
                (line["id"], line["name"], "具备资格的检查人员不足两人 / fewer than two eligible inspectors")
            )
        else:
            drawable.append(Item(line, _as_csv(registry), len(registry)))
    return drawable, skipped


def _qualify(inspectors: bytes, lines: list[dict[str, Any]]) -> bytes:
    """Return the shipped inspectors with the items of another list: who holds a shipped item holds those of its tag."""
    tags = {item["id"]: item["tag"] for item in json.loads(SHIPPED["items"].read_text("utf-8")) if item["tag"]}
    codes: dict[str, list[str]] = {}
    for line in lines:
        if line["tag"]:
            codes.setdefault(line["tag"], []).append(line["id"])
    rows = list(csv.reader(io.StringIO(inspectors.decode("utf-8"))))
    column = rows[0].index("item_codes")
    for row in rows[1:]:
        held = {tags[code] for code in row[column].split(";") if code in tags}
        row[column] = ";".join(sorted(code for tag in held for code in codes.get(tag, [])))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8")


def _as_csv(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for row in rows:
        cells = (
            row["id"],
            row["name"],
            row["established"],
            row["type"],
            row["district"],
            ";".join(row["tags"]),
            row["risk"],
            row["status"],
        )
        writer.writerow("" if cell is None else cell for cell in cells)
    return text.getvalue().encode("utf-8")


def _refuse(path: Path, faults: list[dict[str, Any]]) -> None:
    if faults:
        raise BadData(path, faults)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
