"""The seed: the vectors of an independent program, and that every part of it counts."""

import hashlib
import json
from pathlib import Path

import pytest

from verify.seed import (
    batch_key,
    beacon_hash_drand,
    beacon_hash_text,
    commit_set,
    commitment,
    freeze_hash,
    lp,
    reveal_set,
    seed,
    subkey,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/draw/seed.json").read_text(encoding="utf-8"))
A, B, C = bytes([1]) * 32, bytes([2]) * 32, bytes([3]) * 32


def beacon_hash(beacon):
    if beacon["kind"] == "drand":
        chain, signature = bytes.fromhex(beacon["chain_hash"]), bytes.fromhex(beacon["signature"])
        return beacon_hash_drand(chain, beacon["round"], signature)
    return beacon_hash_text(beacon["kind"], beacon["key"])


@pytest.mark.parametrize("vector", VECTORS, ids=range(len(VECTORS)))
def test_the_seed_is_that_of_the_independent_program(vector):
    secrets = {party: bytes.fromhex(secret) for party, secret in vector["reveals"].items()}

    c0 = freeze_hash(vector["freeze"].encode())
    commitments = {party: commitment(c0, party, secret) for party, secret in secrets.items()}
    c1 = commit_set(c0, commitments)
    c2 = reveal_set(c1, {p: None if p in vector["withheld"] else secret for p, secret in secrets.items()})
    beacons = [beacon_hash(beacon) for beacon in vector["beacons"]]
    value = seed(c0, c1, c2, beacons)

    assert {party: c.hex() for party, c in commitments.items()} == vector["commitments"]
    assert [c0.hex(), c1.hex(), c2.hex()] == [vector["c0"], vector["c1"], vector["c2"]]
    assert [b.hex() for b in beacons] == vector["beacon_hashes"]
    assert value.hex() == vector["seed"]
    assert {label: subkey(label, value).hex() for label in vector["subkeys"]} == vector["subkeys"]


def test_a_string_counts_in_bytes_not_in_characters():
    assert lp("抽查") == b"\0\0\0\6" + "抽查".encode()


def test_the_order_in_which_parties_came_does_not_matter():
    assert commit_set(A, {"x": B, "a": C}) == commit_set(A, {"a": C, "x": B})
    assert reveal_set(A, {"x": B, "a": None}) == reveal_set(A, {"a": None, "x": B})


def test_a_party_that_withholds_differs_from_one_that_reveals_zeros():
    assert reveal_set(A, {"x": None}) != reveal_set(A, {"x": bytes(32)})


def test_every_part_of_the_seed_counts():
    honest = seed(A, B, C, [A, B])

    others = [seed(B, B, C, [A, B]), seed(A, A, C, [A, B]), seed(A, B, A, [A, B]), seed(A, B, C, [B, A])]
    others += [seed(A, B, C, [A]), seed(A, B, C, [A, B, B])]

    assert len({honest, *others}) == 7


def test_a_commitment_cannot_be_copied_to_another_party_or_draw():
    assert len({commitment(A, "x", C), commitment(A, "y", C), commitment(B, "x", C)}) == 3


def test_each_batch_and_each_label_has_its_own_key():
    keys = [batch_key(A, 1, B), batch_key(A, 2, B), batch_key(A, 1, C), batch_key(B, 1, B)]
    keys += [subkey(label, A) for label in ("object", "assign", "recheck")]

    assert len(set(keys)) == 7


def test_a_batch_key_is_the_object_key_of_a_seed_of_its_own():
    seed_of_the_batch = hashlib.sha256(b"FAIRDRAW-BATCH/1\0" + A + b"\1\2" + B).digest()
    expected = hashlib.sha256(b"FAIRDRAW-KEY/1\0" + b"\0\0\0\6object" + seed_of_the_batch).digest()

    assert batch_key(A, 258, B) == expected


CHEATS = {
    "a short C0": (lambda: commit_set(A[:31], {}), "C0 has 32 bytes"),
    "a long C1": (lambda: reveal_set(A + b"\0", {}), "C1 has 32 bytes"),
    "a short contribution": (lambda: commitment(A, "x", b"guess"), "the contribution of x has 32 bytes"),
    "a short revealed contribution": (lambda: reveal_set(A, {"x": b""}), "the contribution of x has 32 bytes"),
    "a short commitment": (lambda: commit_set(A, {"x": B[:1]}), "the commitment of x has 32 bytes"),
    "a party that is not ASCII": (lambda: commitment(A, "纪检", B), "ASCII"),
    "a party without a name": (lambda: commit_set(A, {"": B}), "ASCII"),
    "a signature on G2": (lambda: beacon_hash_drand(A, 1, bytes(96)), "has 48 bytes, this one has 96"),
    "a signature of 47 bytes": (lambda: beacon_hash_drand(A, 1, bytes(47)), "has 48 bytes, this one has 47"),
    "round 0": (lambda: beacon_hash_drand(A, 0, bytes(48)), "from 1"),
    "a round beyond 64 bits": (lambda: beacon_hash_drand(A, 1 << 64, bytes(48)), "must fit 64 bits"),
    "a chain hash in hex": (lambda: beacon_hash_drand(A.hex().encode(), 1, bytes(48)), "the chain hash has 32 bytes"),
    "dice with a capital letter": (lambda: beacon_hash_text("Dice", "1/"), "dice or lottery"),
    "drand in words": (lambda: beacon_hash_text("drand", "1/"), "dice or lottery"),
    "a seed without a beacon": (lambda: seed(A, B, C, []), "without a beacon"),
    "a seed with a short beacon": (lambda: seed(A, B, C, [b""]), "a beacon hash has 32 bytes"),
    "a label that is not ASCII": (lambda: subkey("object\u3000", A), "a label is ASCII"),
    "no label": (lambda: subkey("", A), "a label is ASCII"),
    "a short seed": (lambda: subkey("object", A[:16]), "the seed has 32 bytes"),
    "batch 0": (lambda: batch_key(A, 0, B), "from 1"),
    "batch 65536": (lambda: batch_key(A, 65536, B), "must fit 16 bits"),
}


@pytest.mark.parametrize(("cheat", "reason"), CHEATS.values(), ids=CHEATS.keys())
def test_what_has_the_wrong_shape_is_refused(cheat, reason):
    with pytest.raises(ValueError, match=reason):
        cheat()
