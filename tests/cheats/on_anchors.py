"""Cheats with time stamps: replayed, exchanged, or over a checkpoint that the log never had."""

from __future__ import annotations

import copy

from tests.cheats.common import Files
from tests.forge import Forge, Json
from verify import documents
from verify.kinds import NOTE_MEDIA, TOKEN_MEDIA


def anchors(forge: Forge) -> list[Json]:
    return forge.all("checkpoint.anchored")


def put(forge: Forge, content: bytes, media: str) -> Json:
    reference = documents.reference(content, media)
    forge.documents[str(reference["sha256"])] = content
    return reference


def token_of(forge: Forge, nth: int) -> bytes:
    return forge.documents[anchors(forge)[nth]["data"]["token"]["sha256"]]


def token_replayed(forge: Forge) -> Files:
    """The younger checkpoint is shown with the token of the older one."""
    anchors(forge)[1]["data"]["token"] = anchors(forge)[0]["data"]["token"]
    return forge.resign()


def byte_of_a_token_changed(forge: Forge) -> Files:
    """A file is edited; whether the byte is one that the authority signed does not matter."""
    name = anchors(forge)[0]["data"]["token"]["sha256"]
    forge.documents[name] = forge.documents[name][:-1] + bytes([forge.documents[name][-1] ^ 1])
    return forge.raw()


def signature_of_a_token_changed(forge: Forge) -> Files:
    """By one with the log's key, who hashes the token anew."""
    entry, token = anchors(forge)[0], token_of(forge, 0)
    entry["data"]["token"] = put(forge, token[:-5] + bytes([token[-5] ^ 1]) + token[-4:], TOKEN_MEDIA)
    return forge.resign()


def token_that_is_none(forge: Forge) -> Files:
    anchors(forge)[0]["data"]["token"] = put(forge, b"granted", TOKEN_MEDIA)
    return forge.resign()


def token_called_a_list(forge: Forge) -> Files:
    anchors(forge)[0]["data"]["token"]["type"] = NOTE_MEDIA
    return forge.resign()


def history_rewritten_below_a_stamp(forge: Forge) -> Files:
    """The level-four attacker: an entry below the stamp is edited, everything is hashed and signed anew."""
    forge.first("unit.registered", 1)["data"]["name"] = "另一单位"
    return forge.resign()


def checkpoint_of_a_fork_stamped(forge: Forge) -> Files:
    """He also shows a stamped note that is signed, of another history."""
    entry = anchors(forge)[0]
    forge.first("unit.registered", 1)["data"]["name"] = "另一单位"
    forge._link()
    size = entry["data"]["covered"]["size"]
    entry["data"]["covered"] = forge.covered(size)
    entry["data"]["checkpoint"] = put(forge, forge.sign(size), NOTE_MEDIA)
    return forge.resign()


def signature_in_the_entry_changed(forge: Forge) -> Files:
    first, second = anchors(forge)
    first["data"]["covered"]["signature"] = second["data"]["covered"]["signature"]
    return forge.resign()


def anchor_before_its_checkpoint(forge: Forge) -> Files:
    """The second anchor stands where the entries it covers are not recorded yet."""
    first, second = anchors(forge)
    first["data"] = copy.deepcopy(second["data"])
    return forge.resign()
