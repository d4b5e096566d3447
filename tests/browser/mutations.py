"""Exports of an honest log that were changed at random: by somebody who only edits files, and by one who holds the key.

Every mutation is drawn from a generator with a seed, so the same ones are made on every machine. A mutation says what it
did; the second kind links and signs the log anew, so that only the changed fact can give it away.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from tests.forge import Forge, Json

Files = dict[str, bytes]
Mutation = Callable[[Forge, random.Random], tuple[str, Files]]


def _some_file(forge: Forge, chance: random.Random) -> tuple[str, bytes]:
    name = chance.choice(sorted(forge.files))
    return name, forge.files[name]


def byte_changed(forge: Forge, chance: random.Random) -> tuple[str, Files]:
    name, content = _some_file(forge, chance)
    while not content:
        name, content = _some_file(forge, chance)
    place = chance.randrange(len(content))
    changed = bytes([content[place] ^ chance.randrange(1, 256)])
    return f"{name}, byte {place}", forge.files | {name: content[:place] + changed + content[place + 1 :]}


def byte_of_the_checkpoint(forge: Forge, chance: random.Random) -> tuple[str, Files]:
    content = forge.files["checkpoint"]
    place = chance.randrange(len(content))
    changed = content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :]
    return f"checkpoint, byte {place}", forge.files | {"checkpoint": changed}


def bytes_inserted(forge: Forge, chance: random.Random) -> tuple[str, Files]:
    name, content = _some_file(forge, chance)
    place = chance.randrange(len(content) + 1)
    more = chance.choice([b" ", b"\n", b"0", b"\x00", "字".encode(), chance.randbytes(3)])
    return f"{name}, {more!r} at {place}", forge.files | {name: content[:place] + more + content[place:]}


def file_cut(forge: Forge, chance: random.Random) -> tuple[str, Files]:
    name, content = _some_file(forge, chance)
    while not content:
        name, content = _some_file(forge, chance)
    place = chance.randrange(len(content))
    return f"{name} cut at {place}", forge.files | {name: content[:place]}


def file_gone(forge: Forge, chance: random.Random) -> tuple[str, Files]:
    name, _ = _some_file(forge, chance)
    return f"without {name}", {other: content for other, content in forge.files.items() if other != name}


def file_too_many(forge: Forge, chance: random.Random) -> tuple[str, Files]:
    name = chance.choice(["notes.txt", "documents/" + "0" * 64, "tile/0/001", "tile/9/000", "entries.jsonl.old", "x/y"])
    return f"with {name}", forge.files | {name: b"{}"}


def document_exchanged(forge: Forge, chance: random.Random) -> tuple[str, Files]:
    one, other = chance.sample(sorted(name for name in forge.files if name.startswith("documents/")), 2)
    return f"{one} holds {other}", forge.files | {one: forge.files[other]}


def lines_moved(forge: Forge, chance: random.Random) -> tuple[str, Files]:
    lines = forge.files["entries.jsonl"].splitlines(keepends=True)
    place, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    what = chance.choice(["dropped", "doubled", "swapped", "cut off"])
    if what == "dropped":
        del lines[place]
    elif what == "doubled":
        lines.insert(other, lines[place])
    elif what == "swapped":
        lines[place], lines[other] = lines[other], lines[place]
    else:
        del lines[place:]
    return f"line {place} {what} ({other})", forge.files | {"entries.jsonl": b"".join(lines)}


def _leaves(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [path for key, each in value.items() for path in [(*at, key), *_leaves(each, (*at, key))]]
    if isinstance(value, list):
        return [path for n, each in enumerate(value) for path in [(*at, n), *_leaves(each, (*at, n))]]
    return []


def _another(value: Any, chance: random.Random) -> Any:
    """Return a value like this one, but not the same."""
    match value:
        case bool():
            return not value
        case int():
            return value + chance.choice([-1, 1, 60, 86400])
        case str() if value and all(c in "0123456789abcdef" for c in value):
            return value[:-1] + ("0" if value[-1] != "0" else "1")
        case str():
            return chance.choice([value + "x", value[::-1] + "y", "", value[:-1]])
        case None:
            return chance.choice([0, "x", []])
        case list():
            return chance.choice([[*value, *value[:1]] if value else ["x"], value[1:] if value else [1]])
    return {}


def _edit(holder: Json, chance: random.Random) -> str:
    """Change one value somewhere in `holder`, take it out, or add one; return what was done."""
    path = chance.choice([path for path in _leaves(holder) if path != ("id",)])
    inner: Any = holder
    for step in path[:-1]:
        inner = inner[step]
    what = chance.choice(["changed"] * 6 + ["taken out", "added"])
    if what == "changed":
        inner[path[-1]] = _another(inner[path[-1]], chance)
    elif what == "taken out":
        del inner[path[-1]]
    elif isinstance(inner, dict):
        inner["more"] = 1
    else:
        inner.append(inner[-1])
    return f"{'.'.join(map(str, path))} {what}"


def fact_changed(forge: Forge, chance: random.Random) -> tuple[str, Files]:
    """With the key: one fact of one entry is another, the chain and the signature are right."""
    entry = chance.choice([each for each in forge.entries if each["data"]])
    said = _edit(entry["data"], chance)
    return f"entry {forge.at(entry)} {entry['kind']}: {said}", forge.resign()


def head_of_an_entry_changed(forge: Forge, chance: random.Random) -> tuple[str, Files]:
    """With the key: stream, version, kind, actor, command or time of one entry are others."""
    place = chance.randrange(1, len(forge.entries))
    entry, other = forge.entries[place], chance.choice(forge.entries)
    key = chance.choice(["at", "stream", "version", "kind", "actor", "command"])
    entry[key] = other[key]
    return f"entry {place} {entry['kind']}: the {key} of entry {other['index']}", forge.resign()


def row_changed(forge: Forge, chance: random.Random) -> tuple[str, Files]:
    """With the key: one row of one list is another; count, root and hash of the list are right."""
    named = [each for each in forge.entries if each["data"].get("document", {}).get("type") == "application/jsonl"]
    entry = chance.choice(named)
    said: list[str] = []

    def edit(rows: list[Json]) -> None:
        said.append(_edit(chance.choice(rows), chance))

    forge.edit_rows(entry, edit)
    return f"a row of entry {forge.at(entry)} {entry['kind']}: {said[0]}", forge.resign()


KINDS: list[Mutation] = [
    byte_changed,
    byte_of_the_checkpoint,
    bytes_inserted,
    file_cut,
    file_gone,
    file_too_many,
    document_exchanged,
    lines_moved,
    fact_changed,
    fact_changed,
    fact_changed,
    head_of_an_entry_changed,
    row_changed,
    row_changed,
]


def mutate(forge: Forge, number: int) -> tuple[str, Files]:
    """Return what mutation `number` does, and the files it leaves; the files are never those of the honest export."""
    chance = random.Random(f"mutation {number}")
    while True:
        said, files = KINDS[number % len(KINDS)](forge, chance)
        if files != forge.honest:
            return said, files
