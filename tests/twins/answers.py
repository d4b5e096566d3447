"""What the naive twins answer to each operation of the vectors: a third implementation, which asks nothing of `verify`."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from tests.twins import draw, ed25519, json_text, notes, records, selfcheck, tree
from tests.twins.json_text import Refused, refuse_unless
from tests.twins.vectors import Json, as_bytes

HEX = bytes.fromhex


class RefusedAt(Refused):
    """A chain is refused; `index` is the first entry that is wrong."""

    def __init__(self, reason: str, index: int | None) -> None:
        super().__init__(reason)
        self.index = index


def answer(vector: Json) -> Any:
    """Return what comes out of a vector's operation. Raises Refused."""
    given = {key: as_bytes(value) if key in BYTES else value for key, value in vector["input"].items()}
    return OPERATIONS[vector["operation"]](given)


BYTES = {"data", "raw", "entry", "note", "message", "proof", "freeze", "file"}


def _spell(i: Json) -> str:
    return json_text.spell(json_text.read(i["data"]))


def _decode(i: Json) -> None:
    json_text.decode(i["data"])


def _entry(i: Json) -> Json:
    entry = records.parse_entry(i["raw"])
    return {"index": entry["index"], "leaf": tree.leaf(i["raw"]).hex(), "prev": entry["prev"]}


def _chain(i: Json) -> str | None:
    said, index = records.chain(i["origin"], [as_bytes(each) for each in i["entries"]])
    if index is not None:
        raise RefusedAt(str(said), index)
    return said


def _inclusion(i: Json) -> None:
    path = [HEX(each) for each in i["path"]]
    refuse_unless(tree.inclusion_holds(HEX(i["leaf"]), i["index"], i["size"], HEX(i["root"]), path), "proof")


def _consistency(i: Json) -> None:
    path = [HEX(each) for each in i["path"]]
    roots = HEX(i["old_root"]), HEX(i["new_root"])
    refuse_unless(tree.consistency_holds(i["old"], i["new"], *roots, path), "proof")


def _signature(i: Json) -> None:
    refuse_unless(ed25519.verify(HEX(i["public"]), HEX(i["signature"]), i["message"]), "signature")


def _note(i: Json) -> list[str]:
    return [key["name"] for key in notes.open_note(i["note"], [notes.parse_key(each) for each in i["keys"]])[1]]


def _policy(i: Json) -> Json:
    policy = notes.parse_policy(i["policy"])
    return {"quorum": policy["quorum"], "groups": policy["groups"], "witnesses": sorted(policy["witnesses"])}


def _personal(i: Json) -> None:
    found = records.personal(i["text"])
    refuse_unless(found is None, str(found))


def _field(i: Json) -> None:
    refuse_unless(records.commitment(i["label"], HEX(i["salt"]), i["value"]).hex() == i["commitment"], "commitment")


def _recusal(i: Json) -> None:
    value, label = json_text.spell(sorted(i["inspectors"])), f"recusals/{i['draw']}/{i['object']}"
    refuse_unless(records.commitment(label, HEX(i["salt"]), value).hex() == i["commitment"], "commitment")


def _derive(i: Json) -> Json:
    commitments = {party: HEX(value) for party, value in i["commitments"].items()}
    reveals = {party: None if value is None else HEX(value) for party, value in i["reveals"].items()}
    return draw.derive(i["freeze"], commitments, reveals, i["beacons"])


def _round(i: Json) -> int:
    t, number = i["t_reveal"] + i["delta"], 1
    return number + max(0, -(-(t - i["genesis"]) // i["period"]))


def _drand(i: Json) -> None:
    refuse_unless(len(HEX(i["signature"])) == 48, "signature")
    try:
        right = draw.drand_signature_is_right(HEX(i["public_key"]), i["round"], HEX(i["signature"]))
    except (ValueError, AssertionError):
        right = False
    refuse_unless(right, "signature")


def _ticket(i: Json) -> str:
    return draw.sha(b"FAIRDRAW-TICKET/1\0", HEX(i["key"]), i["id"].encode()).hex()


def _select(i: Json) -> Json:
    ids = [row[0] for row in i["rows"]]
    refuse_unless(len(ids) == len(set(ids)), "repeated")
    refuse_unless({row[1] for row in i["rows"]} <= set(i["quota_bp"]), "stratum")
    found = draw.select(HEX(i["key"]), i["rows"], i["quota_bp"], i["hi_bp"])
    names = ("n", "k", "threshold", "drawn")
    plain = {name: dict(zip(names, value, strict=True)) for name, value in found.items()}
    return {
        name: value | {"threshold": value["threshold"] and value["threshold"].hex(), "drawn": list(value["drawn"])}
        for name, value in plain.items()
    }


def _assign(i: Json) -> list[int]:
    recusals: Mapping[int, list[int]] = {int(task): people for task, people in i["recusals"].items()}
    tasks = [(name, tuple(seats)) for name, seats in i["tasks"]]
    found = draw.assign(HEX(i["key"]), tasks, i["groups"], i["inspectors"], recusals, i["caps"])
    if found is None:
        raise Refused("impossible")
    return found


def _held(i: Json) -> list[str]:
    policy = None if i["policy"] is None else notes.parse_policy(i["policy"])
    key = notes.parse_key(i["vkey"]) if i["vkey"] else policy["logs"][0] if policy else {}
    if i["file"].startswith(b"{"):
        selfcheck.check(i["file"], notes.vkey(key["name"], key["kind"], HEX(key["public"])))
        note = "".join(f"{line}\n" for line in json_text.read(i["file"])["checkpoint"]).encode()
    else:
        head, _, note = i["file"].partition(b"\n\n")
        extra = base64.b64decode(head.split(b"\n")[1].removeprefix(b"extra "))
        notes.open_proof(i["file"], extra, key)
    if policy is None:
        return []
    refuse_unless(key in policy["logs"], "log")
    return notes.check_policy(policy, note)


OPERATIONS: dict[str, Callable[[Json], Any]] = {
    "canonical.decode": _decode,
    "canonical.spell": _spell,
    "entry.parse": _entry,
    "entry.genesis": lambda i: hashlib.sha256(i["origin"].encode()).hexdigest(),
    "chain.links": _chain,
    "tree.leaf": lambda i: tree.leaf(i["entry"]).hex(),
    "tree.node": lambda i: tree.node(HEX(i["left"]), HEX(i["right"])).hex(),
    "tree.root": lambda i: tree.mth([HEX(each) for each in i["leaves"]]).hex(),
    "tree.inclusion": _inclusion,
    "tree.consistency": _consistency,
    "ed25519.verify": _signature,
    "key.parse": lambda i: notes.parse_key(i["vkey"]),
    "note.open": _note,
    "checkpoint.open": lambda i: notes.open_checkpoint(i["note"], notes.parse_key(i["vkey"])),
    "policy.parse": _policy,
    "policy.check": lambda i: notes.check_policy(notes.parse_policy(i["policy"]), i["note"]),
    "tile.path": lambda i: records.tile_path(i["level"], i["index"], i["width"]),
    "tile.parse": lambda i: records.parse_tile(i["path"]),
    "tile.all": lambda i: records.all_paths(i["size"]),
    "tile.bytes": lambda i: draw.sha(
        records.tile(i["level"], i["index"], i["width"], [HEX(each) for each in i["leaves"]])
    ).hex(),
    "bundle.decode": lambda i: [each.hex() for each in records.bundle(i["data"])],
    "list.parse": lambda i: records.parse_list(i["data"]),
    "document.check": lambda i: records.check_document(i["data"], i["reference"]),
    "personal.text": _personal,
    "field.open": _field,
    "recusal.open": _recusal,
    "pool.object": lambda i: records.pool_line(i["row"], None, ""),
    "pool.inspector": lambda i: records.pool_line(i["row"], i["item"], i["as_of"]),
    "seed.derive": _derive,
    "dice.check": lambda i: draw.dice(i["key_string"], i["sides"], i["rolls"]),
    "lottery.check": lambda i: draw.lottery(i["key_string"], i["ordered"]),
    "drand.round": _round,
    "drand.verify": _drand,
    "selection.quota": lambda i: draw.quota(i["n"], i["bp"], i["hi_bp"]),
    "selection.ticket": _ticket,
    "selection.draw": _select,
    "selection.likely": lambda i: selfcheck.likely(i["n"], i["k"], i["threshold"]),
    "assignment.list": lambda i: draw.seat_list(HEX(i["key"]), i["task"], i["seat"], i["group"]),
    "assignment.assign": _assign,
    "calendar.deadline": lambda i: records.deadline(i["calendars"], i["start"], i["days"]),
    "held.check": _held,
    "selfcheck.check": lambda i: selfcheck.check(i["file"], i["vkey"]),
    "proof.open": lambda i: notes.open_proof(i["proof"], i["entry"], notes.parse_key(i["vkey"])),
}
