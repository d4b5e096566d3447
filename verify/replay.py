"""A draw replayed from its frozen pool and its seed: who is drawn, and who is sent.

The writer records what these functions return, the verifier calls them again and compares; nothing recorded is trusted.
Source: draw specification, sections 4 and 7.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verify.assignment import assign_with_ladder
from verify.beacon import ENOUGH_ROLLS, QUICKNET, BeaconError, check_dice, check_lottery
from verify.pool import eligible_inspectors
from verify.seed import beacon_hash_drand, beacon_hash_text, subkey
from verify.selection import select, task_order, ticket

Lines = Sequence[Mapping[str, Any]]
CHAINS = {QUICKNET.hash().hex(): QUICKNET}
"""The drand networks that a freeze may name, by the hex of their chain hash."""


@dataclass(frozen=True)
class Drawn:
    """The objects drawn: list lines `{"id","rank","stratum","ticket"}`, and per stratum `{"n","k","threshold"}`."""

    lines: list[dict[str, Any]]
    strata: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Assigned:
    """The teams: list lines `{"id","inspectors"}` with the inspectors in seat order; none where a task stays open."""

    lines: list[dict[str, Any]]
    rung: int
    unassigned: int


def draw_objects(seed: bytes, freeze: Mapping[str, Any], pool: Iterable[Mapping[str, Any]]) -> Drawn:
    """Draw from the object lines of a frozen pool, which are read once. ValueError where a stratum has no ratio."""
    key = subkey("object", seed)
    rows = ((line["id"], line["stratum"], "excluded" in line) for line in pool)
    strata = select(key, rows, freeze["quota_bp"], freeze.get("hi_bp"))
    lines = [
        {"id": name, "rank": rank, "stratum": stratum.name, "ticket": ticket(key, name).hex()}
        for stratum in strata.values()
        for rank, name in enumerate(stratum.drawn, start=1)
    ]
    numbers = {
        name: {"n": s.n, "k": s.k, "threshold": s.threshold.hex() if s.threshold else None}
        for name, s in strata.items()
    }
    return Drawn(lines, numbers)


def assign_inspectors(
    seed: bytes,
    freeze: Mapping[str, Any],
    inspectors: Lines,
    drawn: Collection[str],
    recused: Mapping[str, Collection[str]],
    key: bytes | None = None,
) -> Assigned:
    """Give every drawn object its team. `inspectors`: the sorted pool; `recused`: inspector ids by drawn object.

    `key`: another one than the seed's, for whoever asks what other lists would have given.
    """
    order = task_order(subkey("object", seed), drawn)
    positions = {line["id"]: position for position, line in enumerate(inspectors)}
    group = eligible_inspectors(inspectors)
    groups = [group for _ in freeze["groups"]]
    seats = tuple(freeze["seats"])
    recusals = {
        task: [positions[name] for name in recused[object_id] if name in positions]
        for task, object_id in enumerate(order)
        if object_id in recused
    }
    caps = [freeze["cap"], *(rung["cap"] for rung in freeze["fallback"])]
    rungs = [(groups, None if cap is None else [cap] * len(inspectors)) for cap in caps]
    tasks = [(object_id, seats) for object_id in order]
    rung, seated, holders = assign_with_ladder(
        key or subkey("assign", seed), tasks, rungs, len(inspectors), recusals
    )
    teams = [holders[n * len(seats) : (n + 1) * len(seats)] if n < seated else [] for n in range(len(order))]
    lines = [
        {"id": object_id, "inspectors": [inspectors[holder]["id"] for holder in team]}
        for object_id, team in zip(order, teams, strict=True)
    ]
    return Assigned(lines, rung, len(order) - seated)


def beacon_of(beacon: Mapping[str, Any], key_string: str | None, signature: bytes | None) -> bytes:
    """Return B of one beacon as the freeze names it. BeaconError where what was recorded is not that beacon's outcome.

    A drand signature is not checked here (that needs a pairing library), only its length.
    """
    if beacon["kind"] == "drand":
        if signature is None or key_string is not None:
            raise BeaconError("a drand beacon is recorded by its signature")
        try:
            return beacon_hash_drand(bytes.fromhex(beacon["chain_hash"]), beacon["round"], signature)
        except ValueError as error:
            raise BeaconError(str(error)) from error
    if key_string is None or signature is not None:
        raise BeaconError(f"a {beacon['kind']} beacon is recorded by its key string")
    if beacon["kind"] == "dice":
        rolls = check_dice(key_string, beacon["sides"])
        if rolls != beacon["rolls"]:
            raise BeaconError(f"the freeze names {beacon['rolls']} rolls, {rolls} are recorded")
    else:
        check_lottery(key_string, beacon["ordered"])
    return beacon_hash_text(beacon["kind"], key_string)


def beacons_fault(beacons: Lines, reveal_until: int, delta: int, demonstration: bool) -> str | None:
    """Return why a freeze may not name this list of beacons, None where it may.

    `reveal_until`, `delta`: seconds; a drand round is computed from them, never chosen. One lottery alone is too little:
    its outcomes are few and its organiser is one.
    """
    if not beacons:
        return "at least one beacon must be named"
    if all(beacon["kind"] == "lottery" for beacon in beacons) and len(beacons) < 2:
        return "one lottery alone is too little: name two, or dice or drand besides"
    faults = (beacon_fault(beacon, reveal_until, delta, demonstration) for beacon in beacons)
    return next((f"beacon {n}: {fault}" for n, fault in enumerate(faults) if fault), None)


def beacon_fault(beacon: Mapping[str, Any], reveal_until: int, delta: int, demonstration: bool) -> str | None:
    """Return why a freeze may not name this beacon, None where it may.

    `reveal_until`, `delta`: seconds; a drand round is computed from them, never chosen.
    """
    needs = {"dice": {"sides", "rolls"}, "lottery": {"name", "issue", "ordered"}, "drand": {"chain_hash", "round"}}
    kind = beacon["kind"]
    keys = set(beacon) - {"kind", "simulated"}
    if keys != needs[kind]:
        return f"a {kind} beacon has the keys {', '.join(sorted(needs[kind]))}, not {', '.join(sorted(keys))}"
    if beacon.get("simulated") and not (demonstration and kind == "dice"):
        return "only the dice of a demonstration may be simulated"
    if kind == "dice" and beacon["rolls"] < ENOUGH_ROLLS.get(beacon["sides"], 1 << 62):
        return (
            f"{beacon['rolls']} rolls of a die with {beacon['sides']} sides are too few: 40 of ten sides or 50 of six"
        )
    if kind == "drand":
        chain = CHAINS.get(beacon["chain_hash"])
        if chain is None:
            return f"the drand network {beacon['chain_hash']} is not one that a draw may name"
        if beacon["round"] != chain.round_at_or_after(reveal_until + delta):
            return f"round {beacon['round']} is not the first one at or after the close of reveals and {delta} s"
    return None
