"""Cheats who draw again, hide a draw, or leave one lying that displeases, by somebody who holds the log's key."""

from __future__ import annotations

from tests.cheats.common import Files, first_draw
from tests.forge import Forge


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


def drawn_again_under_another_plan(forge: Forge) -> Files:
    first_draw(forge)
    plan, opened = forge.first("plan.drafted")["stream"], forge.first("draw.opened")
    another = plan.rpartition("-")[0] + "-2"
    last = forge.entries[-1]["at"]
    for n, entry in enumerate([e for e in forge.entries if e["stream"] == plan]):
        forge.entries.append({**entry, "stream": another, "command": f"plan-{n}", "at": last})
    data = opened["data"] | {"plan": another}
    again = {**opened, "stream": f"{opened['stream'][:-4]}0002", "command": "again", "at": last, "data": data}
    forge.entries.append(again)
    return forge.settle()


def left_lying(forge: Forge) -> Files:
    forge.keep_until(forge.first("draw.reveals-closed"))
    forge.add_last("2026-05-15T09:00:00.000+08:00")
    return forge.settle()


def drawn_and_forgotten(forge: Forge) -> Files:
    """The objects are drawn, the teams never: nobody is visited."""
    forge.keep_until(forge.first("draw.objects-drawn"))
    forge.add_last("2026-12-15T09:00:00.000+08:00")
    return forge.settle()
