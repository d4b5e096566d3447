"""The private tables beside a record in PostgreSQL: rows come and go, nothing is ever updated."""

from __future__ import annotations

from domain.store.contract import Beside
from domain.store.postgres_connections import Connection
from domain.store.postgres_database import Database


class PrivateTables(Database):
    """Values behind commitments, conflicts of inspectors, access tokens, and where a stepped clock stands."""

    def put_token(self, digest: bytes, account: str) -> None:
        """Keep the hash of an access token."""
        with self.writing() as connection:
            connection.execute("INSERT INTO private_tokens VALUES (%s, %s)", (digest, account))

    def account_of(self, digest: bytes) -> str | None:
        """Return whose token has this hash, None where it is nobody's."""
        rows = self._fetch("SELECT account FROM private_tokens WHERE hash = %s", digest)
        return rows[0][0] if rows else None

    def private_value(self, commitment: str) -> tuple[str, bytes] | None:
        """Return (value, salt) behind a commitment in hex, None where it was erased or never known."""
        rows = self._fetch("SELECT value, salt FROM private_values WHERE commitment = %s", commitment)
        return (rows[0][0], rows[0][1]) if rows else None

    def private_conflicts(self, registry: str) -> list[tuple[str, str]]:
        """Return the declared conflicts of a registry as (object, inspector), sorted."""
        query = "SELECT object, inspector FROM private_conflicts WHERE registry = %s ORDER BY object, inspector"
        return [(name, inspector) for name, inspector in self._fetch(query, registry)]

    def private_clock(self) -> str | None:
        """Return where the stepped clock stood last, None where there is none."""
        found: str | None = self._fetch("SELECT max(instant) FROM private_clock")[0][0]
        return found

    def put_private_clock(self, instant: str) -> None:
        """Keep where the stepped clock stands; it never goes back."""
        with self.writing() as connection:
            keep_clock(connection, instant)


def keep(connection: Connection, beside: Beside) -> None:
    """Keep what stands beside an entry, in its transaction."""
    if beside.values:
        query = (
            "INSERT INTO private_values (commitment, label, salt, value) "
            "SELECT * FROM unnest(%b::text[], %b::text[], %b::bytea[], %b::text[]) ON CONFLICT DO NOTHING"
        )
        connection.execute(query, [list(column) for column in zip(*beside.values, strict=True)])
    declared = dict(beside.conflicts)
    if declared:
        pairs = [(inspector, name) for inspector, objects in declared.items() for name in set(objects)]
        connection.execute(
            "DELETE FROM private_conflicts WHERE registry = %s AND inspector = ANY(%s)",
            (beside.registry, list(declared)),
        )
        connection.execute(
            "INSERT INTO private_conflicts SELECT %s, * FROM unnest(%s::text[], %s::text[])",
            (beside.registry, [inspector for inspector, _ in pairs], [name for _, name in pairs]),
        )


def keep_clock(connection: Connection, instant: str) -> None:
    """Keep where the stepped clock stands after an entry, in its transaction."""
    connection.execute("INSERT INTO private_clock VALUES (%s) ON CONFLICT DO NOTHING", (instant,))
    connection.execute("DELETE FROM private_clock WHERE instant < %s", (instant,))
