"""Rows found by their id and read in the order of their ids, however many: what is more than a few megabytes lies on disk.

They are kept in an anonymous SQLite database, whose temporary file has no name and is gone with it. The order is that of
the ids' UTF-8 bytes. A row is kept as its canonical JSON, which is what is hashed and compared.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Self

from verify import canonical

Row = dict[str, Any]
CACHE = 16 << 10
"""KiB of the database that are held in memory."""


class RepeatedId(ValueError):
    """Two rows have the same id; the message names it."""


class Rows:
    """Rows by id. Used by one thread at a time."""

    def __init__(self) -> None:
        self._count = 0
        self._marks: list[int] = []

    @cached_property
    def _db(self) -> sqlite3.Connection:
        # Made when it is first asked: a log may create ten thousand registries and never fill one.
        opened = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        opened.executescript(
            f"PRAGMA cache_size = -{CACHE}; PRAGMA temp_store = FILE; PRAGMA synchronous = OFF; BEGIN;"
            "CREATE TABLE rows (id TEXT NOT NULL UNIQUE, row TEXT NOT NULL) STRICT;"
        )
        return opened

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Self:
        """Return `rows`, each under its `id`. RepeatedId where one occurs twice."""
        kept = cls()
        for row in rows:
            if not kept.add(row["id"], canonical.encode(row).decode()):
                raise RepeatedId(f"the id {row['id']!r} occurs twice")
        return kept

    def close(self) -> None:
        """Give the memory and the disk back."""
        if "_db" in self.__dict__:
            self._db.close()

    def __len__(self) -> int:
        return self._count

    def __contains__(self, name: str) -> bool:
        return self._db.execute("SELECT 1 FROM rows WHERE id = ?", (name,)).fetchone() is not None

    def __iter__(self) -> Iterator[Row]:
        return map(json.loads, self.texts())

    def names(self) -> Iterator[str]:
        """Yield the ids in their order; the rows do not change meanwhile."""
        return (name for (name,) in self._db.execute("SELECT id FROM rows ORDER BY id"))

    def texts(self) -> Iterator[str]:
        """Yield the rows as canonical JSON in the order of their ids; they do not change meanwhile."""
        return (text for (text,) in self._db.execute("SELECT row FROM rows ORDER BY id"))

    def items(self) -> Iterator[tuple[str, str]]:
        """Yield (id, canonical JSON) in the order of the ids; the rows do not change meanwhile."""
        return iter(self._db.execute("SELECT id, row FROM rows ORDER BY id"))

    def text(self, name: str) -> str | None:
        """Return one row as canonical JSON."""
        found = self._db.execute("SELECT row FROM rows WHERE id = ?", (name,)).fetchone()
        return found[0] if found else None

    def get(self, name: str) -> Row | None:
        """Return one row."""
        text = self.text(name)
        return None if text is None else json.loads(text)

    def add(self, name: str, text: str) -> bool:
        """Keep a row under a new id; False where the id is there already."""
        added = self._db.execute("INSERT INTO rows VALUES (?, ?) ON CONFLICT DO NOTHING", (name, text)).rowcount == 1
        self._count += added
        return added

    def change(self, name: str, text: str) -> bool:
        """Keep another row under an id; False where the id is not there."""
        return self._db.execute("UPDATE rows SET row = ? WHERE id = ?", (text, name)).rowcount == 1

    def remove(self, name: str, _: str = "") -> bool:
        """Forget a row; False where the id is not there."""
        removed = self._db.execute("DELETE FROM rows WHERE id = ?", (name,)).rowcount == 1
        self._count -= removed
        return removed

    def mark(self) -> None:
        """Remember how everything stands now, for `undo`; marks lie on one another."""
        self._db.execute("SAVEPOINT mark")
        self._marks.append(self._count)

    def undo(self) -> None:
        """Let everything be as it was at the last mark, and forget the mark."""
        self._db.execute("ROLLBACK TO mark")
        self._db.execute("RELEASE mark")
        self._count = self._marks.pop()

    def keep(self) -> None:
        """Forget the last mark."""
        self._db.execute("RELEASE mark")
        self._marks.pop()

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Let all changes inside be made, or, where something is raised, none."""
        self.mark()
        try:
            yield
        except BaseException:
            self.undo()
            raise
        self.keep()
