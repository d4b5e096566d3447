"""Commands about the two registries: create, import, file, pair."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from domain.commands.plans import PlanCommands
from domain.core import Decision, Receipt
from domain.errors import Conflict, Invalid
from domain.private import sealed
from domain.registries import Registry
from domain.roles import Actor, Cause
from domain.store.contract import Beside
from verify import documents
from verify import registry as rows_of
from verify.registry import State


class RegistryCommands(PlanCommands):
    """Object registries and inspector registries."""

    def __init__(self, folder: Path, create: bool = False) -> None:
        super().__init__(folder, create)
        self._states: dict[str, tuple[int, State]] = {}

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
        self, by: Actor, command: str, *, registry: str, rows: list[dict[str, Any]], mode: str, source: bytes
    ) -> Receipt:
        """Import rows into a registry, all or nothing, as one entry and one document of what they change.

        Inspectors' names and certificates come in clear and leave as commitments; their conflicts stay private.
        """
        facts = {"registry": registry, "mode": mode, "source": hashlib.sha256(source).hexdigest()}

        def decide(cause: Cause) -> Decision:
            found = self._get(Registry, registry)
            state = self.registry_state(found)
            beside = Beside()
            public = rows
            if found.type == "inspectors":
                public, beside = self._seal(found, state, rows)
            lines = rows_of.difference(state, public, mode == "replace")
            after = dict(state)
            try:
                rows_of.apply(after, lines, found.type)
            except rows_of.RegistryError as error:
                raise Invalid(f"名录数据有误：{error}", str(error), "方案第五(三)条") from error
            batch = documents.listing(lines)
            data = {
                "mode": mode,
                **self.put_listing(batch),
                **_counts(lines),
                "state": rows_of.summary(after),
                "source": {"sha256": facts["source"], "bytes": len(source)},
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

    def registry_state(self, registry: Registry) -> State:
        """Return the rows of a registry by id, folded from its batches; the caller must not change them."""
        reached, state = self._states.get(registry.id, (0, {}))
        fresh = [(version, sha256) for version, sha256 in registry.batches if version > reached]
        if fresh:
            state = dict(state)
            for _, sha256 in fresh:
                rows_of.apply(state, self.lines(sha256), registry.type)
            self._states[registry.id] = (fresh[-1][0], state)
        return state

    def _seal(
        self, registry: Registry, state: State, rows: Iterable[dict[str, Any]]
    ) -> tuple[list[dict[str, Any]], Beside]:
        """Return the public rows of inspectors, and what stays private; an unchanged field keeps its commitment."""
        public: list[dict[str, Any]] = []
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
        self, registry: Registry, name: str, field: str, value: str | None, before: dict[str, Any] | None
    ) -> tuple[dict[str, str | None], list[tuple[str, str, bytes, str]]]:
        if value is None:
            return {"commitment": None}, []
        if before is not None and before[field]["commitment"] is not None:
            known = self.private.value(before[field]["commitment"])
            if known is not None and known[0] == value:
                return before[field], []
        fresh = sealed(f"{registry.id.partition('/')[2]}/{name}/{field}", value)
        return {"commitment": fresh[0]}, [fresh]


def _counts(lines: Iterable[dict[str, Any]]) -> dict[str, int]:
    counts = {"added": 0, "changed": 0, "removed": 0}
    for line in lines:
        counts[line["op"]] += 1
    return counts
