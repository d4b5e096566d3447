"""Cheats on single entries, by somebody who holds the log's key."""

from __future__ import annotations

from tests.cheats.common import LATE, Files, first_draw, first_round
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


def log_created_again(forge: Forge) -> Files:
    first_round(forge)
    created = forge.entries[0]
    again = {**created, "stream": "log/other", "command": "again", "at": forge.entries[-1]["at"]}
    forge.entries.append(again)
    return forge.settle(LATE)


def log_created_in_another_stream(forge: Forge) -> Files:
    first_draw(forge)
    forge.entries[0]["stream"] = "log/other"
    return forge.settle()


def witness_of_the_organisers_office(forge: Forge) -> Files:
    first_draw(forge)
    unit = forge.first("draw.opened")["actor"]["unit"]
    next(e for e in forge.entries if e["stream"] == "account/discipline")["data"]["unit"] = unit
    for entry in forge.entries:
        if entry["actor"]["account"] == "discipline":
            entry["actor"] = entry["actor"] | {"unit": unit}
    return forge.settle()


def account_named_system(forge: Forge) -> Files:
    first_round(forge)
    opened = forge.first("account.opened", 1)
    forge.add(forge.entries[-1], "account/system", "account.opened", "admin", opened["data"] | {"account": "system"})
    return forge.settle(LATE)


def document_kept_secret(forge: Forge) -> Files:
    first_round(forge)
    forge.entries[-1:] = []
    calendar = forge.first("calendar.recorded")
    data = {"year": 2027, "document": calendar["data"]["document"] | {"public": False}}
    forge.add(forge.entries[-1], "calendar/2027", "calendar.recorded", "admin", data)
    return forge.settle(LATE)


def phone_in_a_text(forge: Forge) -> Files:
    first_draw(forge)
    forge.first("registry.filed")["data"]["reference"] = "备案1号，联系人手机13800138000"
    return forge.settle()


def phone_as_a_command(forge: Forge) -> Files:
    first_draw(forge)
    forge.first("registry.filed")["command"] = "13800138000"
    return forge.settle()
