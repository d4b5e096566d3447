"""What the verifier answers to each operation of the vectors, and how it words what they call wrong."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from typing import Any

from tests.twins.vectors import Json, as_bytes
from verify import (
    assignment,
    beacon,
    canonical,
    chance,
    checkpoint,
    documents,
    ed25519,
    entries,
    note,
    personal,
    policy,
    pool,
    proof,
    receipt,
    seed,
    selection,
    selfcheck,
    tiles,
    tree,
)
from verify.bls import verify_g1
from verify.calendar import Calendar
from verify.checks import chain
from verify.findings import Outcome
from verify.history import History
from verify.progress import Progress
from verify.rows import Rows

HEX = bytes.fromhex
BYTES = {"data", "raw", "entry", "note", "message", "proof", "freeze", "file"}


class Wrong(ValueError):
    """The answer is no; `index` is the entry that is wrong, where one is named."""

    def __init__(self, reason: str, index: int | None = None) -> None:
        super().__init__(reason)
        self.index = index


def answer(vector: Json) -> Any:
    """Return what comes out of a vector's operation. Raises ValueError, whose text says what is wrong."""
    given = {key: as_bytes(value) if key in BYTES else value for key, value in vector["input"].items()}
    return OPERATIONS[vector["operation"]](given)


def _must(holds: bool, reason: str) -> None:
    if not holds:
        raise Wrong(reason)


def _nothing(_: object) -> None:
    """Return nothing, where only whether there was a result is asked."""


def _entry(i: Json) -> Json:
    entry = entries.parse(i["raw"])
    return {"index": entry.index, "leaf": entry.leaf.hex(), "prev": entry.prev}


def _chain(i: Json) -> str:
    """Follow the entries as those of a file. What the kinds demand is not asked here, nor how a log must begin."""
    raw = [as_bytes(each) for each in i["entries"]]
    with tempfile.TemporaryFile() as file:
        file.writelines(line + b"\n" for line in raw)
        file.flush()
        history = History(file.fileno())
        found = [f for f in chain.follow(file.fileno(), history, Progress(None)) if f.check in ("F01", "entries")]
        if found:
            raise Wrong(found[0].en, found[0].index)
        if entries.parse(raw[0]).prev != entries.genesis(i["origin"]):
            raise Wrong("the chain begins elsewhere", 0)
        return tree.root(map(tree.leaf_hash, raw)).hex()


def _note(i: Json) -> list[str]:
    return [key.name for key in note.open_note(i["note"], [note.parse_vkey(each) for each in i["keys"]])[1]]


def _key(i: Json) -> Json:
    key = note.parse_vkey(i["vkey"])
    return {"name": key.name, "key_id": key.key_id.hex(), "kind": key.kind, "public": key.public.hex()}


def _checkpoint(i: Json) -> Json:
    head = checkpoint.open_checkpoint(i["note"], note.parse_vkey(i["vkey"]))
    return {"origin": head.origin, "size": head.size, "root": head.root.hex()}


def _policy(i: Json) -> Json:
    read = policy.parse(i["policy"])
    groups = {name: [count, list(members)] for name, (count, members) in read.groups.items()}
    return {"quorum": read.quorum, "groups": groups, "witnesses": sorted(read.witnesses)}


def _cosigned(i: Json) -> list[str]:
    read = policy.parse(i["policy"])
    text, signed = note.open_note(i["note"], [*read.logs, *read.witnesses.values()])
    head = checkpoint.parse_text(text)
    _must(any(key in read.logs and key.name == head.origin for key in signed), "no log of the policy signed")
    cosigners = read.cosigners(signed)
    _must(read.satisfied_by(cosigners), "the quorum is not reached")
    return cosigners


def _tile(i: Json) -> str:
    content = tiles.tile_bytes(i["level"], i["index"], i["width"], [HEX(each) for each in i["leaves"]])
    return hashlib.sha256(content).hexdigest()


def _all(i: Json) -> list[str]:
    own = [tiles.tile_path(*each) for each in tiles.tiles_of(i["size"])]
    return sorted([*own, *(tiles.entries_path(*each) for each in tiles.bundles_of(i["size"]))])


def _path(i: Json) -> str:
    if i["level"] is None:
        return tiles.entries_path(i["index"], i["width"])
    return tiles.tile_path(i["level"], i["index"], i["width"])


def _list(i: Json) -> Json:
    data: bytes = i["data"]
    pieces = (data[at : at + documents.PIECE] for at in range(0, len(data), documents.PIECE))
    count = sum(1 for _ in documents.parse(pieces))
    return {"count": count, "root": documents.root_of(data).hex(), "sha256": hashlib.sha256(data).hexdigest()}


def _document(i: Json) -> None:
    due = documents.reference(i["data"], i["reference"]["type"])
    for part in ("public", "bytes", "sha256"):
        _must(due[part] == i["reference"][part], f"another {part}")


def _personal(i: Json) -> None:
    found = personal.looks_personal(i["text"])
    _must(found is None, f"{len(found or '')} characters that look personal")


def _recusal(i: Json) -> None:
    label, value = personal.recusal_label(i["draw"], i["object"]), personal.recusal_value(i["inspectors"])
    _must(personal.field_commitment(label, HEX(i["salt"]), value).hex() == i["commitment"], "another commitment")


def _field(i: Json) -> None:
    made = personal.field_commitment(i["label"], HEX(i["salt"]), i["value"])
    _must(made.hex() == i["commitment"], "another commitment")


def _derive(i: Json) -> Json:
    c0 = seed.freeze_hash(i["freeze"])
    commitments = {party: HEX(value) for party, value in i["commitments"].items()}
    reveals = {party: None if value is None else HEX(value) for party, value in i["reveals"].items()}
    _must(set(commitments) == set(reveals), "other parties")
    for party, secret in reveals.items():
        _must(secret is None or seed.commitment(c0, party, secret) == commitments[party], "another commitment")
    c1 = seed.commit_set(c0, commitments)
    c2 = seed.reveal_set(c1, reveals)
    values = [_beacon(each) for each in i["beacons"]]
    made = seed.seed(c0, c1, c2, values)
    keys = {f"k_{name}": seed.subkey(name, made) for name in ("object", "assign")}
    hashes = {"c0": c0, "c1": c1, "c2": c2, "seed": made, **keys}
    return {name: value.hex() for name, value in hashes.items()} | {"beacons": [each.hex() for each in values]}


def _beacon(named: Json) -> bytes:
    if named["kind"] == "drand":
        return seed.beacon_hash_drand(HEX(named["chain_hash"]), named["round"], HEX(named["signature"]))
    return seed.beacon_hash_text(named["kind"], named["key_string"])


def _dice(i: Json) -> int:
    rolls = beacon.check_dice(i["key_string"], i["sides"])
    _must(rolls >= i["rolls"], "too few rolls")
    return rolls


def _round(i: Json) -> int:
    chain = beacon.Chain("", beacon.G1_SCHEME, b"", i["period"], i["genesis"], b"", "")
    return chain.round_at_or_after(i["t_reveal"] + i["delta"])


def _drand(i: Json) -> None:
    message = hashlib.sha256(i["round"].to_bytes(8, "big")).digest()
    _must(verify_g1(HEX(i["public_key"]), message, HEX(i["signature"])), "not the signature")


def _select(i: Json) -> Json:
    rows = [(name, stratum, excluded) for name, stratum, excluded in i["rows"]]
    return {
        stratum.name: {
            "n": stratum.n,
            "k": stratum.k,
            "threshold": stratum.threshold and stratum.threshold.hex(),
            "drawn": list(stratum.drawn),
        }
        for stratum in selection.select(HEX(i["key"]), rows, i["quota_bp"], i["hi_bp"]).values()
    }


def _assign(i: Json) -> list[int]:
    tasks = [(name, tuple(seats)) for name, seats in i["tasks"]]
    recusals = {int(task): people for task, people in i["recusals"].items()}
    found = assignment.assign(HEX(i["key"]), tasks, i["groups"], i["inspectors"], recusals, i["caps"])
    if found is None:
        raise Wrong("no assignment is possible")
    return found


def _deadline(i: Json) -> str:
    calendar = Calendar()
    for record in i["calendars"]:
        calendar = calendar.plus(record)
    return calendar.deadline(i["start"], i["days"])


def _proof(i: Json) -> Json:
    found = proof.parse(i["proof"])
    head = checkpoint.open_checkpoint(found.note, note.parse_vkey(i["vkey"]))
    tree.verify_inclusion(tree.leaf_hash(i["entry"]), found.index, head.size, head.root, found.path)
    return {"index": found.index, "size": head.size}


def _selfcheck(i: Json) -> Json:
    value = selfcheck.parse(i["file"])
    head = checkpoint.open_checkpoint(selfcheck.note_of(value), note.parse_vkey(i["vkey"]))
    for found in selfcheck.check(value, head):
        if found.outcome is Outcome.BROKEN:
            raise Wrong(found.en)
    line = canonical.decode(value["listed"]["line"].encode()) if "listed" in value else {"rank": None}
    return {"result": value["result"], "rank": line["rank"]}


def _held(i: Json) -> list[str]:
    key = note.parse_vkey(i["vkey"]) if i["vkey"] else None
    trusted = policy.parse(i["policy"]) if i["policy"] else None
    with tempfile.NamedTemporaryFile() as file:
        file.write(i["file"])
        file.flush()
        report = receipt.check(file.name, key, trusted)
    for found in report.findings:
        if found.outcome is not Outcome.HOLDS and found.outcome is not Outcome.NOTED:
            raise Wrong(found.en)
    said = [each.en.rpartition(": ")[2] for each in report.findings if each.check == "policy"]
    return [name for names in said for name in names.rstrip(".").split(", ") if name != "none"]


def _hashes(path: list[str]) -> list[bytes]:
    return [HEX(each) for each in path]


OPERATIONS: dict[str, Callable[[Json], Any]] = {
    "canonical.decode": lambda i: _nothing(canonical.decode(i["data"])),
    "canonical.spell": lambda i: canonical.encode(canonical.loads(i["data"])).decode(),
    "entry.parse": _entry,
    "entry.genesis": lambda i: entries.genesis(i["origin"]),
    "chain.links": _chain,
    "tree.leaf": lambda i: tree.leaf_hash(i["entry"]).hex(),
    "tree.node": lambda i: tree.node_hash(HEX(i["left"]), HEX(i["right"])).hex(),
    "tree.root": lambda i: tree.root(_hashes(i["leaves"])).hex(),
    "tree.inclusion": lambda i: tree.verify_inclusion(
        HEX(i["leaf"]), i["index"], i["size"], HEX(i["root"]), _hashes(i["path"])
    ),
    "tree.consistency": lambda i: tree.verify_consistency(
        i["old"], i["new"], HEX(i["old_root"]), HEX(i["new_root"]), _hashes(i["path"])
    ),
    "ed25519.verify": lambda i: _must(
        ed25519.verify(HEX(i["public"]), HEX(i["signature"]), i["message"]), "not the signature"
    ),
    "key.parse": _key,
    "note.open": _note,
    "checkpoint.open": _checkpoint,
    "policy.parse": _policy,
    "policy.check": _cosigned,
    "tile.path": _path,
    "tile.parse": lambda i: dict(zip(("level", "index", "width"), tiles.parse_tile_path(i["path"]), strict=True)),
    "tile.all": _all,
    "tile.bytes": _tile,
    "bundle.decode": lambda i: [each.hex() for each in tiles.decode_bundle(i["data"])],
    "list.parse": _list,
    "document.check": _document,
    "personal.text": _personal,
    "field.open": _field,
    "recusal.open": _recusal,
    "pool.object": lambda i: next(pool.object_lines(Rows.of([i["row"]]))),
    "pool.inspector": lambda i: next(pool.inspector_lines(Rows.of([i["row"]]), i["item"], i["as_of"])),
    "seed.derive": _derive,
    "dice.check": _dice,
    "lottery.check": lambda i: _nothing(beacon.check_lottery(i["key_string"], i["ordered"])),
    "drand.round": _round,
    "drand.verify": _drand,
    "selection.quota": lambda i: selection.quota(i["n"], i["bp"], i["hi_bp"]),
    "selection.ticket": lambda i: selection.ticket(HEX(i["key"]), i["id"]).hex(),
    "selection.draw": _select,
    "selection.likely": lambda i: chance.is_likely(i["n"], i["k"], HEX(i["threshold"])),
    "assignment.list": lambda i: list(assignment.seat_list(HEX(i["key"]), i["task"], i["seat"], i["group"])),
    "assignment.assign": _assign,
    "calendar.deadline": _deadline,
    "proof.open": _proof,
    "selfcheck.check": _selfcheck,
    "held.check": _held,
}
