"""The two registries (两库): the objects that can be inspected and the inspectors who can be sent."""

from __future__ import annotations

from typing import Any

from domain.base import Fact, Recorded
from domain.errors import Conflict, Invalid
from domain.roles import Cause, require_unit


class Registry(Recorded):
    """One registry: created, filled by imports, filed with the lead office, and an object registry paired with inspectors."""

    type = ""
    unit = ""
    item: str | None = None
    filed = False
    paired: str | None = None

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.batches: list[tuple[int, str]] = []

    def create(self, cause: Cause, type: str, title: str, item: str | None) -> None:
        """Record the registry; an object registry belongs to one check item (方案第五(三)1条), one of inspectors to none."""
        if (type == "objects") != (item is not None):
            raise Invalid(
                "检查对象名录库须对应一个抽查事项，检查人员名录库不对应单个事项",
                "an object registry names its check item, an inspector registry none",
                "方案第五(三)1条",
            )
        data = {"type": type, "title": title, "unit": cause.actor.unit, "item": item}
        self.record("registry.created", cause, data)

    def take_in(self, cause: Cause, data: dict[str, Any], conflicts: bool) -> None:
        """Record one import: a batch document and the fingerprint of the registry after it.

        `conflicts`: private conflicts change with it; then the batch may be empty.
        """
        if not self.version:
            self.refuse_state("不存在", "registry.imported")
        require_unit(cause.actor, self.unit)
        if not data["count"] and not conflicts:
            raise Conflict(f"{self.id} 没有任何变化", f"the rows given change nothing in {self.id}", "方案第五(三)1条")
        self.record("registry.imported", cause, data)

    def file(self, cause: Cause, reference: str) -> None:
        """Record the filing with the office that leads double-random work."""
        if not self.batches:
            self.refuse_state("尚无任何内容", "registry.filed")
        self.record("registry.filed", cause, {"reference": reference})

    def pair(self, cause: Cause, other: Registry) -> None:
        """Record the inspector registry that belongs to this object registry."""
        require_unit(cause.actor, self.unit)
        if self.paired is not None:
            raise Conflict(
                f"{self.id} 已与 {self.paired} 配对，不得更换",
                f"{self.id} is paired with {self.paired} and stays so",
                "方案第五(三)2条",
            )
        if self.type != "objects" or other.type != "inspectors":
            raise Invalid(
                "检查对象名录库须与检查人员名录库配对",
                f"{self.id} ({self.type}) cannot be paired with {other.id} ({other.type})",
                "方案第五(三)2条",
            )
        self.record("registry.paired", cause, {"inspectors": other.id})

    def require_ready(self) -> None:
        """Refuse to draw from a registry that is not filed."""
        if not self.filed:
            raise Conflict(f"{self.id} 尚未备案", f"{self.id} is not filed", "方案第五(三)1条")

    def apply(self, fact: Fact) -> None:
        match fact.kind:
            case "registry.created":
                self.type, self.unit, self.item = fact.data["type"], fact.data["unit"], fact.data["item"]
            case "registry.imported":
                self.batches.append((fact.originator_version, fact.data["document"]["sha256"]))
            case "registry.filed":
                self.filed = True
            case "registry.paired":
                self.paired = fact.data["inspectors"]
