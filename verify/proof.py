"""A receipt: one entry's place in the tree of a signed checkpoint, as one small text that many tools read.

`c2sp.org/tlog-proof@v1\\n` `[extra <base64>\\n]` `index <i>\\n` `<base64 hash>\\n`… `\\n` `<signed checkpoint, verbatim>`.
The hashes go from the leaf's sibling up to the child of the root. In ours `extra` holds the bytes of the entry. Source: C2SP
tlog-proof.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from verify import note as notes
from verify.note import NoteError
from verify.tree import HASH_SIZE, ProofError

HEADER = b"c2sp.org/tlog-proof@v1\n"
MOST_HASHES = 63
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True)
class Proof:
    """The index of an entry, the path of its leaf, the signed checkpoint, and `extra`, which nothing here vouches for."""

    index: int
    path: Sequence[bytes]
    note: bytes
    extra: bytes | None = None

    def to_bytes(self) -> bytes:
        """Return the text."""
        extra = b"" if self.extra is None else b"extra " + base64.b64encode(self.extra) + b"\n"
        path = b"".join(base64.b64encode(each) + b"\n" for each in self.path)
        return HEADER + extra + b"index %d\n" % self.index + path + b"\n" + self.note


def parse(raw: bytes) -> Proof:
    """Read a receipt, each value in its one spelling, nothing verified. Raises ProofError."""
    if not raw.startswith(HEADER):
        raise ProofError("it does not begin as a tlog-proof@v1")
    head, blank, note = raw[len(HEADER) :].partition(b"\n\n")
    if not blank or not note:
        raise ProofError("there is no blank line before a checkpoint")
    try:
        lines = head.decode("ascii").split("\n")
        extra = notes.decode_base64(lines.pop(0)[6:]) if lines[0].startswith("extra ") else None
        found = _INDEX.fullmatch(lines.pop(0)) if lines else None
        path = [notes.decode_base64(line) for line in lines]
    except (NoteError, UnicodeDecodeError) as error:
        raise ProofError(str(error)) from error
    if found is None:
        raise ProofError("there is no index")
    if len(path) > MOST_HASHES or any(len(each) != HASH_SIZE for each in path):
        raise ProofError(f"a path has at most {MOST_HASHES} hashes of {HASH_SIZE} bytes")
    return Proof(int(found[1]), path, note, extra)
