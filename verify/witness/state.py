"""What a witness remembers: of each log the last checkpoint that it cosigned, in a file that anybody with `cat` can read.

`<folder>/<hex SHA-256 of the origin>/checkpoint` holds the log's line and the witness's own. Whoever compares and stores
holds the lock beside it, threads and processes alike; the kernel drops it when its holder dies. A file is replaced by a
rename after it is on disk, so a crash at any point leaves the old head or the new one, never half of one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from verify import checkpoint as checkpoints
from verify import durable
from verify.checkpoint import Checkpoint
from verify.note import NoteError
from verify.tree import EMPTY_ROOT

KEPT = 1000
"""So many refused heads of one log are kept as evidence; the first of them are worth most."""


class StateFault(Exception):
    """What the witness remembers cannot be read or written: it signs nothing."""


@dataclass(frozen=True)
class Memory:
    """What is remembered of one log, in a folder of its own."""

    folder: Path
    origin: str

    @classmethod
    def of(cls, folder: Path, origin: str) -> Memory:
        """Return the memory of a log below the witness's folder."""
        return cls(folder / name_of(origin), origin)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other thread and process from this log's memory meanwhile. Raises StateFault."""
        try:
            if not self.folder.is_dir():
                self.folder.mkdir(mode=0o700, exist_ok=True)
                durable.sync(self.folder.parent)
            descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StateFault(f"the memory of {self.origin} cannot be opened: {error}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def note(self) -> bytes | None:
        """Return the last cosigned checkpoint, None before the first. Raises StateFault."""
        try:
            return (self.folder / "checkpoint").read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateFault(f"the memory of {self.origin} cannot be read: {error}") from error

    def head(self) -> Checkpoint:
        """Return the last cosigned head, that of the empty tree before the first. Raises StateFault."""
        note = self.note()
        if note is None:
            return Checkpoint(self.origin, 0, EMPTY_ROOT)
        try:
            found = checkpoints.parse(note)[0]
        except NoteError as error:
            raise StateFault(f"the memory of {self.origin} is damaged: {error}") from error
        if found.origin != self.origin:
            raise StateFault(f"the memory of {self.origin} is that of {found.origin}")
        return found

    def put(self, note: bytes) -> None:
        """Replace the last cosigned checkpoint, durable when this returns. Raises StateFault."""
        try:
            durable.write(self.folder / "checkpoint", note, 0o600)
        except OSError as error:
            raise StateFault(f"the memory of {self.origin} cannot be written: {error}") from error

    def keep_refused(self, head: Checkpoint, body: bytes) -> Path:
        """Keep a request that the log's key signed and that does not extend what was cosigned, with that beside it.

        The two are what `evidence` is asked with. Whether they prove anything is for it to say: an honest log can send a
        wrong proof. Returns where it is, or would be where there are too many. Raises StateFault.
        """
        try:
            folder = self.folder / "refused"
            folder.mkdir(mode=0o700, exist_ok=True)
            path = folder / f"{head.size}-{head.root.hex()}"
            if not path.exists() and sum(1 for _ in folder.iterdir()) < 2 * KEPT:
                durable.write(path.with_name(f"{path.name}.cosigned"), self.note() or b"", 0o600)
                durable.write(path, body, 0o600)
            return path
        except OSError as error:
            raise StateFault(f"the evidence about {self.origin} cannot be written: {error}") from error


def name_of(origin: str) -> str:
    """Return how a log is called in the witness's folder and addresses: the hex SHA-256 of its origin."""
    return hashlib.sha256(origin.encode()).hexdigest()
