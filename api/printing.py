"""What is printed can be read by a machine again: bytes as a QR code, and on every page the checkpoint that seals it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache

import segno

from domain.errors import Invalid
from verify import checkpoint, note

MOST = 2331
"""The most bytes of one code at error level M, version 40 (ISO/IEC 18004, table 7)."""


def qr_svg(data: bytes) -> str:
    """Return `data`, byte for byte, as a QR code: an inline `<svg>` without script that grows to the room it is given.

    Level M reads with 15 % of the code covered, as on paper that was stamped or folded. Invalid beyond 2,331 bytes.
    """
    if not 0 < len(data) <= MOST:
        raise Invalid(
            f"二维码容不下 {len(data)} 字节", f"a QR code takes 1 to {MOST} bytes, not {len(data)}", "LEDGER 7"
        )
    code = segno.make_qr(data, error="m", mode="byte", boost_error=False)
    return code.svg_inline(border=4, light="#fff", omitsize=True, svgclass="qr", lineclass=None)


@dataclass(frozen=True)
class Seal:
    """A checkpoint as it is printed: what it says, which keys of the log signed it, and the whole note as text and code.

    `svg` is None where the name of the log is too long for a code.
    """

    origin: str
    size: int
    root: str
    key_ids: tuple[str, ...]
    text: str
    svg: str | None


@lru_cache(maxsize=8)
def seal(published: bytes) -> Seal:
    """Return a published checkpoint for a printed page: its text and the log's own lines, without those of cosigners."""
    head, signatures = checkpoint.parse(published)
    own = [each for each in signatures if each.name == head.origin and len(each.payload) == 64]
    lines = b"".join(note.format_signature(each.name, each.key_id, each.payload) for each in own)
    whole = head.text() + b"\n" + lines
    root = base64.b64encode(head.root).decode()
    svg = qr_svg(whole) if len(whole) <= MOST else None
    return Seal(head.origin, head.size, root, tuple(each.key_id.hex() for each in own), whole.decode(), svg)
