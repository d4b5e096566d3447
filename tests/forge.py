"""The forger: takes an export apart, lets a cheat edit it, and puts it together again as well as the cheat can.

Three kinds of cheats: one who only edits files (`raw`), one who also re-hashes the chain and the tiles (`rehash`), and one
who holds the log's key and everybody's secrets (`settle`): he re-derives all that follows from his edit, so that the
only thing wrong with his log is the edit itself.
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from verify import canonical, documents, note, tiles
from verify.checkpoint import Checkpoint
from verify.tree import leaf_hash, root

Json = dict[str, Any]
UNIT = {"unit": "220199", "name": "示例单位", "kind": "office", "parent": None}
RECUSED = ["INS-220100-000"]
"""Whom a settled forgery recuses from every second object, where it says nothing else."""


class Forge:
    """An export in parts: `entries` as JSON values, `documents` by SHA-256, `files` the rest as it was."""

    def __init__(self, export: Path, key_pem: bytes) -> None:
        self.files = {
            path.relative_to(export).as_posix(): path.read_bytes() for path in export.rglob("*") if path.is_file()
        }
        self.honest = dict(self.files)
        self.entries = [canonical.loads(line) for line in self.files["entries.jsonl"].splitlines()]
        self.documents = {name[10:]: data for name, data in self.files.items() if name.startswith("documents/")}
        self.key = note.parse_vkey(self.files["log.vkey"].decode().strip())
        private = load_pem_private_key(key_pem, None)
        assert isinstance(private, Ed25519PrivateKey)
        self.private = private
        self.secrets = {
            (each["stream"], each["data"]["party"]): bytes.fromhex(each["data"]["secret"])
            for each in self.entries
            if each["kind"] == "draw.contribution-revealed"
        }
        self.leaves: list[bytes] = []
        self.recused = RECUSED

    # -- finding and editing

    def all(self, kind: str) -> list[Json]:
        return [each for each in self.entries if each["kind"] == kind]

    def first(self, kind: str, nth: int = 0) -> Json:
        return self.all(kind)[nth]

    def at(self, entry: Json) -> int:
        return next(n for n, each in enumerate(self.entries) if each is entry)

    def drop(self, entry: Json) -> None:
        self.entries.pop(self.at(entry))

    def keep_until(self, entry: Json) -> None:
        del self.entries[self.at(entry) + 1 :]

    def move(self, entry: Json, before: Json) -> None:
        self.drop(entry)
        place = self.at(before)
        entry["at"] = before["at"]
        self.entries.insert(place, entry)

    def add(self, after: Json, stream: str, kind: str, account: str, data: Json) -> Json:
        """Insert an entry by `account`, whose role and unit are looked up."""
        opened = next(e["data"] for e in self.entries if e["stream"] == f"account/{account}")
        actor = {"account": account, "role": opened["role"], "unit": opened["unit"]}
        entry = {**after, "stream": stream, "kind": kind, "actor": actor, "data": copy.deepcopy(data)}
        entry["command"] = f"forged-{len(self.entries)}"
        self.entries.insert(self.at(after) + 1, entry)
        return entry

    def add_last(self, at: str) -> None:
        """Add an entry that touches nothing else, so that the log goes on until `at`."""
        last = self.add(self.entries[-1], "unit/220199", "unit.registered", "admin", UNIT)
        last["at"] = at

    def rows(self, reference: Json) -> list[Json]:
        return [row for _, row in documents.parse([self.documents[reference["sha256"]]])]

    def put(self, rows: list[Json], in_order: bool = True) -> Json:
        """Store a list and return `{"document","count","root"}`; out of order as given, where that is the cheat."""
        as_given = b"".join(canonical.encode(row) + b"\n" for row in rows)
        content = b"".join(documents.listing(rows).pieces()) if in_order else as_given
        reference = documents.reference(content)
        self.documents[str(reference["sha256"])] = content
        return {"document": reference, "count": len(rows), "root": documents.root_of(content).hex()}

    def edit_rows(self, entry: Json, edit: Callable[[list[Json]], list[Json] | None], in_order: bool = True) -> None:
        """Replace the list that an entry names by what `edit` makes of its rows."""
        rows = self.rows(entry["data"]["document"])
        entry["data"].update(self.put(edit(rows) or rows, in_order))

    def edit_pool(self, frozen: Json, kind: str, edit: Callable[[list[Json]], list[Json] | None]) -> None:
        """Replace a frozen list, its count and its root."""
        rows = self.rows(frozen["data"]["documents"][kind])
        self.set_pool(frozen, kind, edit(rows) or rows)

    def set_pool(self, frozen: Json, kind: str, rows: list[Json]) -> None:
        stored = self.put(rows)
        frozen["data"]["documents"][kind] = stored["document"]
        frozen["data"]["freeze"][kind] |= {"count": stored["count"], "root": stored["root"]}

    # -- putting together

    def raw(self) -> dict[str, bytes]:
        """Return the files of a cheat who edits entries and documents, and nothing that follows from them."""
        lines = b"".join(spell(entry) + b"\n" for entry in self.entries)
        others = {name: data for name, data in self.files.items() if not name.startswith("documents/")}
        return others | {f"documents/{n}": data for n, data in self.documents.items()} | {"entries.jsonl": lines}

    def rehash(self) -> dict[str, bytes]:
        """Return the files of a cheat who also makes the chain, the tiles and the bundles fit, but cannot sign."""
        self._link()
        return self._rebuilt() | {"checkpoint": self.files["checkpoint"]}

    def settle(self, leave: Collection[str] = ()) -> dict[str, bytes]:
        """Return the files of a cheat who controls everything. `leave` names parts that are not derived anew."""
        from tests.settling import Settling  # it needs this class

        Settling(self, frozenset(leave)).run()
        return self._rebuilt() | {"checkpoint": self.sign(len(self.leaves))}

    def resign(self) -> dict[str, bytes]:
        """Return the files of a cheat with the key who re-hashes and signs, but derives nothing anew."""
        self._link()
        return self._rebuilt() | {"checkpoint": self.sign(len(self.leaves))}

    def sign(self, size: int) -> bytes:
        head = Checkpoint(self.key.name, size, root(self.leaves[:size]))
        signed = note.format_signature(self.key.name, self.key.key_id, self.private.sign(head.text()))
        return head.text() + b"\n" + signed

    def covered(self, size: int) -> Json:
        head = Checkpoint(self.key.name, size, root(self.leaves[:size]))
        signature = base64.b64encode(self.key.key_id + self.private.sign(head.text())).decode()
        return {"size": size, "root": head.root.hex(), "signature": signature}

    def _link(self) -> None:
        self.leaves = []
        prev = self.entries[0]["prev"]
        for entry in self.entries:
            entry["prev"] = prev
            self.leaves.append(leaf_hash(spell(entry)))
            prev = self.leaves[-1].hex()

    def _rebuilt(self) -> dict[str, bytes]:
        raw = [spell(entry) for entry in self.entries]
        files = {"log.vkey": self.files["log.vkey"], "entries.jsonl": b"".join(line + b"\n" for line in raw)}
        files |= dict(tiles.all_tiles(self.leaves)) | dict(tiles.all_bundles(raw))
        text = files["entries.jsonl"].decode()
        return files | {
            f"documents/{n}": data for n, data in self.documents.items() if f'"sha256":"{n}","type"' in text
        }


def write(files: dict[str, bytes], folder: Path) -> Path:
    """Write the files of an export to a new folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def spell(entry: Json) -> bytes:
    """Spell an entry as the ledger does, also one that the ledger would refuse."""
    parts = (canonical.encode(key) + b":" + canonical.encode(value) for key, value in entry.items())
    return b"{" + b",".join(parts) + b"}"
