"""Values that have one spelling; what cannot be written down for everybody is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from domain.errors import Invalid
from verify import canonical, entries

_SPELL = msgspec.json.Encoder(order="sorted").encode


def spell(value: Any) -> bytes:
    """Return what `verify.canonical.encode` returns, several times faster; NotCanonical where that raises it.

    Once control characters are refused both encoders escape the same two characters, and ASCII keys sort alike.
    """
    canonical.require_fit(value)
    return _SPELL(value)


def fingerprint_of(kind: str, facts: Mapping[str, Any]) -> bytes:
    """Return the SHA-256 by which a command that comes again is known to be the same."""
    try:
        # Only to be compared, never published: one value has one spelling here, also where it has none for everybody.
        return hashlib.sha256(_SPELL({"kind": kind, "facts": facts})).digest()
    except (TypeError, ValueError, RecursionError) as error:
        raise Invalid(f"内容不能规范表示：{error}", str(error), "LEDGER 2") from error


class refusing_bad_values:
    """Turn a value without a canonical spelling, or an entry that grew too long, into a refusal."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, canonical.NotCanonical | entries.EntryError):
            raise Invalid(f"内容不能规范表示：{error}", str(error), "LEDGER 2") from error
