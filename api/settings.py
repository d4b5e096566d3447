"""What an operator may set: how soon a log publishes, and how large a request may be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

UNSHOWN = "demo.unshown."
"""How the origin of a log begins that holds real businesses with invented results: it is shown to nobody."""


@dataclass(frozen=True)
class Settings:
    """Sizes in bytes, times in seconds. `keep` says whether a background thread publishes checkpoints."""

    json_limit: int = 1 << 20
    csv_limit: int = 512 << 20
    publish_entries: int = 1000
    """A checkpoint is published after so many new entries …"""
    publish_seconds: float = 1.0
    """… or so many seconds after the first of them, whichever comes first."""
    keep: bool = True
    static: Path | None = None
    """The folder of the static log that is kept up with what is published, if any."""
