"""The seed of a draw: one 32-byte value made by several parties and a public beacon, and the keys cut from it.

Form: FAIRDRAW/1. H is SHA-256, BEn(x) is n-bit big-endian, LP(x) = BE32(length of x in bytes) || x.
Every hash opens with its own label and a zero byte, so that no value can stand in for one of another kind.
Wherever parties are listed they are in ascending order of their ids, which are ASCII.
"""

import hashlib
from collections.abc import Mapping, Sequence

HASH_BYTES = 32
SIGNATURE_BYTES = 48
TEXT_BEACONS = ("dice", "lottery")


def lp(data: bytes | str) -> bytes:
    """Return LP(data): the length in bytes as BE32, then the bytes; a string counts and goes as UTF-8.

    >>> lp("抽查").hex()
    '00000006e68abde69fa5'
    """
    raw = data.encode("utf-8") if isinstance(data, str) else data
    return _be(len(raw), 32, "a length") + raw


def freeze_hash(freeze: bytes) -> bytes:
    """Return C0 = H("FAIRDRAW-FREEZE/1\\0" || LP(freeze)), over its exact stored bytes without a newline."""
    return _hash(b"FAIRDRAW-FREEZE/1\0", lp(freeze))


def commitment(c0: bytes, party: str, secret: bytes) -> bytes:
    """Return c_p = H("FAIRDRAW-COMMIT/1\\0" || C0 || LP(party) || secret).

    The party inside stops copying another's commitment, C0 inside stops its use in another draw.
    `secret` is the 32 bytes drawn by the party; raises ValueError for other lengths and for a party that is not ASCII.
    """
    return _hash(b"FAIRDRAW-COMMIT/1\0", _32(c0, "C0"), _party(party), _32(secret, f"the contribution of {party}"))


def commit_set(c0: bytes, commitments: Mapping[str, bytes]) -> bytes:
    """Return C1 = H("FAIRDRAW-COMMITSET/1\\0" || C0 || BE16(n) || sum of LP(p) || c_p) over those who committed."""
    parts = [_party(p) + _32(commitments[p], f"the commitment of {p}") for p in sorted(commitments)]
    return _hash(b"FAIRDRAW-COMMITSET/1\0", _32(c0, "C0"), _be(len(parts), 16, "the number of parties"), *parts)


def reveal_set(c1: bytes, reveals: Mapping[str, bytes | None]) -> bytes:
    """Return C2 = H("FAIRDRAW-REVEALSET/1\\0" || C1 || BE16(n) || sum of LP(p) || (0x01 || r_p, or 0x00)).

    `reveals` names the same parties as the commitments did; None marks one that withheld, which is
    written 0x00. It is for the caller to compare the names and to open the commitments.
    """
    parts = [_party(p) + _flagged(p, reveals[p]) for p in sorted(reveals)]
    return _hash(b"FAIRDRAW-REVEALSET/1\0", _32(c1, "C1"), _be(len(parts), 16, "the number of parties"), *parts)


def beacon_hash_drand(chain_hash: bytes, round: int, signature: bytes) -> bytes:
    """Return B = H("FAIRDRAW-BEACON/1\\0" || LP("drand") || chain_hash || BE64(round) || LP(signature)).

    Only a 48-byte signature, compressed on G1, has one spelling here: any other length raises ValueError.
    That the signature is right is the business of `verify.beacon`.
    """
    if round < 1:
        raise ValueError(f"drand counts its rounds from 1, not {round}")
    if len(signature) != SIGNATURE_BYTES:
        raise ValueError(f"a beacon signature has {SIGNATURE_BYTES} bytes, this one has {len(signature)}")
    body = _32(chain_hash, "the chain hash") + _be(round, 64, "the round") + lp(signature)
    return _hash(b"FAIRDRAW-BEACON/1\0", lp("drand"), body)


def beacon_hash_text(kind: str, key_string: str) -> bytes:
    """Return B = H("FAIRDRAW-BEACON/1\\0" || LP(kind) || LP(key string)) for dice or a lottery.

    Raises ValueError for another `kind`. The form of the key string is checked in `verify.beacon`.
    """
    if kind not in TEXT_BEACONS:
        raise ValueError(f"a beacon in words is dice or lottery, not {kind!r}")
    return _hash(b"FAIRDRAW-BEACON/1\0", lp(kind), lp(key_string))


def seed(c0: bytes, c1: bytes, c2: bytes, beacons: Sequence[bytes]) -> bytes:
    """Return S = H("FAIRDRAW-SEED/1\\0" || C0 || C1 || C2 || BE16(#B) || B_1 || ...), beacons in the freeze's order.

    Raises ValueError for a hash that has not 32 bytes, and for no beacon: the last to reveal would know the seed.
    """
    if not beacons:
        raise ValueError("a seed without a beacon is known to the last party that reveals")
    hashes = [_32(value, name) for value, name in ((c0, "C0"), (c1, "C1"), (c2, "C2"))]
    tail = [_32(value, "a beacon hash") for value in beacons]
    return _hash(b"FAIRDRAW-SEED/1\0", *hashes, _be(len(tail), 16, "the number of beacons"), *tail)


def subkey(label: str, seed: bytes) -> bytes:
    """Return K_label = H("FAIRDRAW-KEY/1\\0" || LP(label) || seed); a draw uses the labels object, assign and recheck.

    Raises ValueError for a label that is empty or not ASCII.
    """
    if not label or not label.isascii():
        raise ValueError(f"a label is ASCII and not empty, not {label!r}")
    return _hash(b"FAIRDRAW-KEY/1\0", lp(label), _32(seed, "the seed"))


def batch_key(seed: bytes, j: int, beacon: bytes) -> bytes:
    """Return the object key of batch `j` (from 1): of S_j = H("FAIRDRAW-BATCH/1\\0" || S || BE16(j) || B_j)."""
    if j < 1:
        raise ValueError(f"batches count from 1, not {j}")
    parts = (_32(seed, "the seed"), _be(j, 16, "the batch"), _32(beacon, "the beacon hash"))
    return subkey("object", _hash(b"FAIRDRAW-BATCH/1\0", *parts))


def _hash(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _be(number: int, bits: int, what: str) -> bytes:
    if not 0 <= number < 1 << bits:
        raise ValueError(f"{what} must fit {bits} bits, {number} does not")
    return number.to_bytes(bits // 8, "big")


def _32(value: bytes, what: str) -> bytes:
    if len(value) != HASH_BYTES:
        raise ValueError(f"{what} has {HASH_BYTES} bytes, this one has {len(value)}")
    return value


def _party(party: str) -> bytes:
    if not party or not party.isascii():
        raise ValueError(f"a party id is ASCII and not empty, not {party!r}")
    return lp(party)


def _flagged(party: str, secret: bytes | None) -> bytes:
    return b"\x00" if secret is None else b"\x01" + _32(secret, f"the contribution of {party}")
