"""Personal fields: public bytes carry a salted commitment, the value and its salt stay in a private table.

Disclosing is handing over value and salt; erasing is deleting them, and every proof stays valid. Source: ledger
specification, section 5.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

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


_IDENTITY = re.compile(
    r"(?<![0-9A-Za-z])\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![0-9A-Za-z])",
    re.ASCII,
)
_LONG = re.compile("[0-9０-９]{11}")
_MOBILE = re.compile(r"(?<![0-9A-Za-z])1[3-9]\d{9}(?![0-9A-Za-z])", re.ASCII)
_HALF_WIDTH = {ord(wide): plain for wide, plain in zip("０１２３４５６７８９", "0123456789", strict=True)}
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def looks_personal(text: str) -> str | None:
    """Return what in a public text looks like a person's identity number (GB 11643) or mobile phone, None where nothing."""
    if not _LONG.search(text):  # most texts have not the digits of a phone, the shorter of the two
        return None
    if not text.isascii():
        text = text.translate(_HALF_WIDTH)
    for found in _IDENTITY.findall(text):
        total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, found, strict=False))
        if "10X98765432"[total % 11] == found[-1].upper():
            return str(found)
    mobile = _MOBILE.search(text)
    return mobile.group() if mobile else None


def public_texts(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return what somebody wrote into a line of a list: all but ids, whose digits are those of a register."""
    row = line["row"] if isinstance(line.get("row"), dict) else line
    return {key: value for key, value in row.items() if key != "id"}


def texts(value: Any) -> list[str]:
    """Return every text inside a JSON value, keys left out."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            found.append(part)
        elif isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return found
