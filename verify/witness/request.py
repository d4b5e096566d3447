"""The request to a witness: the size it is believed to have, a proof that the log only grew since, and the checkpoint.

Form: `old <size>\\n`, at most 63 lines `base64(hash)\\n`, `\\n`, then the signed checkpoint. Source: C2SP tlog-witness.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from verify import note as notes
from verify.checkpoint import MAX_SIZE
from verify.note import NoteError

MOST_HASHES = 63
SIZE_MEDIA = "text/x.tlog.size"
"""What an answer 409 is: the size that the witness has, and nothing else."""
_OLD = re.compile(rb"old (0|[1-9][0-9]{0,18})")


class RequestError(ValueError):
    """These bytes are no request to a witness."""


@dataclass(frozen=True)
class Request:
    """What a witness is asked: to sign `note` as an extension, shown by `path`, of the tree of `old` entries."""

    old: int
    path: list[bytes]
    note: bytes


def parse(body: bytes) -> Request:
    """Read a request; what the note says is not looked at. Raises RequestError."""
    end = body.find(b"\n\n")
    if end < 0:
        raise RequestError("there is no blank line before the checkpoint")
    first, *lines = body[:end].split(b"\n")
    found = _OLD.fullmatch(first)
    if found is None or int(found[1]) > MAX_SIZE:
        raise RequestError("the first line is `old` and a size, decimal without leading zero")
    if len(lines) > MOST_HASHES:
        raise RequestError(f"the proof has {len(lines)} lines, at most {MOST_HASHES} are allowed")
    return Request(int(found[1]), [_hash(line) for line in lines], body[end + 2 :])


def spell(request: Request) -> bytes:
    """Return the bytes that `parse` reads."""
    hashes = b"".join(base64.b64encode(each) + b"\n" for each in request.path)
    return b"old %d\n" % request.old + hashes + b"\n" + request.note


def stated_size(body: bytes) -> int | None:
    """Return the size that an answer 409 states, None where it states none."""
    found = re.fullmatch(rb"(0|[1-9][0-9]{0,18})\n", body)
    return int(found[1]) if found and int(found[1]) <= MAX_SIZE else None


def cosignatures(body: bytes, text: bytes, keys: Sequence[notes.VerifierKey]) -> list[notes.Signature]:
    """Return the cosignatures of an answer 200 by these keys, each verified; lines of other keys are ignored.

    Raises NoteError where the answer is no signature lines or one by these keys does not hold, ed25519.LibraryMissing.
    """
    known = {(key.name, key.key_id): key for key in keys}
    held = []
    for signature in notes.split(text + b"\n" + body)[1]:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        if not notes.holds(key, text, signature.payload):
            raise NoteError(f"the cosignature of {key.name} does not hold")
        held.append(signature)
    return held


def _hash(line: bytes) -> bytes:
    try:
        found = notes.decode_base64(line.decode("ascii"))
    except (NoteError, UnicodeDecodeError):
        raise RequestError("a line of the proof is not base64") from None
    if len(found) != 32:
        raise RequestError(f"a hash of the proof has 32 bytes, this one has {len(found)}")
    return found
