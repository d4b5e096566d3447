"""Cheats on what comes out of a draw: the drawn list, the teams, the recusals."""

from __future__ import annotations

from collections.abc import Callable

from tests.cheats.common import Files, first_draw
from tests.forge import RECUSED, Forge, Json


def unit_swapped_in_the_drawn_list(forge: Forge) -> Files:
    first_draw(forge)
    forge.settle()
    drawn = forge.first("draw.objects-drawn")
    listed = {row["id"] for row in forge.rows(drawn["data"]["document"])}
    pool = forge.rows(forge.first("draw.frozen")["data"]["documents"]["objects"])
    other = next(row["id"] for row in pool if row["id"] not in listed and "excluded" not in row)
    forge.edit_rows(drawn, lambda rows: [rows[0] | {"id": other}, *rows[1:]])
    return forge.settle(("drawn",))


def drawn_list_reordered(forge: Forge) -> Files:
    first_draw(forge)
    forge.settle()
    drawn = forge.first("draw.objects-drawn")
    forge.edit_rows(drawn, lambda rows: rows[::-1], in_order=False)
    forge.keep_until(drawn)
    return forge.resign()


def ranks_exchanged(forge: Forge) -> Files:
    first_draw(forge)
    forge.settle()

    def edit(rows: list[Json]) -> None:
        pair = [row for row in rows if row["stratum"] == "A"][:2]
        pair[0]["rank"], pair[1]["rank"] = pair[1]["rank"], pair[0]["rank"]

    forge.edit_rows(forge.first("draw.objects-drawn"), edit)
    return forge.settle(("drawn",))


def excluded_object_drawn(forge: Forge) -> Files:
    first_draw(forge)
    forge.settle()
    pool = forge.rows(forge.first("draw.frozen")["data"]["documents"]["objects"])
    other = next(row["id"] for row in pool if "excluded" in row)
    forge.edit_rows(forge.first("draw.objects-drawn"), lambda rows: [rows[0] | {"id": other}, *rows[1:]])
    return forge.settle(("drawn",))


def too_few_drawn(forge: Forge) -> Files:
    first_draw(forge)
    forge.settle()
    drawn = forge.first("draw.objects-drawn")
    name = max(drawn["data"]["strata"], key=lambda each: drawn["data"]["strata"][each]["n"])
    drawn["data"]["strata"][name]["k"] = 1
    forge.edit_rows(drawn, lambda rows: [r for r in rows if r["stratum"] != name or r["rank"] == 1])
    return forge.settle(("drawn",))


def _teams(forge: Forge, edit: Callable[[list[Json]], list[Json] | None]) -> Files:
    first_draw(forge)
    forge.settle()
    forge.edit_rows(forge.first("draw.inspectors-assigned"), edit)
    return forge.settle(("assigned",))


def assignment_swapped(forge: Forge) -> Files:
    def edit(rows: list[Json]) -> None:
        a, b = next(
            (a, b)
            for a in rows
            for b in rows
            if not set(a["inspectors"]) & set(b["inspectors"]) and RECUSED[0] not in a["inspectors"] + b["inspectors"]
        )
        a["inspectors"], b["inspectors"] = b["inspectors"], a["inspectors"]

    return _teams(forge, edit)


def expired_inspector_in_a_team(forge: Forge) -> Files:
    first_draw(forge)
    pool = forge.rows(forge.first("draw.frozen")["data"]["documents"]["inspectors"])
    expired = next(row["id"] for row in pool if row.get("excluded") == "certificate")

    def edit(rows: list[Json]) -> None:
        rows[0]["inspectors"][0] = expired

    return _teams(forge, edit)


def team_of_one(forge: Forge) -> Files:
    def edit(rows: list[Json]) -> None:
        rows[0]["inspectors"].pop()

    return _teams(forge, edit)


def recused_inspector_sent(forge: Forge) -> Files:
    first_draw(forge)
    forge.settle()
    opened = {row["id"] for row in forge.rows(forge.first("draw.inspectors-assigned")["data"]["opened"])}

    def edit(rows: list[Json]) -> None:
        next(row for row in rows if row["id"] in opened)["inspectors"][0] = RECUSED[0]

    forge.edit_rows(forge.first("draw.inspectors-assigned"), edit)
    return forge.settle(("assigned",))


def recusal_not_opened(forge: Forge) -> Files:
    first_draw(forge)
    forge.settle()
    assigned = forge.first("draw.inspectors-assigned")
    rows = forge.rows(assigned["data"]["opened"])
    assigned["data"]["opened"] = forge.put(rows[1:])["document"]
    return forge.settle(("opened",))


def recusal_changed(forge: Forge) -> Files:
    first_draw(forge)
    forge.settle()
    assigned = forge.first("draw.inspectors-assigned")
    rows = forge.rows(assigned["data"]["opened"])
    rows[0]["inspectors"] = ["INS-220100-001"]
    assigned["data"]["opened"] = forge.put(rows)["document"]
    return forge.settle(("opened",))
