"""Cheats on the files of an export, without the log's key."""

from __future__ import annotations

from tests.cheats.common import Files, first_draw, first_round
from tests.forge import Forge
from verify import note


def honest(forge: Forge) -> Files:
    return forge.raw()


def entry_dropped(forge: Forge) -> Files:
    forge.drop(forge.first("plan.justice-reviewed"))
    return forge.raw()


def entries_swapped(forge: Forge) -> Files:
    a, b = forge.at(forge.first("registry.filed")), forge.at(forge.first("registry.filed", 1))
    forge.entries[a], forge.entries[b] = forge.entries[b], forge.entries[a]
    return forge.raw()


def entry_edited(forge: Forge) -> Files:
    forge.first("result.recorded")["data"]["categories"] = ["REFUSED"]
    return forge.raw()


def last_entry_edited(forge: Forge) -> Files:
    forge.entries[-1]["data"]["reference"] = "另一份公告"
    return forge.raw()


def edited_and_rehashed(forge: Forge) -> Files:
    forge.first("result.recorded")["data"]["categories"] = ["REFUSED"]
    return forge.rehash()


def edited_and_resigned(forge: Forge) -> Files:
    forge.first("plan.drafted")["data"]["title"] = "另一份计划"
    first_draw(forge)
    return forge.settle()


def tail_cut(forge: Forge) -> Files:
    del forge.entries[-3:]
    return forge.raw()


def tail_cut_everywhere(forge: Forge) -> Files:
    del forge.entries[-3:]
    return forge.rehash()


def entry_added_after_the_signature(forge: Forge) -> Files:
    forge.add(
        forge.entries[-1], "calendar/2027", "calendar.recorded", "admin", forge.first("calendar.recorded")["data"]
    )
    return forge.raw()


def checkpoint_of_another_log(forge: Forge) -> Files:
    forge.files["checkpoint"] = forge.files["checkpoint"].replace(forge.key.name.encode(), b"demo.other.example/1")
    return forge.raw()


def checkpoint_missing(forge: Forge) -> Files:
    files = forge.raw()
    del files["checkpoint"]
    return files


def key_exchanged(forge: Forge) -> Files:
    public = bytes(31) + b"\x07"
    forge.files["log.vkey"] = note.format_vkey(forge.key.name, public).encode() + b"\n"
    return forge.raw()


def tile_altered(forge: Forge) -> Files:
    name = next(name for name in forge.files if name.startswith("tile/0/"))
    forge.files[name] = forge.files[name][:40] + b"\x00\x01" + forge.files[name][42:]
    return forge.raw()


def bundle_missing(forge: Forge) -> Files:
    files = forge.raw()
    del files[next(name for name in files if name.startswith("tile/entries/"))]
    return files


def stray_file(forge: Forge) -> Files:
    return forge.raw() | {"documents/notes.txt": b"read me"}


def document_missing(forge: Forge) -> Files:
    del forge.documents[forge.first("draw.objects-drawn")["data"]["document"]["sha256"]]
    return forge.raw()


def document_altered(forge: Forge) -> Files:
    name = forge.first("registry.imported", 1)["data"]["document"]["sha256"]
    forge.documents[name] = forge.documents[name].replace(b"active", b"closed", 1)
    return forge.raw()


def document_longer_than_stated(forge: Forge) -> Files:
    first_round(forge)
    forge.first("calendar.recorded")["data"]["document"]["bytes"] += 1
    return forge.resign()
