"""Cheats with the keys of the log: whoever brings a new one without the old one having handed over."""

from __future__ import annotations

import base64
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.cheats.common import Cheat, Files, first_draw
from tests.forge import Forge, Json
from verify import note
from verify.checkpoint import Checkpoint
from verify.tree import root

NEW = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x05")
UNIT = {"unit": "220198", "name": "示例单位", "kind": "office", "parent": None}


def vkey_of(key: Ed25519PrivateKey, name: str) -> str:
    return note.format_vkey(name, key.public_key().public_bytes_raw())


def new_key(forge: Forge) -> str:
    return vkey_of(NEW, forge.key.name)


def log_entry(forge: Forge, kind: str, data: Json) -> Json:
    """Add an entry of `log/main` at the end."""
    entry = forge.add(forge.entries[-1], "log/main", kind, "admin", data)
    entry["version"] = sum(each["stream"] == "log/main" for each in forge.entries)
    entry["index"] = len(forge.entries) - 1
    return entry


def more(forge: Forge) -> None:
    """Add an entry that says nothing of keys."""
    entry = forge.add(forge.entries[-1], "unit/220198", "unit.registered", "admin", UNIT)
    entry |= {"version": 1, "index": len(forge.entries) - 1}


def announced(forge: Forge) -> None:
    log_entry(forge, "log.key-announced", {"vkey": new_key(forge)})


def covered(forge: Forge, size: int | None = None, by: Ed25519PrivateKey | None = None) -> Json:
    """Return the head of the entries so far as one key, the old one by default, signed it."""
    forge._link()
    size = len(forge.entries) if size is None else size
    key = by or forge.private
    head = Checkpoint(forge.key.name, size, root(forge.leaves[:size]))
    name = note.parse_vkey(vkey_of(key, forge.key.name))
    signed = base64.b64encode(name.key_id + key.sign(head.text())).decode()
    return {"size": size, "root": head.root.hex(), "signature": signed}


def retired(forge: Forge, head: Json) -> None:
    vkey = note.format_vkey(forge.key.name, forge.key.public)
    log_entry(forge, "log.key-retired", {"vkey": vkey, "covered": head})


def signed_by(forge: Forge, *keys: Ed25519PrivateKey, stated: str | None = None) -> Files:
    """Return the files of a log whose checkpoint carries a line of each of the keys."""
    files = forge.resign()
    text = files["checkpoint"].split(b"\n\n")[0] + b"\n"
    lines = b""
    for key in keys:
        vkey = note.parse_vkey(vkey_of(key, forge.key.name))
        lines += note.format_signature(vkey.name, vkey.key_id, key.sign(text))
    stated = stated or vkey_of(keys[0], forge.key.name)
    return files | {"checkpoint": text + b"\n" + lines, "log.vkey": stated.encode() + b"\n"}


def both_sign(forge: Forge) -> Files:
    """No cheat: a key is announced, and both sign."""
    first_draw(forge)
    announced(forge)
    return signed_by(forge, forge.private, NEW)


def handed_over(forge: Forge) -> Files:
    """No cheat: the old key was retired with a head that it signed over the announcement."""
    first_draw(forge)
    announced(forge)
    retired(forge, covered(forge))
    more(forge)
    return signed_by(forge, NEW)


def key_from_nowhere(forge: Forge) -> Files:
    first_draw(forge)
    return signed_by(forge, NEW)


def key_announced_and_the_old_one_silent(forge: Forge) -> Files:
    first_draw(forge)
    announced(forge)
    return signed_by(forge, NEW)


def retirement(head: Callable[[Forge], Json]) -> Cheat:
    """Return a cheat who retires the old key with another head than one that it signed over the announcement."""

    def cheat(forge: Forge) -> Files:
        first_draw(forge)
        announced(forge)
        retired(forge, head(forge))
        return signed_by(forge, NEW)

    return cheat


def of_the_new_key(forge: Forge) -> Json:
    return covered(forge, by=NEW)


def of_before_the_announcement(forge: Forge) -> Json:
    return covered(forge, len(forge.entries) - 1)


def of_another_history(forge: Forge) -> Json:
    head = Checkpoint(forge.key.name, len(forge.entries), bytes(32))
    signed = base64.b64encode(forge.key.key_id + forge.private.sign(head.text())).decode()
    return {"size": head.size, "root": head.root.hex(), "signature": signed}


def retired_without_successor(forge: Forge) -> Files:
    first_draw(forge)
    retired(forge, covered(forge))
    return signed_by(forge, forge.private)


def key_of_another_log(forge: Forge) -> Files:
    first_draw(forge)
    log_entry(forge, "log.key-announced", {"vkey": vkey_of(NEW, "demo.other.example/1")})
    return signed_by(forge, forge.private)


def key_announced_twice(forge: Forge) -> Files:
    first_draw(forge)
    announced(forge)
    announced(forge)
    return signed_by(forge, forge.private, NEW)


def third_key_while_two_sign(forge: Forge) -> Files:
    first_draw(forge)
    announced(forge)
    third = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x06")
    log_entry(forge, "log.key-announced", {"vkey": vkey_of(third, forge.key.name)})
    return signed_by(forge, forge.private, NEW)


def retired_key_goes_on(forge: Forge) -> Files:
    first_draw(forge)
    announced(forge)
    retired(forge, covered(forge))
    return signed_by(forge, NEW, forge.private)


def false_line_of_the_new_key(forge: Forge) -> Files:
    files = both_sign(forge)
    files["checkpoint"] = files["checkpoint"][:-12] + b"AAAA" + files["checkpoint"][-8:]
    return files


def old_key_stated_after_its_retirement(forge: Forge) -> Files:
    first_draw(forge)
    announced(forge)
    retired(forge, covered(forge))
    return signed_by(forge, NEW, stated=note.format_vkey(forge.key.name, forge.key.public))
