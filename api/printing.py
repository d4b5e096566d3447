"""What is printed can be read by a machine again: bytes as a QR code, drawn as SVG inside a page."""

from __future__ import annotations

import segno

from domain.errors import Invalid

MOST = 2331
"""The most bytes of one code at error level M, version 40 (ISO/IEC 18004, table 7)."""


def qr_svg(data: bytes) -> str:
    """Return `data`, byte for byte, as a QR code: an inline `<svg>` without script that grows to the room it is given.

    Level M reads with 15 % of the code covered, as on paper that was stamped or folded. Invalid beyond 2,331 bytes.
    """
    if not 0 < len(data) <= MOST:
        raise Invalid(f"二维码容不下 {len(data)} 字节", f"a QR code takes 1 to {MOST} bytes, not {len(data)}", "LEDGER 7")
    code = segno.make_qr(data, error="m", mode="byte", boost_error=False)
    return code.svg_inline(border=4, light="#fff", omitsize=True, svgclass="qr", lineclass=None)
