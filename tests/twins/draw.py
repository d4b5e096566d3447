"""Naive twins of the draw: slow, obvious programs that must give the same answers as the fast ones."""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from importlib import import_module
from math import ceil

from tests.twins.json_text import refuse_unless


def be(number: int, size: int) -> bytes:
    return number.to_bytes(size, "big")


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def quota(n: int, bp: int, legal_max_bp: int | None) -> int:
    """Return the number to draw, in fractions: the ratio rounded up, then not above the maximum, then at least one."""
    k = ceil(Fraction(n * bp, 10000))
    if legal_max_bp is not None and k > Fraction(n * legal_max_bp, 10000):
        k = int(Fraction(n * legal_max_bp, 10000))
    return 0 if n == 0 else max(1, k)


def select(key: bytes, rows: Collection[tuple[str, str, bool]], quota_bp: Mapping[str, int], legal_max_bp=None):
    """Return {stratum: (n, k, threshold, drawn)} by sorting all tickets of a stratum."""
    result = {}
    for stratum in {stratum for _, stratum, _ in rows}:
        ids = [object_id.encode() for object_id, of, excluded in rows if of == stratum and not excluded]
        ranked = sorted((sha(b"FAIRDRAW-TICKET/1\0", key, name), name) for name in ids)
        k = quota(len(ids), quota_bp[stratum], legal_max_bp)
        drawn = ranked[:k]
        result[stratum] = (len(ids), k, drawn[-1][0] if drawn else None, tuple(name.decode() for _, name in drawn))
    return result


def seat_list(key: bytes, task_id: str, seat_no: int, group: Sequence[int]) -> list[int]:
    """Return the whole random list of a seat: a Fisher-Yates shuffle of a real list, from the front."""
    names = list(group)
    raw = task_id.encode()
    for t in range(len(names)):
        remaining, c = len(names) - t, 0
        while True:
            digest = sha(b"FAIRDRAW-SEAT/1\0", key, be(len(raw), 4), raw, be(seat_no, 2), be(t, 4), be(c, 4))
            v = int.from_bytes(digest[:8], "big")
            if v < 2**64 // remaining * remaining:
                break
            c += 1
        j = t + v % remaining
        names[t], names[j] = names[j], names[t]
    return names


def feasible(tasks, groups, inspectors, recusals, caps) -> Iterator[tuple[int, ...]]:
    """Yield every assignment that keeps the hard constraints, seat by seat, trying everybody."""
    seats = [(position, group) for position, (_, in_task) in enumerate(tasks) for group in in_task]

    def extend(chosen: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if len(chosen) == len(seats):
            yield chosen
            return
        position, group = seats[len(chosen)]
        team = {i for i, (of, _) in zip(chosen, seats, strict=False) if of == position}
        for i in groups[group]:
            full = caps is not None and chosen.count(i) >= caps[i]
            if i not in recusals.get(position, ()) and i not in team and not full:
                yield from extend((*chosen, i))

    return extend(())


def loads_squared(holders: Sequence[int]) -> int:
    return sum(holders.count(i) ** 2 for i in set(holders))


def assign(key: bytes, tasks, groups, inspectors, recusals, caps) -> list[int] | None:
    """Return the assignment by its definition: of all feasible ones the evenest, of those the first by the lists."""
    lists = [
        {i: position for position, i in enumerate(seat_list(key, task_id, seat_no, groups[group]))}
        for task_id, in_task in tasks
        for seat_no, group in enumerate(in_task)
    ]

    def rank(holders: tuple[int, ...]) -> tuple[int, list[int]]:
        return loads_squared(holders), [positions[i] for positions, i in zip(lists, holders, strict=True)]

    best = min(feasible(tasks, groups, inspectors, recusals, caps), key=rank, default=None)
    return None if best is None else list(best)


def drand_signature_is_right(public_key: bytes, round: int, signature: bytes) -> bool:
    """Return whether a quicknet signature is right, by the pure Python library py_ecc instead of the verifier's own."""
    primitives, to_curve, compression, curve = (
        import_module(f"py_ecc.{name}")
        for name in ("bls.g2_primitives", "bls.hash_to_curve", "bls.point_compression", "optimized_bls12_381")
    )
    halves = int.from_bytes(public_key[:48], "big"), int.from_bytes(public_key[48:], "big")
    key, point = compression.decompress_G2(halves), compression.decompress_G1(int.from_bytes(signature, "big"))
    hashed = to_curve.hash_to_G1(sha(be(round, 8)), b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_", hashlib.sha256)
    pairing = curve.pairing
    return bool(primitives.subgroup_check(point) and pairing(curve.G2, point) == pairing(key, hashed))


def derive(freeze: bytes, commitments, reveals, beacons) -> dict[str, object]:
    """Return every hash between a freeze and the keys of its draw, refusing what a draw must not be made of."""
    c0 = sha(b"FAIRDRAW-FREEZE/1\0", _lp(freeze))
    refuse_unless(set(commitments) == set(reveals), "parties")
    for party, secret in reveals.items():
        opened = secret is None or sha(b"FAIRDRAW-COMMIT/1\0", c0, _lp(party.encode()), secret) == commitments[party]
        refuse_unless(opened, "commitment")
    order = sorted(commitments)
    made = b"".join(_lp(party.encode()) + commitments[party] for party in order)
    c1 = sha(b"FAIRDRAW-COMMITSET/1\0", c0, be(len(order), 2), made)
    shown = b"".join(_lp(p.encode()) + (b"\x00" if reveals[p] is None else b"\x01" + reveals[p]) for p in order)
    c2 = sha(b"FAIRDRAW-REVEALSET/1\0", c1, be(len(order), 2), shown)
    refuse_unless(len(beacons) > 0, "beacons")
    b = [_beacon(beacon) for beacon in beacons]
    seed = sha(b"FAIRDRAW-SEED/1\0", c0, c1, c2, be(len(b), 2), *b)
    keys = {f"k_{name}": sha(b"FAIRDRAW-KEY/1\0", _lp(name.encode()), seed) for name in ("object", "assign")}
    hexed = {name: value.hex() for name, value in {"c0": c0, "c1": c1, "c2": c2, "seed": seed, **keys}.items()}
    return hexed | {"beacons": [each.hex() for each in b]}


def _beacon(beacon) -> bytes:
    if beacon["kind"] == "drand":
        signature = bytes.fromhex(beacon["signature"])
        refuse_unless(len(signature) == 48, "signature")
        named = bytes.fromhex(beacon["chain_hash"]) + be(beacon["round"], 8)
        return sha(b"FAIRDRAW-BEACON/1\0", _lp(b"drand"), named, _lp(signature))
    refuse_unless(beacon["kind"] in ("dice", "lottery"), "kind")
    return sha(b"FAIRDRAW-BEACON/1\0", _lp(beacon["kind"].encode()), _lp(beacon["key_string"].encode()))


def _lp(data: bytes) -> bytes:
    return be(len(data), 4) + data


def dice(key_string: str, sides: int, least: int) -> int:
    """Return the number of rolls; the spelling is matched against a pattern of its own."""
    face = "[0-9]" if sides == 10 else "[1-6]"
    ten = rf"{face}(\.{face}){{9}}/"
    refuse_unless(
        re.fullmatch(rf"({ten})*({face}(\.{face}){{0,8}}/)?", key_string) is not None and key_string != "", "form"
    )
    rolls = len(re.findall("[0-9]", key_string))
    refuse_unless(rolls >= least, "rolls")
    return rolls


def lottery(key_string: str, ordered) -> None:
    number = "(0|[1-9][0-9]*)"
    refuse_unless(re.fullmatch(rf"(({number}\.)+/)+", key_string) is not None, "form")
    groups = [[int(n) for n in group.split(".")[:-1]] for group in key_string.split("/")[:-1]]
    refuse_unless(len(groups) == len(ordered), "groups")
    refuse_unless(all(keep or group == sorted(group) for group, keep in zip(groups, ordered, strict=True)), "order")
