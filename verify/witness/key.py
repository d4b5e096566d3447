"""A witness's own key: made once, kept in a file that only its owner reads, used for cosignatures and nothing else.

The file is one line, `PRIVATE+KEY+<name>+<8 hex of the key id>+base64(0x04 || seed[32])`, as Go's signed notes spell theirs.
"""

from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass
from pathlib import Path

from verify import durable, ed25519
from verify import note as notes
from verify.note import COSIGNATURE

FILE = "key"
_PRIVATE = re.compile(r"PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})\n?")


class KeyFault(Exception):
    """There is no usable key, or one too many."""


@dataclass(frozen=True)
class CosignerKey:
    """A name, the 32 bytes behind its key, and its public key."""

    name: str
    seed: bytes
    public: bytes

    @classmethod
    def of(cls, name: str, seed: bytes) -> CosignerKey:
        """Return the key. Raises NoteError where the name cannot be one, ed25519.LibraryMissing."""
        public = ed25519.public_of(seed)
        notes.format_vkey(name, public, COSIGNATURE)
        return cls(name, seed, public)

    @property
    def vkey(self) -> str:
        """What others verify its cosignatures with."""
        return notes.format_vkey(self.name, self.public, COSIGNATURE)

    def cosign(self, text: bytes, seconds: int) -> bytes:
        """Return the signature line under a checkpoint's text: as of `seconds`, this is the largest tree that was seen."""
        signature = ed25519.sign(self.seed, notes.cosigned_message(text, seconds))
        key_id = notes.key_id(self.name, COSIGNATURE, self.public)
        return notes.format_signature(self.name, key_id, seconds.to_bytes(8, "big") + signature)


def make(folder: Path, name: str) -> CosignerKey:
    """Make a key of this name in the folder, durable when this returns. KeyFault where a key of another name is there.

    Called again with the same name it returns the key that is there: nobody's key is ever written over.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (folder / FILE).exists():
        found = load(folder)
        if found.name != name:
            raise KeyFault(f"{folder} holds the key of {found.name}")
        return found
    key = CosignerKey.of(name, os.urandom(32))
    private = base64.b64encode(bytes([COSIGNATURE]) + key.seed).decode()
    line = f"PRIVATE+KEY+{name}+{notes.key_id(name, COSIGNATURE, key.public).hex()}+{private}\n"
    durable.write(folder / FILE, line.encode(), 0o600)
    return key


def load(folder: Path) -> CosignerKey:
    """Read the key of a folder. KeyFault where there is none, where others may read it, or where it is not one."""
    try:
        with (folder / FILE).open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(4096).decode()
        found = _PRIVATE.fullmatch(text)
        if found is None:
            raise KeyFault(f"{folder / FILE} is not a key")
        raw = notes.decode_base64(found[3])
        key = CosignerKey.of(found[1], raw[1:])
    except (OSError, ValueError) as error:
        raise KeyFault(f"the key in {folder} cannot be read: {error}") from error
    if mode & 0o077:
        raise KeyFault(f"{folder / FILE} can be read by others: chmod 600 and think about who did")
    if raw[0] != COSIGNATURE or found[2] != notes.key_id(key.name, COSIGNATURE, key.public).hex():
        raise KeyFault(f"{folder / FILE} is not the key of a cosigner, or not of this name")
    return key
