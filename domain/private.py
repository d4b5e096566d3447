"""What is known but never published: values behind commitments, conflicts of inspectors, and access tokens.

Nothing here is part of the record: deleting a value and its salt erases a person, and every proof stays valid.
"""

from __future__ import annotations

import hashlib
import secrets

from domain.store.contract import Store
from verify.personal import field_commitment


class Private:
    """The private tables beside the log."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def issue_token(self, account: str) -> str:
        """Return a new access token of an account; only its hash is kept, so it is shown once."""
        token = secrets.token_urlsafe(32)
        self._store.put_token(_hash(token), account)
        return token

    def account_of_token(self, token: str) -> str | None:
        """Return whose token this is, None where it is nobody's."""
        return self._store.account_of(_hash(token))

    def value(self, commitment: str) -> tuple[str, bytes] | None:
        """Return (value, salt) behind a commitment in hex, None where it was erased or never known."""
        return self._store.private_value(commitment)

    def conflicts(self, registry: str) -> dict[str, list[str]]:
        """Return the declared conflicts of a registry of inspectors: the inspectors' ids by object id."""
        found: dict[str, list[str]] = {}
        for name, inspector in self._store.private_conflicts(registry):
            found.setdefault(name, []).append(inspector)
        return found

    def conflicts_of(self, registry: str) -> dict[str, list[str]]:
        """Return the same the other way round: the object ids by inspector id, sorted."""
        found: dict[str, list[str]] = {}
        for name, inspectors in self.conflicts(registry).items():
            for inspector in inspectors:
                found.setdefault(inspector, []).append(name)
        return found

    def clock(self) -> str | None:
        """Return where the stepped clock stood last, None where there is none."""
        return self._store.private_clock()

    def set_clock(self, instant: str) -> None:
        """Keep where the stepped clock stands."""
        self._store.put_private_clock(instant)


def sealed(label: str, value: str) -> tuple[str, str, bytes, str]:
    """Return (commitment in hex, label, new salt, value): a personal field with a salt of its own."""
    salt = secrets.token_bytes(32)
    return field_commitment(label, salt, value).hex(), label, salt, value


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8")).digest()
