"""What a run made up once and must not make up again: secrets, dice, tokens, days. Kept on disk before it is used."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Memory:
    """Values by name, one file each, in a folder that only its owner reads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what was made under `name` before, in this run or one that was killed; make and keep it otherwise."""
        path = self._folder / f"{name}.json"
        if not path.is_file():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = path.with_suffix(".new")
            with fresh.open("w", encoding="utf-8") as file:
                json.dump(make(), file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        return json.loads(path.read_text("utf-8"))
