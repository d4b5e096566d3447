"""Whole logs whose draws name cosigners, asked with a policy from outside: whom it trusts, and who is only called so."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence

from tests.cheats.common import first_draw
from tests.cheats.on_cosigners import NAMES, SECONDS
from tests.forge import Forge, Json
from tests.witnessing import key_of
from verify import note
from verify.checkpoint import Checkpoint
from verify.witness.key import CosignerKey

FIRST = 301
"""The number of the first of these vectors; those before are in other files."""


def own(name: str) -> CosignerKey:
    """Return the key of somebody who calls himself so."""
    return CosignerKey.of(name, hashlib.sha256(f"cheat {name}".encode()).digest())


A, B, C = map(key_of, NAMES)
CASES: list[tuple[Sequence[CosignerKey], int, str, str, bool]] = [
    ((A, B, C), 2, "two", "the draw names the witnesses whom the policy trusts", False),
    ((A, B), 2, "two", "it names two of them, and two are enough", False),
    ((C,), 1, "two", "it names one of them, and the policy demands two: NOTED", False),
    ((own("somebody.example"),), 1, "two", "it names a stranger: NOTED", False),
    (
        (own("w0"), own("w1")),
        1,
        "two",
        "called as lines of the policy are, but not as any of its keys is: NOTED",
        False,
    ),
    ((), 0, "two", "it names nobody: NOTED", False),
    ((*map(own, NAMES),), 1, "two", "called like the witnesses, with keys of their own", True),
    ((A, B, own(C.name)), 2, "two", "two are the policy's, which is enough, the third is only called like one", True),
    ((own(A.name), B), 1, "w1", "the one whom the quorum asks for is there, and another is only called alike", True),
    ((*map(own, NAMES),), 1, "none", "called like the witnesses, but the policy has no quorum", False),
]
"""Whom the freeze names, how many of them must sign, the quorum of the policy, what it is for, whether it is BROKEN."""


def vectors(fresh: Callable[[], Forge]) -> list[Json]:
    """Return them. All whom a draw names cosigned what it rests on; the last checkpoint carries two of the policy's three."""
    return [_asked(f"log-verify-{FIRST + n}", fresh(), *case) for n, case in enumerate(CASES)]


def policy(forge: Forge, quorum: str) -> str:
    """Return a policy of this log and three witnesses, whose own names are others than those of its lines."""
    lines = [f"log {note.format_vkey(forge.key.name, forge.key.public)}"]
    lines += [f"witness w{n} {key.vkey}" for n, key in enumerate((A, B, C))]
    return "\n".join([*lines, "group two 2 w0 w1 w2", f"quorum {quorum}"]) + "\n"


def _asked(
    name: str, forge: Forge, keys: Sequence[CosignerKey], threshold: int, quorum: str, why: str, broken: bool
) -> Json:
    first_draw(forge)
    frozen = forge.first("draw.frozen")
    frozen["data"]["freeze"]["quorum"] = {"threshold": threshold, "cosigners": [key.vkey for key in keys]}
    plain = forge.covered

    def covered(size: int) -> Json:
        made = plain(size)
        return {**made, "cosignatures": [_beside(forge, made, key) for key in keys]} if keys else made

    forge.covered = covered  # type: ignore[method-assign]
    files = forge.settle()
    text = note.split(files["checkpoint"])[0]
    files["checkpoint"] += b"".join(key.cosign(text, SECONDS) for key in (A, B))
    vkey = files["log.vkey"].decode().strip()
    asked = {"files": files, "vkey": vkey, "since": None, "policy": policy(forge, quorum)}
    vector = {"id": name, "operation": "log.verify", "input": asked, "expect": "fail" if broken else "pass"}
    found = {"outcome": "BROKEN", "check": "policy", "index": frozen["index"]} if broken else {"outcome": "HOLDS"}
    return vector | found | {"why": why, "source": "by construction: whom the freeze names is known"}


def _beside(forge: Forge, covered: Json, key: CosignerKey) -> str:
    """Return the cosignature of a checkpoint as an entry carries it."""
    text = Checkpoint(forge.key.name, covered["size"], bytes.fromhex(covered["root"])).text()
    signature = note.split(text + b"\n" + key.cosign(text, SECONDS))[1][0]
    return base64.b64encode(signature.key_id + signature.payload).decode()
