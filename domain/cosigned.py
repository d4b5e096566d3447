"""What the cosigners of a log have answered, durable beside the log: notes, how each witness stands, and refusals.

`cosigned.db` holds for each published size the checkpoint with the cosignatures that were had for it, in SQLite with a rollback
journal, so that several workers may use it. `refusals.jsonl` has a line for each refusal of a witness, with everything
that was sent and answered, for whoever asks later who was in the wrong.
"""

from __future__ import annotations

import base64
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

NOTES, REFUSALS = "cosigned.db", "refusals.jsonl"
MOST_BYTES = 1 << 26
PATIENCE = 30.0
"""Seconds to wait for another worker that writes."""
_TABLES = """
CREATE TABLE IF NOT EXISTS notes (size INTEGER PRIMARY KEY, note BLOB NOT NULL, quorum INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS witnesses (
    name TEXT PRIMARY KEY, size INTEGER NOT NULL, at TEXT NOT NULL, fault TEXT NOT NULL, refusals INTEGER NOT NULL
) STRICT;
"""


@dataclass(frozen=True)
class Standing:
    """How a witness stands: the size that it cosigned last and when, what is wrong with it since, and its refusals so far."""

    size: int = 0
    at: str = ""
    fault: str = ""
    refusals: int = 0


@dataclass(frozen=True)
class Refused:
    """A refusal: when, by whom, what was asked and what was answered, to the byte."""

    at: str
    witness: str
    url: str
    reason: str
    status: int
    request: bytes
    answer: bytes


class Cosigned:
    """The answers about one log, in its folder."""

    def __init__(self, folder: Path) -> None:
        self._path, self._refusals = folder / NOTES, folder / REFUSALS
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        with self._open() as connection:
            connection.executescript(_TABLES)

    def latest(self) -> bytes | None:
        """Return the largest checkpoint of which every witness was asked, with the cosignatures that came."""
        return self._note("SELECT note FROM notes ORDER BY size DESC LIMIT 1")

    def note(self, size: int) -> bytes | None:
        """Return the checkpoint of a size with its cosignatures, None where nobody was asked yet."""
        return self._note("SELECT note FROM notes WHERE size = ?", size)

    def above(self, index: int) -> Iterator[bytes]:
        """Yield the checkpoints of more than `index` entries, the smallest first."""
        while note := self._note("SELECT note FROM notes WHERE size > ? ORDER BY size LIMIT 1", index):
            yield note
            index = int(note.split(b"\n", 2)[1])

    def quorum_size(self) -> int:
        """Return the largest size that had the quorum of the policy, 0 before the first."""
        with self._open() as connection:
            (found,) = connection.execute("SELECT coalesce(max(size), 0) FROM notes WHERE quorum").fetchone()
        return int(found)

    def keep(self, size: int, note: bytes, quorum: bool) -> None:
        """Keep a checkpoint with the cosignatures that there are; durable when this returns."""
        with self._open() as connection:
            connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?, ?)", (size, note, quorum))

    def stand(self, name: str, standing: Standing) -> None:
        """Keep how a witness stands."""
        with self._open() as connection:
            row = (name, standing.size, standing.at, standing.fault, standing.refusals)
            connection.execute("INSERT OR REPLACE INTO witnesses VALUES (?, ?, ?, ?, ?)", row)

    def standing(self, name: str) -> Standing:
        """Return how a witness stands."""
        with self._open() as connection:
            query = "SELECT size, at, fault, refusals FROM witnesses WHERE name = ?"
            row = connection.execute(query, (name,)).fetchone()
        return Standing(*row) if row else Standing()

    def refuse(self, refused: Refused) -> None:
        """Keep a refusal; durable when this returns. A witness cannot fill the disk of a log: after `MOST_BYTES` none is kept."""
        if self._refusals.exists() and self._refusals.stat().st_size > MOST_BYTES:
            return
        line = asdict(refused)
        for part in ("request", "answer"):
            line[part] = base64.b64encode(line[part]).decode()
        descriptor = os.open(self._refusals, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def refusals(self) -> list[dict[str, Any]]:
        """Return every refusal as it is kept, request and answer in base64, the oldest first."""
        try:
            with self._refusals.open("rb") as file:
                return [json.loads(line) for line in file if line.endswith(b"\n")]
        except FileNotFoundError:
            return []

    def _note(self, query: str, *values: int) -> bytes | None:
        with self._open() as connection:
            row = connection.execute(query, values).fetchone()
        return bytes(row[0]) if row else None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Give a connection whose changes are one transaction. A new one each time: it lives as long as its thread needs it."""
        connection = sqlite3.connect(self._path, timeout=PATIENCE)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            with connection:
                yield connection
        finally:
            connection.close()
