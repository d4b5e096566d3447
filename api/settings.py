"""What an operator may set: where the log lies, where the service listens, and how large a request may be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

UNSHOWN = "demo.unshown."
"""How the origin of a log begins that holds real businesses with invented results: it is shown to nobody."""


@dataclass(frozen=True)
class Settings:
    """Sizes in bytes, times in seconds. `keep` says whether a background thread publishes checkpoints."""

    folder: Path = Path("fairdraw-log")
    host: str = "127.0.0.1"
    port: int = 8750
    json_limit: int = 1 << 20
    csv_limit: int = 512 << 20
    publish_every: float = 1.0
    keep: bool = True
