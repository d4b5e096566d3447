"""The checkpoint: the log's signed statement of how many entries it has and what their root is.

It is a signed note whose text is `<origin>\\n<size, decimal>\\n<base64 of the root>\\n` and nothing more: extension
lines are refused, because witnesses refuse them too. Source: C2SP tlog-checkpoint.
"""

import base64
import re
import unicodedata
from dataclasses import dataclass

from verify import note as notes
from verify.note import NoteError, Signature, VerifierKey

MAX_SIZE = 2**63 - 1

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class Checkpoint:
    """A tree head: the log's origin, the number of entries and the RFC 6962 root (32 bytes). Raises NoteError.

    A root that contradicts a size of 0 is not refused here: judging a tree is the tree's business.
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not self.origin or any(unicodedata.category(each) in ("Cc", "Cs") for each in self.origin):
            raise NoteError(f"{self.origin!a} is no origin: it is empty or holds a control character")
        if not 0 <= self.size <= MAX_SIZE:
            raise NoteError("a tree size is between 0 and 2^63-1")
        if len(self.root) != 32:
            raise NoteError(f"a root has 32 bytes, this one has {len(self.root)}")

    def text(self) -> bytes:
        """Return the three lines that are signed."""
        root = base64.b64encode(self.root).decode("ascii")
        return f"{self.origin}\n{self.size}\n{root}\n".encode()


def parse_text(text: bytes) -> Checkpoint:
    """Read the three lines, each in its one spelling. Raises NoteError."""
    try:
        lines = text.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise NoteError(f"the checkpoint is not UTF-8 at byte {error.start}") from None
    if len(lines) != 4 or lines[3]:
        raise NoteError(
            "a checkpoint is origin, size and root, each ended by a newline, without extension lines",
            "检查点须正好是名称、大小、根三行",
        )
    origin, size, root, _ = lines
    if _SIZE.fullmatch(size) is None:
        raise NoteError(
            f"{size[:32]!a} is no tree size: decimal digits without leading zero, below 2^63",
            f"{size[:32]!a} 不是大小：须为十进制数，没有前导零，小于 2^63",
        )
    return Checkpoint(origin, int(size), notes.decode_base64(root))


def parse(note: bytes) -> tuple[Checkpoint, tuple[Signature, ...]]:
    """Return what a signed checkpoint says and its signature lines, nothing verified. Raises NoteError."""
    text, signatures = notes.split(note)
    return parse_text(text), signatures


def open_checkpoint(note: bytes, vkey: VerifierKey) -> Checkpoint:
    """Return the checkpoint that the log `vkey` signed about itself. Raises NoteError, ed25519.LibraryMissing."""
    text, _ = notes.open_note(note, [vkey])
    checkpoint = parse_text(text)
    # A key may sign many things: the statement counts only for the log that the key is named after.
    if checkpoint.origin != vkey.name:
        raise NoteError(
            f"the checkpoint is of {checkpoint.origin!a}, the key of {vkey.name!a}",
            f"检查点属于 {checkpoint.origin!a}，公钥属于 {vkey.name!a}",
        )
    return checkpoint
