"""Cheats on the freeze, the seed and the witness, by somebody who holds the log's key and all secrets."""

from __future__ import annotations

from typing import Any

from tests.cheats.common import LATE, Cheat, Files, first_draw, first_round
from tests.forge import Forge, Json


def pool_hides_a_business(forge: Forge) -> Files:
    first_draw(forge)
    frozen = forge.first("draw.frozen")
    forge.settle()
    forge.edit_pool(frozen, "objects", lambda rows: rows[:3] + rows[4:])
    return forge.settle(("objects",))


def business_excluded_without_ground(forge: Forge) -> Files:
    first_draw(forge)
    frozen = forge.first("draw.frozen")
    forge.settle()

    def edit(rows: list[Json]) -> None:
        next(row for row in rows if "excluded" not in row)["excluded"] = "status:closed"

    forge.edit_pool(frozen, "objects", edit)
    return forge.settle(("objects",))


def private_roster(forge: Forge) -> Files:
    first_draw(forge)
    frozen = forge.first("draw.frozen")
    forge.settle()
    forge.edit_pool(frozen, "inspectors", lambda rows: rows[: len(rows) // 2])
    return forge.settle(("inspectors",))


def expired_inspector_made_eligible(forge: Forge) -> Files:
    first_draw(forge)
    frozen = forge.first("draw.frozen")
    forge.settle()

    def edit(rows: list[Json]) -> list[Json]:
        return [{key: value for key, value in row.items() if key != "excluded"} for row in rows]

    forge.edit_pool(frozen, "inspectors", edit)
    return forge.settle(("inspectors",))


def pool_of_an_older_registry(forge: Forge) -> Files:
    first_draw(forge)
    forge.first("draw.frozen")["data"]["freeze"]["objects"]["version"] -= 1
    return forge.settle(("versions",))


def terms(**changes: Any) -> Cheat:
    """Return a cheat that freezes other terms than allowed; everything else follows from them."""

    def cheat(forge: Forge) -> Files:
        first_draw(forge)
        forge.first("draw.frozen")["data"]["freeze"].update(changes)
        return forge.settle()

    return cheat


def quota_other_than_the_plans(forge: Forge) -> Files:
    first_draw(forge)
    forge.first("draw.frozen")["data"]["freeze"]["quota_bp"]["A"] += 100
    return forge.settle()


def one_party_alone(forge: Forge) -> Files:
    first_draw(forge)
    parties = forge.first("draw.frozen")["data"]["freeze"]["parties"]
    for each in parties:
        each["role"] = "organiser"
    return forge.settle()


def deadline_moved_after_the_freeze(forge: Forge) -> Files:
    first_draw(forge)
    forge.settle()
    forge.first("draw.frozen")["data"]["freeze"]["t_reveal"] += 60
    return forge.settle(("c0",))


def ledger_head_of_another_history(forge: Forge) -> Files:
    first_draw(forge)
    forge.first("draw.frozen")["data"]["freeze"]["ledger_head"]["root"] = "cd" * 32
    return forge.settle(("head",))


def waiver_missing(forge: Forge) -> Files:
    first_draw(forge)
    forge.first("draw.frozen")["data"]["freeze"]["waivers"] = {}
    return forge.settle()


def check_in_missing(forge: Forge) -> Files:
    first_draw(forge)
    forge.drop(forge.first("draw.witness-checked-in", 2))
    return forge.settle()


def check_in_too_late(forge: Forge) -> Files:
    first_draw(forge)
    forge.move(forge.first("draw.witness-checked-in", 3), forge.first("draw.seed-derived"))
    return forge.settle()


def check_in_for_everything_at_once(forge: Forge) -> Files:
    first_draw(forge)
    for nth in (4, 3, 2, 1):
        check_in = forge.all("draw.witness-checked-in")[nth]
        forge.drop(check_in)
        frozen = forge.first("draw.frozen")
        forge.entries.insert(forge.at(frozen), check_in | {"at": frozen["at"]})
    return forge.settle()


def sign_off_missing(forge: Forge) -> Files:
    first_round(forge)
    forge.drop(forge.first("draw.witness-signed-off"))
    return forge.settle(LATE)


def revealed_before_the_close(forge: Forge) -> Files:
    first_draw(forge)
    forge.move(forge.first("draw.contribution-revealed"), forge.first("draw.commitments-closed"))
    return forge.settle()


def committed_after_the_deadline(forge: Forge) -> Files:
    first_draw(forge)
    freeze = forge.first("draw.frozen")["data"]["freeze"]
    freeze["t_commit"] -= 599
    return forge.settle()


def commitment_before_the_freeze_was_public(forge: Forge) -> Files:
    first_draw(forge)
    forge.settle()
    index = forge.at(forge.first("draw.frozen"))
    for entry in forge.all("draw.contribution-committed"):
        entry["data"]["covered"] = forge.covered(index)
    return forge.settle(("covered",))


def anchor_without_signature(forge: Forge) -> Files:
    first_draw(forge)
    forge.settle()
    covered = forge.first("draw.contribution-revealed")["data"]["covered"]
    covered["signature"] = forge.first("draw.contribution-committed")["data"]["covered"]["signature"]
    forge.keep_until(forge.first("draw.contribution-revealed"))
    return forge.settle(("covered",))


def contribution_of_another_account(forge: Forge) -> Files:
    first_draw(forge)
    committed = forge.all("draw.contribution-committed")
    committed[0]["actor"] = committed[1]["actor"]
    return forge.settle()


def contribution_exchanged(forge: Forge) -> Files:
    first_draw(forge)
    forge.settle()
    forge.first("draw.contribution-revealed")["data"]["secret"] = "11" * 32
    return forge.settle(("commitments", "c1"))


def reveal_left_out(forge: Forge) -> Files:
    first_draw(forge)
    forge.drop(forge.first("draw.contribution-revealed"))
    return forge.settle()


def beacon_before_its_time(forge: Forge) -> Files:
    first_draw(forge)
    freeze = forge.first("draw.frozen")["data"]["freeze"]
    freeze["delta"] += 86400
    return forge.settle()


def beacon_rolled_again(forge: Forge) -> Files:
    first_draw(forge)
    forge.settle()
    key = forge.first("draw.beacon-recorded")["data"]
    key["key_string"] = "7" + key["key_string"][1:] if key["key_string"][0] != "7" else "8" + key["key_string"][1:]
    return forge.settle()


def too_few_rolls(forge: Forge) -> Files:
    first_draw(forge)
    forge.first("draw.frozen")["data"]["freeze"]["beacons"][0]["rolls"] = 10
    return forge.settle()


def other_seed(forge: Forge) -> Files:
    first_draw(forge)
    forge.first("draw.seed-derived")["data"]["seed"] = "5e" * 32
    return forge.settle(("seed",))


def draw_hidden(forge: Forge) -> Files:
    first_draw(forge)
    old = forge.first("draw.opened")["stream"]
    new = old[:-1] + "2"
    for entry in forge.entries:
        if entry["stream"] == old:
            entry["stream"] = new
    forge.secrets |= {(new, party): secret for (stream, party), secret in forge.secrets.items() if stream == old}
    forge.first("draw.frozen")["data"]["freeze"]["draw"] = new
    return forge.settle()


def drawn_again(forge: Forge) -> Files:
    first_draw(forge)
    opened = forge.first("draw.opened")
    again = {**opened, "stream": f"{opened['stream'][:-4]}0002", "command": "again", "at": forge.entries[-1]["at"]}
    forge.entries.append(again)
    return forge.settle()
