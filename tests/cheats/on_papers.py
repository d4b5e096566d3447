"""Cheats on lists, plans and registries, by somebody who holds the log's key."""

from __future__ import annotations

from tests.cheats.common import Files, first_draw
from tests.forge import Forge, Json


def review_by_the_drafter(forge: Forge) -> Files:
    first_draw(forge)
    draft, review = forge.first("plan.drafted"), forge.first("plan.legality-reviewed")
    review["actor"] = review["actor"] | {"unit": draft["actor"]["unit"]}
    opened = next(e for e in forge.entries if e["stream"] == f"account/{review['actor']['account']}")
    opened["data"]["unit"] = draft["actor"]["unit"]
    other = forge.first("itemlist.legality-reviewed")
    other["actor"] = other["actor"] | {"unit": draft["actor"]["unit"]}
    return forge.settle()


def justice_review_missing(forge: Forge) -> Files:
    first_draw(forge)
    forge.drop(forge.first("plan.justice-reviewed"))
    return forge.settle()


def published_though_rejected(forge: Forge) -> Files:
    first_draw(forge)
    forge.first("itemlist.legality-reviewed")["data"]["passed"] = False
    return forge.settle()


def plan_published_after_the_draw(forge: Forge) -> Files:
    first_draw(forge)
    forge.move(forge.first("plan.published"), forge.first("draw.witness-signed-off"))
    return forge.settle()


def item_not_on_the_plan(forge: Forge) -> Files:
    first_draw(forge)
    planned = forge.first("plan.drafted")["data"]["items"]
    planned[:] = [each for each in planned if each["item"] != forge.first("draw.opened")["data"]["item"]]
    return forge.settle()


def plan_over_the_year(forge: Forge) -> Files:
    first_draw(forge)
    forge.first("plan.drafted")["data"]["period"]["to"] = "2027-02-28"
    return forge.settle()


def ratio_of_the_plan_broken(forge: Forge) -> Files:
    first_draw(forge)
    item = forge.first("draw.opened")["data"]["item"]
    planned = next(p for p in forge.first("plan.drafted")["data"]["items"] if p["item"] == item)
    planned["quota_bp"]["A"] = 300
    forge.first("draw.frozen")["data"]["freeze"]["quota_bp"]["A"] = 300
    return forge.settle()


def ratio_of_the_list_broken(forge: Forge) -> Files:
    first_draw(forge)

    def edit(rows: list[Json]) -> None:
        next(row for row in rows if row["class"] == "general")["ratio_max_bp"] = 3000

    forge.edit_rows(forge.first("itemlist.drafted"), edit)
    return forge.settle()


def filed_by_the_importer(forge: Forge) -> Files:
    first_draw(forge)
    filed, importer = forge.first("registry.filed"), forge.first("registry.imported")["actor"]
    opened = next(e for e in forge.entries if e["stream"] == f"account/{filed['actor']['account']}")
    opened["data"]["account"] = importer["account"] + "2"
    opened["stream"] = f"account/{importer['account']}2"
    batch = forge.first("registry.imported")
    for entry in forge.all("registry.filed"):
        entry["actor"] = entry["actor"] | {"account": importer["account"] + "2"}
    batch["actor"] = batch["actor"] | {"account": importer["account"] + "2"}
    return forge.settle()


def registry_not_filed(forge: Forge) -> Files:
    first_draw(forge)
    forge.drop(next(e for e in forge.all("registry.filed") if e["stream"] == _objects(forge)))
    return forge.settle()


def registries_not_paired(forge: Forge) -> Files:
    first_draw(forge)
    forge.drop(forge.first("registry.paired"))
    return forge.settle()


def batch_counted_wrongly(forge: Forge) -> Files:
    first_draw(forge)
    forge.first("registry.imported", 1)["data"]["added"] -= 1
    return forge.settle(("summary",))


def batch_changes_a_row_that_is_not_there(forge: Forge) -> Files:
    first_draw(forge)
    forge.settle()
    batch = next(e for e in forge.all("registry.imported") if e["stream"] == _objects(forge))
    forge.edit_rows(batch, lambda rows: [rows[0] | {"op": "changed"}, *rows[1:]])
    return forge.resign()


def _objects(forge: Forge) -> str:
    return str(forge.first("draw.opened")["data"]["objects"])


def row_removed_for_the_freeze(forge: Forge) -> Files:
    """A registry row goes before the freeze and comes back after it: allowed, but everybody must see it."""
    first_draw(forge)
    batch = next(e for e in forge.all("registry.imported") if e["stream"] == _objects(forge))
    row = forge.rows(batch["data"]["document"])[5]
    out = batch["data"] | {"mode": "replace"} | forge.put([{"id": row["id"], "op": "removed"}])
    back = batch["data"] | forge.put([row])
    forge.add(forge.first("registry.paired"), batch["stream"], "registry.imported", batch["actor"]["account"], out)
    forge.add(forge.first("draw.frozen"), batch["stream"], "registry.imported", batch["actor"]["account"], back)
    return forge.settle()


def _another_registry(forge: Forge, kind: str, row: Json | None = None) -> str:
    """Make a second registry of a kind before the draw, with `row` in place of its first active one."""
    created = next(e for e in forge.all("registry.created") if e["data"]["type"] == kind)
    batch = next(e for e in forge.all("registry.imported") if e["stream"] == created["stream"])
    forge.add(forge.first("registry.paired"), "registry/other", "registry.created", "market", created["data"])
    if row is not None:
        line = next(r for r in forge.rows(batch["data"]["document"]) if r["row"]["status"] == "active")
        lines = [line | {"id": row["id"], "row": line["row"] | row}]
        data = batch["data"] | forge.put(lines)
        made = next(e for e in forge.all("registry.created") if e["stream"] == "registry/other")
        forge.add(made, "registry/other", "registry.imported", "market", data)
    return "registry/other"


def roster_of_the_chosen(forge: Forge) -> Files:
    first_draw(forge)
    _another_registry(forge, "inspectors", {"id": "INS-220100-900"})
    return forge.settle()


def business_kept_in_another_registry(forge: Forge) -> Files:
    first_draw(forge)
    _another_registry(forge, "objects", {"id": "91220101YY9999999X"})
    return forge.settle()


def paired_again(forge: Forge) -> Files:
    first_draw(forge)
    other, last = _another_registry(forge, "inspectors"), forge.entries[-1]
    forge.add(last, _objects(forge), "registry.paired", "market", {"inspectors": other})
    return forge.settle()


def identity_number_as_a_name(forge: Forge) -> Files:
    first_draw(forge)

    def edit(rows: list[Json]) -> None:
        rows[0]["row"]["name"] = "张某" + "11010519491231002X"

    batch = next(e for e in forge.all("registry.imported") if e["stream"] == _objects(forge))
    forge.edit_rows(batch, edit)
    return forge.settle()


def phone_as_a_tag(forge: Forge) -> Files:
    first_draw(forge)

    def edit(rows: list[Json]) -> None:
        rows[0]["row"]["tags"] = ["联系 13800138000"]

    batch = next(e for e in forge.all("registry.imported") if e["stream"] == _objects(forge))
    forge.edit_rows(batch, edit)
    return forge.settle()
