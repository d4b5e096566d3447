"""The private tables beside a record in SQLite: what is deleted here is gone, and every proof stays valid."""

from __future__ import annotations

import sqlite3

from domain.store.contract import Beside
from domain.store.sqlite_database import Database


class PrivateTables(Database):
    """Values behind commitments, conflicts of inspectors, access tokens, and where a stepped clock stands."""

    def put_token(self, digest: bytes, account: str) -> None:
        """Keep the hash of an access token."""
        with self.writing() as connection:
            connection.execute("INSERT INTO private_tokens VALUES (?, ?)", (digest, account))

    def account_of(self, digest: bytes) -> str | None:
        """Return whose token has this hash, None where it is nobody's."""
        rows = self._ask("SELECT account FROM private_tokens WHERE hash = ?", digest)
        return str(rows[0][0]) if rows else None

    def private_value(self, commitment: str) -> tuple[str, bytes] | None:
        """Return (value, salt) behind a commitment in hex, None where it was erased or never known."""
        query = "SELECT value, salt FROM private_values WHERE commitment = ?"
        rows = self._ask(query, commitment)
        return (str(rows[0][0]), bytes(rows[0][1])) if rows else None

    def private_conflicts(self, registry: str) -> list[tuple[str, str]]:
        """Return the declared conflicts of a registry as (object, inspector), sorted."""
        query = "SELECT object, inspector FROM private_conflicts WHERE registry = ? ORDER BY object, inspector"
        return [(name, inspector) for name, inspector in self._ask(query, registry)]

    def private_clock(self) -> str | None:
        """Return where the stepped clock stood last, None where there is none."""
        rows = self._ask("SELECT instant FROM private_clock")
        return str(rows[0][0]) if rows else None

    def put_private_clock(self, instant: str) -> None:
        """Keep where the stepped clock stands."""
        with self.writing() as connection:
            keep_clock(connection, instant)


def keep_clock(connection: sqlite3.Connection, instant: str) -> None:
    """Keep where the stepped clock stands after an entry, in its transaction."""
    connection.execute("INSERT OR REPLACE INTO private_clock VALUES (1, ?)", (instant,))


def keep(connection: sqlite3.Connection, beside: Beside) -> None:
    """Keep what stands beside an entry, in its transaction."""
    connection.executemany("INSERT OR REPLACE INTO private_values VALUES (?, ?, ?, ?)", beside.values)
    for inspector, objects in beside.conflicts:
        connection.execute(
            "DELETE FROM private_conflicts WHERE registry = ? AND inspector = ?", (beside.registry, inspector)
        )
        rows = ((beside.registry, inspector, name) for name in set(objects))
        connection.executemany("INSERT INTO private_conflicts VALUES (?, ?, ?)", rows)
