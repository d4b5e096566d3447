"""The seed: every beacon is what the freeze named, none came before its time, and the seed is the hash over all of it.

V5 checks the beacons, V6 the seed, F06 the time. Source: draw specification, P4 and P5.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from verify import seed
from verify.beacon import BeaconError, verify_drand
from verify.bls import BlsMissing
from verify.ceremony import Draw
from verify.entries import Entry
from verify.findings import Finding, broken, unchecked
from verify.replay import CHAINS, beacon_of


def check_beacons(draw: Draw) -> Iterator[Finding]:
    """Fill `beacons` of the draw, in the order of the freeze, as far as they are right."""
    named = draw.freeze.get("beacons", [])
    recorded = draw.all("draw.beacon-recorded")
    earliest = draw.freeze.get("t_reveal", 0) + draw.freeze.get("delta", 0)
    for number, entry in enumerate(recorded):
        if entry.data["position"] != number or number >= len(named):
            zh = f"{draw.stream}：第 {entry.data['position']} 个信标不在应有的位置 {number}（共约定 {len(named)} 个）。"
            en = f"{draw.stream}: beacon {entry.data['position']} stands at place {number}, the freeze names {len(named)}."
            yield broken("V5", zh, en, entry.index)
            continue
        if entry.seconds < earliest:
            zh = f"{draw.stream}：信标比揭示截止加间隔早 {earliest - entry.seconds} 秒。"
            en = (
                f"{draw.stream}: the beacon came {earliest - entry.seconds} s before the reveals were closed and delta."
            )
            yield broken("F06", zh, en, entry.index)
        yield from _beacon(draw, entry, named[number])
    derived = draw.one("draw.seed-derived")
    if derived is not None and len(recorded) != len(named):
        zh = f"{draw.stream}：约定 {len(named)} 个信标，只有 {len(recorded)} 个就生成了种子。"
        en = f"{draw.stream}: the seed was derived from {len(recorded)} of {len(named)} beacons."
        yield broken("V5", zh, en, derived.index)


def _beacon(draw: Draw, entry: Entry, named: dict[str, Any]) -> Iterator[Finding]:
    signature = bytes.fromhex(entry.data["signature"]) if "signature" in entry.data else None
    try:
        value = beacon_of(named, entry.data.get("key_string"), signature)
    except (BeaconError, KeyError, ValueError) as error:
        zh = f"{draw.stream}：信标记录不成立：{error}。"
        yield broken("V5", zh, f"{draw.stream}: the beacon does not hold: {error}.", entry.index)
        return
    if value.hex() != entry.data["b"]:
        zh = f"{draw.stream}：信标的哈希应为 {value.hex()}，记录写 {entry.data['b']}。"
        yield broken("V5", zh, f"{draw.stream}: the beacon gives B {value.hex()}, not as recorded.", entry.index)
    draw.beacons.append(value)
    if signature is None:
        return
    chain = CHAINS.get(named["chain_hash"])
    if chain is None:
        zh = f"{draw.stream}：不认识 drand 网络 {named['chain_hash']}，信标未核验。"
        yield unchecked(
            "V5", zh, f"{draw.stream}: the drand network {named['chain_hash']} is unknown here.", entry.index
        )
        return
    try:
        if not verify_drand(chain, named["round"], signature):
            zh = f"{draw.stream}：drand 第 {named['round']} 轮的签名不成立。"
            yield broken("V5", zh, f"{draw.stream}: not the signature of drand round {named['round']}.", entry.index)
    except BlsMissing:
        zh = f"{draw.stream}：缺少 BLS 库，drand 第 {named['round']} 轮未核验。"
        yield unchecked("V5", zh, f"{draw.stream}: drand round {named['round']}: no pairing library here.", entry.index)


def check_seed(draw: Draw) -> Iterator[Finding]:
    """Fill `seed` of the draw: as recomputed, or as recorded where something is missing for it."""
    derived = draw.one("draw.seed-derived")
    if derived is None:
        return
    named = draw.freeze.get("beacons", [])
    if draw.c0 is None or draw.c1 is None or draw.c2 is None or not named or len(draw.beacons) != len(named):
        draw.seed = bytes.fromhex(derived.data["seed"])
        zh = f"{draw.stream}：缺少种子的组成部分，种子未核验。"
        yield unchecked("V6", zh, f"{draw.stream}: parts of the seed are missing, it is unchecked.", derived.index)
        return
    draw.seed = seed.seed(draw.c0, draw.c1, draw.c2, draw.beacons)
    if draw.seed.hex() != derived.data["seed"]:
        zh = f"{draw.stream}：种子应为 {draw.seed.hex()}，记录写 {derived.data['seed']}。"
        en = f"{draw.stream}: commitments, reveals and beacons give another seed, {draw.seed.hex()}."
        yield broken("V6", zh, en, derived.index)
