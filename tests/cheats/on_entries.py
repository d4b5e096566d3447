"""Cheats on single entries, by somebody who holds the log's key."""

from __future__ import annotations

from tests.cheats.common import LATE, Files, first_round
from tests.forge import Forge


def two_entries_with_one_command(forge: Forge) -> Files:
    first_round(forge)
    forge.entries[-1]["command"] = next(e["command"] for e in forge.entries if e["actor"] == forge.entries[-1]["actor"])
    return forge.settle(LATE)


def unknown_kind(forge: Forge) -> Files:
    first_round(forge)
    forge.entries[-1]["kind"] = "result.beautified"
    return forge.settle(LATE)


def data_of_another_shape(forge: Forge) -> Files:
    first_round(forge)
    forge.entries[-1]["data"]["note"] = "extra"
    return forge.settle(LATE)


def version_skipped(forge: Forge) -> Files:
    first_round(forge)
    forge.entries[-1]["version"] += 1
    return forge.settle((*LATE, "version"))


def role_not_allowed(forge: Forge) -> Files:
    first_round(forge)
    forge.entries[-1]["actor"] = forge.first("draw.frozen")["actor"]
    return forge.settle(LATE)


def role_invented(forge: Forge) -> Files:
    first_round(forge)
    forge.entries[-1]["actor"] = forge.entries[-1]["actor"] | {"unit": "220100.legal"}
    return forge.settle(LATE)


def account_never_opened(forge: Forge) -> Files:
    first_round(forge)
    forge.entries[-1]["actor"] = forge.entries[-1]["actor"] | {"account": "ghost"}
    return forge.settle(LATE)


def account_acts_after_its_closing(forge: Forge) -> Files:
    first_round(forge)
    last = forge.entries[-1]
    before = forge.entries[-2]
    forge.add(before, f"account/{last['actor']['account']}", "account.closed", "admin", {"reason": "调离"})
    return forge.settle(LATE)


def clock_backwards(forge: Forge) -> Files:
    first_round(forge)
    forge.entries[-1]["at"] = forge.first("inspection.completed")["at"]
    return forge.settle(LATE)


def other_origin_in_the_chain(forge: Forge) -> Files:
    first_round(forge)
    forge.entries[0]["prev"] = "ab" * 32
    return forge.settle()
