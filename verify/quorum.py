"""The quorum that a freeze names: how many of which cosigners must have signed the checkpoints that its draw rests on.

In the freeze it is `{"threshold": k, "cosigners": [vkey, …]}`, (0, none) where no cosigner is named. A cosignature beside a
checkpoint is base64 of key id[4] || u64be POSIX seconds || signature[64], as in a signature line of the note.
Source: ledger specification, section 7; C2SP tlog-cosignature.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from verify import note as notes
from verify.checkpoint import Checkpoint
from verify.note import NoteError, VerifierKey

LENGTH = 4 + 8 + 64


@dataclass(frozen=True)
class Quorum:
    """So many of these cosigners; `threshold` 0 asks for none."""

    threshold: int
    keys: tuple[VerifierKey, ...]

    @classmethod
    def of(cls, frozen: dict[str, Any], own: Collection[VerifierKey] = ()) -> Quorum:
        """Read the quorum of a freeze. Raises NoteError where it is none: too few cosigners, one twice, or a log's `own` key."""
        keys = tuple(notes.parse_vkey(text) for text in frozen["cosigners"])
        threshold = int(frozen["threshold"])
        if any(key.kind != notes.COSIGNATURE for key in keys):
            raise NoteError("the quorum names a key that is not of a cosigner (type 0x04)")
        if any(
            len(set(values)) < len(keys) for values in zip(*((k.public, k.key_id, k.name) for k in keys), strict=True)
        ):
            raise NoteError("the quorum names a cosigner twice")
        if {key.public for key in own} & {key.public for key in keys}:
            raise NoteError("the quorum names the key of the log itself")
        if threshold > len(keys) or (threshold == 0) != (not keys):
            raise NoteError(f"the quorum asks for {threshold} of {len(keys)} cosigners")
        return cls(threshold, keys)

    def spelled(self) -> dict[str, Any]:
        """Return it as the freeze holds it."""
        return {
            "threshold": self.threshold,
            "cosigners": [notes.format_vkey(key.name, key.public, key.kind) for key in self.keys],
        }

    def held(self, head: Checkpoint, cosignatures: Iterable[bytes], before: int | None = None) -> dict[str, int]:
        """Return cosigner -> POSIX seconds of those that signed the head, `before` a second where one is given.

        What is not by a cosigner of the quorum, and the second signature of one, is left out. Raises NoteError where one
        is by a cosigner of the quorum and does not hold, ed25519.LibraryMissing.
        """
        text, known = head.text(), {key.key_id: key for key in self.keys}
        found: dict[str, int] = {}
        for raw in cosignatures:
            key = known.get(raw[:4])
            if key is None or key.name in found:
                continue
            if len(raw) != LENGTH or not notes.holds(key, text, raw[4:]):
                raise NoteError(f"the cosignature of {key.name} does not hold")
            seconds = int.from_bytes(raw[4:12], "big")
            if before is None or seconds < before:
                found[key.name] = seconds
        return found

    def reached(self, found: dict[str, int]) -> bool:
        """Whether these cosigners are enough."""
        return len(found) >= self.threshold


def decoded(spelled: Iterable[str]) -> list[bytes]:
    """Return cosignatures from their base64, as an entry carries them."""
    return [base64.b64decode(each) for each in spelled]
