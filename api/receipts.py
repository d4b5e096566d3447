"""What is handed to one person: the receipt of an entry, and the self-check of a business.

Both rest on the last published checkpoint, with whatever cosignatures it has, and are checked without this program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from api.listed import Listed, Shelf
from domain import uscc
from domain.errors import Invalid
from domain.ledger import Ledger
from projections import draws
from projections.tables import Connection, Record
from verify import canonical, checkpoint, documents, selfcheck
from verify.entries import Entry, read_own
from verify.proof import Proof
from verify.shape import misfit

_SHELF = Shelf()
_CODE_RULE = "GB 32100-2015"


@dataclass(frozen=True)
class Published:
    """What of one draw is published: the signed checkpoint, the draw's entries below its size, in order, and their proofs.

    `entry(index)` gives an entry's bytes, `path(index)` its path in the tree of the checkpoint, `listed(reference)` a list.
    """

    note: bytes
    steps: Sequence[tuple[str, int]]
    """Of each entry the kind and the index."""
    entry: Callable[[int], bytes]
    path: Callable[[int], list[bytes]]
    listed: Callable[[Record], Listed]


def receipt(ledger: Ledger, index: int) -> bytes | None:
    """Return the tlog-proof of an entry with its bytes as `extra`, None where it is not published."""
    note = ledger.checkpoint()
    path = ledger.inclusion(index, checkpoint.parse(note)[0].size) if note else None
    if note is None or path is None:
        return None
    return Proof(index, path, note, next(ledger.store.entries(index, index + 1))).to_bytes()


def self_check(ledger: Ledger, connection: Connection, name: str, business: str) -> Record | None:
    """Return the self-check of a business in the draw `name`; None where there is no such draw, or no freeze is published.

    Invalid where the code cannot be one. Form: SPEC.md, section 14.
    """
    note = ledger.checkpoint()
    if note is None:
        return None
    size = checkpoint.parse(note)[0].size
    steps = [(step["kind"], step["index"]) for step in draws.steps(connection, f"draw/{name}") if step["index"] < size]

    def path(index: int) -> list[bytes]:
        return ledger.inclusion(index, size) or []

    def entry(index: int) -> bytes:
        return next(ledger.store.entries(index, index + 1))

    return made(Published(note, steps, entry, path, partial(_listed, ledger)), f"draw/{name}", business)


def made(published: Published, draw: str, business: str) -> Record | None:
    """Return what is published of a business in a draw; None before its freeze. Invalid where the code cannot be one.

    A draw may have been frozen more than once: what counts is its last freeze, and what came after it.
    """
    kinds = [kind for kind, _ in published.steps]
    if selfcheck.STEPS["frozen"] not in kinds:
        return None
    last = len(kinds) - 1 - kinds[::-1].index(selfcheck.STEPS["frozen"])
    since = dict(published.steps[last:])
    reached = published.steps[-1][1]
    frozen = _read(published, since[selfcheck.STEPS["frozen"]])
    pool = published.listed(frozen.data["documents"]["objects"])
    business, place = _found(pool, business)
    value: Record = {"format": selfcheck.FORMAT, "draw": draw, "object": business}
    value["checkpoint"] = published.note.decode().removesuffix("\n").split("\n")
    decided = place is not None and all(kind in since for kind in selfcheck.STEPS.values())
    indexes = {"frozen": frozen.index, "reached": reached}
    if decided:
        indexes = {key: since[kind] for key, kind in selfcheck.STEPS.items()}
    value["entries"] = {key: _placed(published, index) for key, index in indexes.items()}
    if place is None:
        return {**value, "around": _around(pool, business), "result": selfcheck.ABSENT}
    value["pool"] = pool.placed(place)
    if not decided:
        return {**value, "result": selfcheck.IN_POOL}
    return value | _result(published, since, value["pool"], business)


def _result(published: Published, since: dict[str, int], pool: Record, business: str) -> Record:
    seeded, drawn = (_read(published, since[selfcheck.STEPS[key]]) for key in ("seed", "drawn"))
    row = canonical.decode(pool["line"].encode())
    result = selfcheck.result_of(business, row, bytes.fromhex(seeded.data["seed"]), drawn.data["strata"])
    listed = published.listed(drawn.data["document"])
    place, is_there = listed.find(business)
    return {**result, "listed": listed.placed(place)} if is_there else result


def _found(pool: Listed, code: str) -> tuple[str, int | None]:
    """Return the id that a code means and its place in the pool, None where it has none; lower case is accepted.

    Invalid for a code that cannot be one, where the ids of the pool are social credit codes: that is a mistake in
    typing, and says nothing about any business.
    """
    for name in (code, code.upper()):
        place, is_there = pool.find(name)
        if is_there:
            return name, place
    fault = uscc.fault(code.upper())
    there = _around(pool, code.upper())
    ids = [canonical.decode(each["line"].encode())["id"] for each in there.values()]
    if fault is not None and (misfit(code, "key") or any(uscc.fault(each) is None for each in ids)):
        zh = f"{code} 不是统一社会信用代码，可能写错了：{fault[0]}。名录中没有这个编号，也不能说哪一户不在名录中"
        en = f"{code} is no social credit code, it may be mistyped: {fault[1]}; nothing is said about any business"
        raise Invalid(zh, en, _CODE_RULE)
    return (code.upper() if fault is None else code), None


def _around(pool: Listed, name: str) -> Record:
    """Return the two lines between which `name` would stand, one at an end of the list, none of an empty list."""
    place, _ = pool.find(name)
    before = {"before": pool.placed(place - 1)} if place else {}
    return before | ({"after": pool.placed(place)} if place < pool.size else {})


def spelled(value: Record) -> bytes:
    """Return a self-check as the file that is handed out."""
    return canonical.encode(value) + b"\n"


def _read(published: Published, index: int) -> Entry:
    return read_own(published.entry(index))


def _placed(published: Published, index: int) -> dict[str, Any]:
    path = [each.hex() for each in published.path(index)]
    return {"index": index, "entry": published.entry(index).decode(), "path": path}


def _listed(ledger: Ledger, reference: Record) -> Listed:
    sha256 = reference["sha256"]
    part = partial(ledger.part, sha256)
    return _SHELF.get(sha256, lambda: Listed(documents.own_lines(ledger.pieces(sha256)), part)).through(part)
