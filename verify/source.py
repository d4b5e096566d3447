"""Where a log is read from: a folder that holds an export, file by file, and nothing outside of it.

Form of the folder: ledger specification, section 10. Nothing is believed here; the checks judge what was read. Whoever
asks says how much he expects, and no more than that is read: a file of gigabytes costs nothing.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

CHECKPOINT, LOG_VKEY, ENTRIES = "checkpoint", "log.vkey", "entries.jsonl"
UNFINISHED = ".unfinished"
"""In a static log, the file that is being written and has no name yet."""
SMALL = 65_536
"""The most bytes of a checkpoint or a key."""
LINE = 65_537
"""The most bytes that are read of one line: one more than the longest entry with its line feed has."""
PIECE = 1 << 20
SKIPPED = 64 * PIECE
"""Of a line longer than this the end is not looked for, and nothing after it is read."""


class UsageError(Exception):
    """The verifier was called wrongly; nothing was checked, so there is no finding. `zh` and `en` say what to change."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def same_file(before: os.stat_result, after: os.stat_result) -> bool:
    """Whether an open file is as long and as old as it was."""
    return (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)


class Folder:
    """An export in a folder. Raises UsageError where there is no folder, or nothing of a log in it."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._real = os.path.join(os.path.realpath(self.path), "")
        if not self.path.is_dir():
            raise UsageError(f"{self.path} 不是文件夹。", f"{self.path} is not a folder.")
        if not any((self.path / name).exists() for name in (CHECKPOINT, ENTRIES)):
            raise UsageError(
                f"{self.path} 里没有导出的日志（没有 {CHECKPOINT}，也没有 {ENTRIES}）。",
                f"{self.path} holds no exported log (neither {CHECKPOINT} nor {ENTRIES}).",
            )

    def names(self) -> list[str]:
        """Return the relative POSIX path of every file, sorted, and with a `/` at its end that of every empty folder.

        A link to a folder is named, not entered.
        """
        found: list[str] = []
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(self.path / folder) as inside:
                    parts = list(inside)
            except OSError:  # no right to look inside, or nested deeper than a path can say
                parts = []
            if folder and not parts:
                found.append(folder)
            for part in parts:
                below = part.is_dir(follow_symlinks=False)
                (waiting if below else found).append(f"{folder}{part.name}{'/' if below else ''}")
        return sorted(found)

    def size(self, name: str) -> int | None:
        """Return the length of a file; None where there is no regular file of this name inside the folder."""
        try:
            return (self.path / name).stat().st_size if self._inside(name) else None
        except OSError:
            return None

    def read(self, name: str, most: int) -> bytes | None:
        """Return the bytes of a file; None where there is none inside the folder, or it has more than `most` bytes."""
        size = self.size(name)
        if size is None or size > most:
            return None
        try:
            with (self.path / name).open("rb") as file:
                content = file.read(most + 1)
        except OSError:
            return None
        return content if len(content) <= most else None

    def pieces(self, name: str, size: int) -> Iterator[bytes]:
        """Yield the bytes of a file of exactly `size` bytes in pieces; nothing where there is no such file."""
        if self.size(name) != size:
            return
        left = size
        try:
            with (self.path / name).open("rb") as file:
                while left and (piece := file.read(min(left, PIECE))):
                    left -= len(piece)
                    yield piece
        except OSError:
            return

    def sha256(self, name: str, size: int) -> str | None:
        """Return the hex SHA-256 of a file of exactly `size` bytes, read in pieces; None where there is no such file."""
        if self.size(name) != size:
            return None
        digest = hashlib.sha256()
        for piece in self.pieces(name, size):
            digest.update(piece)
        return digest.hexdigest()

    def open(self, name: str) -> BinaryIO | None:
        """Open a file for reading; None where there is none inside the folder."""
        try:
            return (self.path / name).open("rb") if self._inside(name) else None
        except OSError:
            return None

    def _inside(self, name: str) -> bool:
        """Whether `name` is a regular file that really lies in the folder: a link could point to anything, a pipe never ends."""
        try:
            real = os.path.realpath(self.path / name, strict=True)
            return real.startswith(self._real) and stat.S_ISREG(os.stat(real).st_mode)
        except (OSError, RuntimeError, ValueError):
            return False
