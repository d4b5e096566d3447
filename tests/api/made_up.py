"""Codes that nobody has, and where to look for the collected files, which do not come with the product."""

import os
from pathlib import Path

from domain import uscc

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("FAIRDRAW_SHARED_DATA", ROOT.parent / "shared" / "data"))


def code(number):
    """Return a valid code that nobody has: its organisation code begins with YY."""
    organisation = f"YY{number:06d}"
    body = "91220101" + organisation + uscc.organisation_check_character(organisation)
    return body + uscc.check_character(body)
