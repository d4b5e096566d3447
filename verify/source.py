"""Where a log is read from: a folder that holds an export, file by file, and nothing outside of it.

Form of the folder: ledger specification, section 10. Nothing is believed here; the checks judge what was read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

CHECKPOINT, LOG_VKEY, ENTRIES = "checkpoint", "log.vkey", "entries.jsonl"


class UsageError(Exception):
    """The verifier was called wrongly; nothing was checked, so there is no finding. `zh` and `en` say what to change."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class Folder:
    """An export in a folder. Raises UsageError where there is no folder, or nothing of a log in it."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise UsageError(f"{self.path} 不是文件夹。", f"{self.path} is not a folder.")
        if not any((self.path / name).exists() for name in (CHECKPOINT, ENTRIES)):
            raise UsageError(
                f"{self.path} 里没有导出的日志（没有 {CHECKPOINT}，也没有 {ENTRIES}）。",
                f"{self.path} holds no exported log (neither {CHECKPOINT} nor {ENTRIES}).",
            )

    def names(self) -> list[str]:
        """Return the relative POSIX path of every file, sorted. A link to a folder is named, not entered."""
        found: list[str] = []
        for folder, below, files in os.walk(self.path):
            links = [name for name in below if os.path.islink(os.path.join(folder, name))]
            found.extend(Path(folder, name).relative_to(self.path).as_posix() for name in [*files, *links])
        return sorted(found)

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file; None where there is no regular file of this name inside the folder."""
        if not self._inside(name):
            return None
        try:
            return (self.path / name).read_bytes()
        except OSError:
            return None

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield the lines of a file one by one, each with its line feed; the last one may lack it. Nothing where it is not."""
        if not self._inside(name):
            return
        try:
            with (self.path / name).open("rb") as file:
                yield from file
        except OSError:
            return

    def _inside(self, name: str) -> bool:
        """Whether `name` is a regular file that really lies in the folder: a link could point to anything, a pipe never ends."""
        path = self.path / name
        try:
            real = path.resolve(strict=True)
            return real.is_relative_to(self.path.resolve()) and stat.S_ISREG(real.stat().st_mode)
        except (OSError, RuntimeError, ValueError):
            return False
