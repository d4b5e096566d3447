"""The self-check of a business, asked sentence by sentence as section 14 of SPEC.md says it."""

import re
from fractions import Fraction
from typing import Any

from tests.twins import draw, json_text, notes, records
from tests.twins.json_text import refuse_unless
from tests.twins.tree import inclusion_holds, leaf

Json = dict[str, Any]
KEYS = {"format", "checkpoint", "draw", "object", "entries", "pool", "seed", "stratum", "ticket", "threshold", "result"}
KINDS = {"frozen": "draw.frozen", "seed": "draw.seed-derived", "drawn": "draw.objects-drawn"}


def check(data: bytes, vkey: str) -> Json:
    """Return what became of the business, and its rank where it was drawn."""
    value = json_text.decode(data.removesuffix(b"\n"))
    if isinstance(value, dict) and value.get("result") in ("absent", "in-pool"):
        return _without_result(value, vkey)
    _form(value)
    note = "".join(line + "\n" for line in value["checkpoint"]).encode()
    head = notes.open_checkpoint(note, notes.parse_key(vkey))
    frozen, seeded, drawn = (_entry(value, name, head) for name in ("frozen", "seed", "drawn"))
    refuse_unless(frozen["index"] < seeded["index"] < drawn["index"], "order")
    freeze = frozen["data"]["freeze"]
    spelled = json_text.spell(freeze).encode()
    refuse_unless(draw.sha(b"FAIRDRAW-FREEZE/1\0", records.lp(spelled)).hex() == frozen["data"]["c0"], "c0")
    line = _line(value["pool"], freeze["objects"], value["object"])
    _follows(value, line, seeded["data"]["seed"], drawn["data"]["strata"])
    stratum = drawn["data"]["strata"][line["stratum"]]
    due = draw.quota(stratum["n"], freeze["quota_bp"][line["stratum"]], freeze.get("hi_bp"))
    refuse_unless(due == stratum["k"], "quota")
    return {"result": value["result"], "rank": _rank(value, drawn["data"], stratum["k"])}


def _form(value: Any) -> None:
    refuse_unless(isinstance(value, dict) and set(value) - {"listed"} == KEYS, "form")
    refuse_unless(value["format"] == "fairdraw-selfcheck/1", "form")
    refuse_unless(value["result"] in ("drawn", "not-drawn", "excluded"), "form")
    refuse_unless(isinstance(value["entries"], dict) and set(value["entries"]) == set(KINDS), "form")
    for held in (*value["entries"].values(), value["pool"], *([value["listed"]] if "listed" in value else [])):
        refuse_unless(set(held) in ({"index", "entry", "path"}, {"index", "line", "path"}), "form")
        refuse_unless(all(re.fullmatch("[0-9a-f]{64}", each) is not None for each in held["path"]), "form")


def _entry(value: Json, name: str, head: Json) -> Json:
    held = value["entries"][name]
    _included(held["entry"], held, head["size"], head["root"])
    entry = records.parse_entry(held["entry"].encode())
    said = KINDS.get(name, entry["kind"]), entry["stream"], entry["index"]
    refuse_unless(said == (entry["kind"], value["draw"], held["index"]), "entry")
    return entry


def _without_result(value: Json, vkey: str) -> Json:
    """The freeze, the latest act, and the line of the pool or the two lines between which it would stand."""
    last = "around" if value["result"] == "absent" else "pool"
    refuse_unless(set(value) == {"format", "checkpoint", "draw", "object", "entries", "result", last}, "form")
    refuse_unless(value["format"] == "fairdraw-selfcheck/1", "form")
    refuse_unless(set(value["entries"]) == {"frozen", "reached"}, "form")
    refuse_unless(last == "pool" or set(value["around"]) <= {"before", "after"}, "form")
    note = "".join(line + "\n" for line in value["checkpoint"]).encode()
    head = notes.open_checkpoint(note, notes.parse_key(vkey))
    frozen, reached = (_entry(value, name, head) for name in ("frozen", "reached"))
    refuse_unless(frozen["index"] <= reached["index"], "order")
    refuse_unless(frozen["index"] == reached["index"] or reached["kind"] != "draw.frozen", "again")
    spelled = json_text.spell(frozen["data"]["freeze"]).encode()
    refuse_unless(draw.sha(b"FAIRDRAW-FREEZE/1\0", records.lp(spelled)).hex() == frozen["data"]["c0"], "c0")
    objects = frozen["data"]["freeze"]["objects"]
    if last == "around":
        _between(value["around"], objects, value["object"])
    else:
        _line(value["pool"], objects, value["object"])
        over = ("draw.objects-drawn", "draw.inspectors-assigned", "draw.witness-signed-off")
        refuse_unless(reached["kind"] not in over, "withheld")
    return {"result": value["result"], "rank": None}


def _between(around: Json, listed: Json, name: str) -> None:
    """Walk over every place where the id could stand: there must be none."""
    low = around["before"]["index"] if "before" in around else -1
    high = around["after"]["index"] if "after" in around else listed["count"]
    refuse_unless(high - low == 1, "neighbours")
    if listed["count"] == 0:
        refuse_unless(listed["root"] == draw.sha(b"").hex(), "empty")
    for side, held in around.items():
        _included(held["line"], held, listed["count"], listed["root"])
        other = json_text.decode(held["line"].encode())["id"].encode()
        refuse_unless(other < name.encode() if side == "before" else other > name.encode(), "between")


def likely(n: int, k: int, threshold: str) -> bool:
    """Whether a threshold lies within four standard deviations of k/n, as a fraction of the range, squared on both sides."""
    off = Fraction(int(threshold, 16), 2**256) - Fraction(k, n)
    return off**2 <= 16 * Fraction(k, n) * (1 - Fraction(k, n)) / n


def _included(text: str, held: Json, size: int, root: str) -> None:
    path = [bytes.fromhex(each) for each in held["path"]]
    refuse_unless(inclusion_holds(leaf(text.encode()), held["index"], size, bytes.fromhex(root), path), "inclusion")


def _line(held: Json, listed: Json, name: str) -> Json:
    _included(held["line"], held, listed["count"], listed["root"])
    line: Json = json_text.decode(held["line"].encode())
    refuse_unless(line["id"] == name, "object")
    return line


def _follows(value: Json, line: Json, seed: str, strata: Json) -> None:
    refuse_unless(value["seed"] == seed, "seed")
    refuse_unless(value["stratum"] == line["stratum"] and line["stratum"] in strata, "stratum")
    key = draw.sha(b"FAIRDRAW-KEY/1\0", records.lp(b"object"), bytes.fromhex(seed))
    ticket = draw.sha(b"FAIRDRAW-TICKET/1\0", key, value["object"].encode()).hex()
    refuse_unless(value["ticket"] == ticket, "ticket")
    threshold = strata[line["stratum"]]["threshold"]
    refuse_unless(value["threshold"] == threshold, "threshold")
    chosen = "drawn" if threshold is not None and ticket <= threshold else "not-drawn"
    refuse_unless(value["result"] == ("excluded" if "excluded" in line else chosen), "result")


def _rank(value: Json, drawn: Json, k: int) -> int | None:
    refuse_unless((value["result"] == "drawn") == ("listed" in value), "listed")
    if value["result"] != "drawn":
        return None
    line = _line(value["listed"], drawn, value["object"])
    refuse_unless((line["ticket"], line["stratum"]) == (value["ticket"], value["stratum"]), "listed")
    refuse_unless(1 <= line["rank"] <= k, "rank")
    return int(line["rank"])
