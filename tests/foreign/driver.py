"""Has a foreign library read a log and check what we say of it; runs in that library's environment and imports nothing of ours.

`driver.py <library>` reads `{"log","vkey","entries":{index: sha256},"heads":{size: root}}` and prints how many inclusions and
how many consistencies hold. Whatever does not hold raises.
"""

from __future__ import annotations

import hashlib
import json
import sys
from importlib import import_module
from typing import Any


class Refuted(Exception):
    """The library says that something of the log is not so."""


def require(holds: bool, what: str) -> None:
    if not holds:
        raise Refuted(what)


def scales(asked: dict[str, Any]) -> None:
    """tlog-scales: TilesReader over a folder or a URL."""
    library = {name: import_module(f"tlog_scales.{name}") for name in ("backend", "reader", "signing", "tiles")}
    reader = library["reader"].TilesReader(library["backend"].make_backend(asked["log"]))
    head = reader.get_checkpoint()
    head.verify(library["signing"].Vkey.from_string(asked["vkey"]))
    require(reader.calculate_root_hash() == head.root_hash, "the root of the tiles")
    for index, sha256 in asked["entries"].items():
        entry = reader.get_entry(index)
        require(hashlib.sha256(entry).hexdigest() == sha256, f"entry {index}")
        proof = reader.get_inclusion_proof(index, head.size)
        proof.check(library["tiles"].leaf_hash(entry), head.root_hash)
    for size, root in asked["heads"].items():
        reader.get_consistency_proof(size, head.size).check(bytes.fromhex(root), head.root_hash)


def aics(asked: dict[str, Any]) -> None:
    """aics-tlog: VerifiedTileReader, which lets no tile pass that does not lead to the root; and every tile besides."""
    library = import_module("aics_tlog")
    remote = import_module("aics_tlog.remote")
    reader = library.HttpTileReader([remote.tile_source_url(asked["log"])])
    note = library.parse_note(reader.read_checkpoint())
    result = library.verify_checkpoint(note, library.parse_vkey(asked["vkey"]))
    require(result.ok, f"the checkpoint: {result}")
    head = library.parse_checkpoint(note.text)
    verified = library.VerifiedTileReader(reader, head.size, head.root)
    for index, sha256 in asked["entries"].items():
        entry = verified.entry(index)
        require(hashlib.sha256(entry).hexdigest() == sha256, f"entry {index}")
        proof = library.inclusion_proof_from_tiles(verified, index, head.size)
        require(library.verify_leaf_inclusion(entry, index, head.size, proof, head.root), f"inclusion of {index}")
    for size, root in asked["heads"].items():
        proof = library.consistency_proof_from_tiles(verified, size, head.size)
        holds = library.verify_consistency(size, head.size, bytes.fromhex(root), head.root, proof)
        require(holds, f"consistency of {size}")
    library.audit_tiles(reader, head.size, head.root)


def main() -> None:
    asked = json.load(sys.stdin)
    for name in ("entries", "heads"):
        asked[name] = {int(number): value for number, value in asked[name].items()}
    {"scales": scales, "aics": aics}[sys.argv[1]](asked)
    print(json.dumps({"inclusions": len(asked["entries"]), "consistencies": len(asked["heads"])}))


if __name__ == "__main__":
    main()
