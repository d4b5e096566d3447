"""Cheats on the freeze, the seed and the witness, by somebody who holds the log's key and all secrets."""

from __future__ import annotations

from typing import Any

from tests.cheats.common import LATE, Cheat, Files, first_draw, first_round
from tests.forge import Forge, Json
from verify.entries import seconds_of
from verify.seed import beacon_hash_text
from verify.tree import root


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
    frozen = forge.first("draw.frozen")
    frozen["data"]["freeze"]["t_commit"] = seconds_of(frozen["at"]) + 1
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


def head_from_before_the_opening(forge: Forge) -> Files:
    first_draw(forge)
    forge.settle()
    size = forge.at(forge.first("draw.opened"))
    forge.first("draw.frozen")["data"]["freeze"]["ledger_head"] = {
        "size": size,
        "root": root(forge.leaves[:size]).hex(),
    }
    return forge.settle(("head",))


def discipline_office_withholds(forge: Forge) -> Files:
    """Whoever revealed alone goes on: the organiser with his own number."""
    first_draw(forge)
    own, other = forge.all("draw.contribution-revealed")
    if own["data"]["party"] == "discipline":
        own, other = other, own
    forge.drop(other)
    closed, freeze = forge.first("draw.reveals-closed"), forge.first("draw.frozen")["data"]["freeze"]
    freeze["t_commit"] = seconds_of(forge.first("draw.contribution-committed", 1)["at"])
    freeze["t_reveal"] = seconds_of(own["at"])
    before = forge.entries[forge.at(closed) - 1]
    withheld = forge.add(before, closed["stream"], "draw.contribution-withheld", "market", {"party": "discipline"})
    withheld["at"] = closed["at"]
    closed["data"]["withheld"] = ["discipline"]
    return forge.settle()


def reveals_closed_after_the_beacon(forge: Forge) -> Files:
    first_draw(forge)
    closed, freeze = forge.first("draw.reveals-closed"), forge.first("draw.frozen")["data"]["freeze"]
    closed["at"] = forge.entries[forge.at(closed) + 1]["at"]
    freeze["t_commit"] = seconds_of(forge.first("draw.contribution-committed", 1)["at"])
    freeze["t_reveal"] = seconds_of(forge.first("draw.contribution-revealed", 1)["at"])
    return forge.settle()


def one_lottery_alone(forge: Forge) -> Files:
    first_draw(forge)
    lottery = {"kind": "lottery", "name": "示例3D", "issue": "2026001", "ordered": [True]}
    forge.first("draw.frozen")["data"]["freeze"]["beacons"] = [lottery]
    key = "3.7.1./"
    data = {"key_string": key, "b": beacon_hash_text("lottery", key).hex()}
    forge.first("draw.beacon-recorded")["data"].update(data)
    return forge.settle()


def many_recused(forge: Forge) -> Files:
    first_draw(forge)
    pool = forge.rows(forge.first("draw.frozen")["data"]["documents"]["inspectors"])
    forge.recused = [row["id"] for row in pool if "excluded" not in row][:4]
    return forge.settle()
