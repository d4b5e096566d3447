"""One process per log: a lock file that names the process holding it.

SQLite may corrupt a database that two processes write and checkpoint at once, so the second one is refused by name. The
kernel drops the lock when its holder dies, however it dies.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from domain.errors import Unavailable


class InUse(Unavailable):
    """Another process holds the log."""


class LockFile:
    """The exclusive lock on one log, held from construction to `release`."""

    def __init__(self, path: Path) -> None:
        """Take the lock. InUse, naming the holder, where another process has it."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip() or "?"
            os.close(self._descriptor)
            raise InUse(
                f"台账正由进程 {holder} 使用（{path}）",
                f"the log is in use by process {holder} ({path})",
                "LEDGER 7",
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the lock back; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
