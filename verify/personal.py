"""Personal fields: public bytes carry a salted commitment, the value and its salt stay in a private table.

Disclosing is handing over value and salt; erasing is deleting them, and every proof stays valid. Source: ledger
specification, section 5.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from verify import canonical
from verify.seed import lp


def field_commitment(label: str, salt: bytes, value: str) -> bytes:
    """Return SHA-256("fairdraw/field/v1\\0" || LP(label) || salt || value).

    `label` is `<registry>/<id>/<field>`, `salt` has 32 bytes, `value` is UTF-8 in NFC. ValueError for another salt.
    """
    if len(salt) != 32:
        raise ValueError(f"a salt has 32 bytes, this one has {len(salt)}")
    return hashlib.sha256(b"fairdraw/field/v1\0" + lp(label) + salt + value.encode("utf-8")).digest()


def recusal_label(draw: str, object_id: str) -> str:
    """Return the label of who is recused from an object; `draw` is the draw's id without its noun."""
    return f"recusals/{draw}/{object_id}"


def recusal_value(inspectors: Iterable[str]) -> str:
    """Return the value behind a recusal: the inspectors' ids, sorted, as canonical JSON."""
    return canonical.encode(sorted(inspectors)).decode()
