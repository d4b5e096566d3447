"""Cheats on the cosigners that a freeze names, by somebody who holds the log's key and all secrets, but not theirs."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from tests.cheats.common import Cheat, Files, first_draw
from tests.cheats.on_keys import log_entry
from tests.forge import Forge, Json
from tests.witnessing import key_of
from verify import note
from verify.checkpoint import Checkpoint
from verify.entries import seconds_of
from verify.witness.key import CosignerKey

NAMES = ("commission.example", "procuratorate.example", "university.example")
SECONDS = 1_772_414_000


def vkeys(*names: str) -> list[str]:
    return [key_of(name).vkey for name in names]


def quorum(threshold: int = 2, cosigners: Sequence[str] = NAMES) -> Json:
    return {"threshold": threshold, "cosigners": vkeys(*cosigners)}


def cosign(forge: Forge, covered: Json, name: str, seconds: int = SECONDS) -> str:
    """Return the cosignature of a checkpoint as an entry carries it."""
    text = Checkpoint(forge.key.name, covered["size"], bytes.fromhex(covered["root"])).text()
    signature = note.split(text + b"\n" + key_of(name).cosign(text, seconds))[1][0]
    return base64.b64encode(signature.key_id + signature.payload).decode()


def settled(forge: Forge, by: Sequence[str], named: Json | None = None, seconds: int = SECONDS) -> Files:
    """Freeze a quorum, and let every checkpoint that the draw rests on be cosigned by some."""
    forge.first("draw.frozen")["data"]["freeze"]["quorum"] = named or quorum()
    plain = forge.covered

    def covered(size: int) -> Json:
        made = plain(size)
        return {**made, "cosignatures": [cosign(forge, made, name, seconds) for name in by]}

    forge.covered = covered  # type: ignore[method-assign]
    return forge.settle()


def honest(forge: Forge) -> Files:
    """Not a cheat: two of three have cosigned."""
    first_draw(forge)
    return settled(forge, NAMES[:2])


def cosigned_by(*names: str) -> Cheat:
    """Return a cheat under a quorum of two, whose checkpoints were cosigned by these."""

    def cheat(forge: Forge) -> Files:
        first_draw(forge)
        return settled(forge, names)

    return cheat


def named(threshold: int, *names: str) -> Cheat:
    """Return a cheat who names a quorum that cannot be one."""

    def cheat(forge: Forge) -> Files:
        first_draw(forge)
        return settled(forge, NAMES, {"threshold": threshold, "cosigners": vkeys(*names)})

    return cheat


def log_cosigns_itself(forge: Forge) -> Files:
    first_draw(forge)
    own = note.format_vkey("other.example", forge.key.public, note.COSIGNATURE)
    return settled(forge, NAMES[:1], {"threshold": 1, "cosigners": [*vkeys(NAMES[0]), own]})


def key_of_a_log_as_cosigner(forge: Forge) -> Files:
    first_draw(forge)
    other = note.format_vkey("other.example", key_of("other").public)
    return settled(forge, NAMES[:1], {"threshold": 1, "cosigners": [*vkeys(NAMES[0]), other]})


def cosignature_of_another_head(forge: Forge) -> Files:
    first_draw(forge)
    settled(forge, NAMES[:2])
    entry = forge.first("draw.contribution-revealed")
    earlier = forge.first("draw.contribution-committed")["data"]["covered"]["cosignatures"]
    entry["data"]["covered"]["cosignatures"] = earlier
    forge.keep_until(entry)
    return forge.settle(("covered",))


def without_cosignatures(forge: Forge) -> Files:
    first_draw(forge)
    settled(forge, NAMES[:2])
    entry = forge.first("draw.contribution-committed", 1)
    del entry["data"]["covered"]["cosignatures"]
    forge.keep_until(entry)
    return forge.settle(("covered",))


def cosigned_when_the_beacon_was_known(forge: Forge) -> Files:
    """The operator keeps the reveals back from the cosigners until he has seen the beacon. A real clock shows it."""
    first_draw(forge)
    forge.first("log.created")["data"]["clock"] = "system"
    recorded = forge.first("draw.beacon-recorded")
    return settled(forge, NAMES[:2], seconds=seconds_of(recorded["at"]))


def next_key_cosigns(forge: Forge) -> Files:
    """The log announces a key after the draw that it had used as a witness of its own during it."""
    first_draw(forge)
    own = note.format_vkey(forge.key.name, key_of(NAMES[0]).public)
    log_entry(forge, "log.key-announced", {"vkey": own})
    return settled(forge, NAMES[:2])


def called_alike(forge: Forge) -> Files:
    """The freeze names cosigners that are called like those whom everybody trusts, with keys of the cheat's own."""
    first_draw(forge)
    own = [CosignerKey.of(name, hashlib.sha256(f"cheat {name}".encode()).digest()).vkey for name in NAMES]
    return settled(forge, (), {"threshold": 1, "cosigners": own})
