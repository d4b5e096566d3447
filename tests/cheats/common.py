"""What the cheats have in common: a cheat edits the forge and returns the files of the forged export."""

from __future__ import annotations

from collections.abc import Callable

from tests.forge import Forge

Files = dict[str, bytes]
Cheat = Callable[[Forge], Files]

LATE = ("recusals", "opened", "covered")
"""What stays as it was where the edit comes after the first draw, so that the draw itself stays honest."""


def first_draw(forge: Forge) -> None:
    """Cut the log off after the first draw was signed off: what follows it depends on who was drawn."""
    forge.keep_until(forge.first("draw.witness-signed-off"))


def first_round(forge: Forge) -> None:
    """Cut the log off after the inspections of the first draw."""
    prefix = "inspection/" + forge.first("draw.opened")["stream"].partition("/")[2]
    forge.keep_until([each for each in forge.entries if each["stream"].startswith(prefix)][-1])
