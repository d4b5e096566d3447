"""Commands about the two registries: create, import, file, pair."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from domain.base import refuse_personal
from domain.commands.plans import PlanCommands
from domain.core import Decision, Receipt
from domain.errors import Conflict, Invalid
from domain.private import sealed
from domain.registries import Registry
from domain.roles import Actor, Cause
from domain.shelf import Shelf
from domain.store.contract import Beside
from verify.documents import DocumentError
from verify.personal import public_texts
from verify.registry import RegistryError, difference, summary
from verify.rows import RepeatedId, Row, Rows


class RegistryCommands(PlanCommands):
    """Object registries and inspector registries."""

    def __init__(self, folder: Path, create: bool = False) -> None:
        super().__init__(folder, create)
        self.shelf = Shelf(self.pieces)

    def close(self) -> None:
        """Close the log, and let go of the rows that were at hand."""
        self.shelf.close()
        super().close()

    def create_registry(
        self, by: Actor, command: str, *, registry: str, type: str, title: str, item: str | None
    ) -> Receipt:
        """Create a registry under its code for the actor's unit."""

        def decide(cause: Cause) -> Decision:
            fresh = self._fresh(Registry, f"registry/{registry}")
            other = next((each.id for each in self._registries("objects") if each.item == item), None)
            if type == "objects" and other:
                raise Conflict(
                    f"事项 {item} 已有检查对象名录库 {other}",
                    f"{item} has its object registry, {other}",
                    "方案第五(三)1条",
                )
            fresh.create(cause, type, title, item)
            return Decision(fresh)

        facts = {"registry": registry, "type": type, "title": title, "item": item}
        return self._do(by, command, "registry.created", facts, decide)

    def import_rows(
        self,
        by: Actor,
        command: str,
        *,
        registry: str,
        rows: Rows | Sequence[Row],
        mode: str,
        source: bytes | Mapping[str, Any],
    ) -> Receipt:
        """Import rows into a registry, all or nothing, as one entry and one document of what they change.

        `source` is the file they come from, or its `{"sha256","bytes"}`. Inspectors' names and certificates come in clear
        and leave as commitments; their conflicts stay private.
        """
        if isinstance(source, bytes):
            source = {"sha256": hashlib.sha256(source).hexdigest(), "bytes": len(source)}
        facts = {"registry": registry, "mode": mode, "source": source["sha256"]}

        def decide(cause: Cause) -> Decision:
            found = self._get(Registry, registry)
            with self.shelf.rows(found) as state:
                beside = Beside()
                public: Iterable[Row] = rows
                if found.type == "inspectors":
                    public, beside = self._seal(found, state, rows)
                try:
                    given = public if isinstance(public, Rows) else Rows.of(public)
                    _refuse_personal(given)
                    batch = difference(state, given, mode == "replace")
                    counted = self.shelf.try_batch(found, batch)
                except (RegistryError, RepeatedId, DocumentError) as error:
                    raise Invalid(f"名录数据有误：{error}", str(error), "方案第五(三)条") from error
                data = {
                    "mode": mode,
                    **self.put_listing(batch),
                    **{op: counted[op] for op in ("added", "changed", "removed")},
                    "state": summary(state),
                    "source": {"sha256": source["sha256"], "bytes": source["bytes"]},
                }
            found.take_in(cause, data, bool(beside.conflicts))
            return Decision(found, beside)

        return self._do(by, command, "registry.imported", facts, decide)

    def file_registry(self, by: Actor, command: str, *, registry: str, reference: str) -> Receipt:
        """File a registry with the office that leads double-random work."""

        def decide(cause: Cause) -> Decision:
            found = self._get(Registry, registry)
            found.file(cause, reference)
            return Decision(found)

        return self._do(by, command, "registry.filed", {"registry": registry, "reference": reference}, decide)

    def pair_registries(self, by: Actor, command: str, *, registry: str, inspectors: str) -> Receipt:
        """Pair an object registry with the inspector registry that belongs to it."""

        def decide(cause: Cause) -> Decision:
            found = self._get(Registry, registry)
            found.pair(cause, self._get(Registry, inspectors))
            return Decision(found)

        return self._do(by, command, "registry.paired", {"registry": registry, "inspectors": inspectors}, decide)

    def _registries(self, type: str) -> Iterator[Registry]:
        """Yield the registries of a type, by their codes."""
        for stream in self._streams("registry/"):
            found = self._peek(Registry, stream)  # its type never changes
            if found.type == type:
                yield self._rest_on(found)

    def _seal(self, registry: Registry, state: Rows, rows: Iterable[Row]) -> tuple[list[Row], Beside]:
        """Return the public rows of inspectors, and what stays private; an unchanged field keeps its commitment."""
        public: list[Row] = []
        values: list[tuple[str, str, bytes, str]] = []
        conflicts: list[tuple[str, list[str]]] = []
        for row in rows:
            before = state.get(row["id"])
            shown = {key: value for key, value in row.items() if key != "conflicts"}
            for field in ("name", "certificate"):
                shown[field], fresh = self._commit_field(registry, row["id"], field, row[field], before)
                values.extend(fresh)
            public.append(shown)
            conflicts.append((row["id"], row.get("conflicts", [])))
        known = self.private.conflicts_of(registry.id)
        changed = [(name, objects) for name, objects in conflicts if sorted(set(objects)) != known.get(name, [])]
        return public, Beside(values, registry.id, changed)

    def _commit_field(
        self, registry: Registry, name: str, field: str, value: str | None, before: Row | None
    ) -> tuple[dict[str, str | None], list[tuple[str, str, bytes, str]]]:
        if value is None:
            return {"commitment": None}, []
        if before is not None and before[field]["commitment"] is not None:
            known = self.private.value(before[field]["commitment"])
            if known is not None and known[0] == value:
                return before[field], []
        fresh = sealed(f"{registry.id.partition('/')[2]}/{name}/{field}", value)
        return {"commitment": fresh[0]}, [fresh]


_DIGITS = re.compile(r"\d{11}")


def _refuse_personal(rows: Rows) -> None:
    """Refuse rows with something like a person's number in a text: few rows have as many digits, and only those are read."""
    for name, text in rows.items():
        if _DIGITS.search(text):
            refuse_personal(public_texts(json.loads(text)), name)
