"""The beacon: real drand rounds, every way to forge one, and the only spelling of dice and lotteries."""

import json
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twins import draw as twin
from verify.beacon import (
    ENOUGH_ROLLS,
    QUICKNET,
    BeaconError,
    BlsMissing,
    Chain,
    check_dice,
    check_lottery,
    dice_key_string,
    entropy_bits_dice,
    lottery_key_string,
    verify_drand,
)
from verify.bls import verify_g1
from verify.seed import beacon_hash_drand

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests/vectors/draw"
CHAINS = json.loads((FOLDER / "drand-chains.json").read_text(encoding="utf-8"))
ROUNDS = json.loads((FOLDER / "drand-rounds.json").read_text(encoding="utf-8"))
QUICK = [row for row in ROUNDS if row["chain"] == "quicknet"]
ROUND, SIGNATURE = QUICK[0]["round"], bytes.fromhex(QUICK[0]["signature"])
OFF_THE_CURVE = bytes([0x80]) + bytes(46) + bytes([1])
OUTSIDE_THE_SUBGROUP = bytes([0x80]) + bytes(46) + bytes([4])
FIELD = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB


def chain(name):
    row = CHAINS[name]
    key, start = bytes.fromhex(row["public_key"]), bytes.fromhex(row["genesis_seed"])
    return Chain(name, row["scheme"], key, row["period"], row["genesis_time"], start, row["beacon_id"])


@pytest.mark.parametrize("name", CHAINS)
def test_the_chain_hash_is_made_from_what_the_network_publishes(name):
    assert chain(name).hash().hex() == CHAINS[name]["chain_hash"]


def test_quicknet_is_pinned_as_published():
    assert chain("quicknet") == QUICKNET


@pytest.mark.parametrize("row", QUICK, ids=lambda row: row["round"])
def test_a_published_round_is_right(row):
    assert verify_drand(QUICKNET, row["round"], bytes.fromhex(row["signature"]))


@pytest.mark.parametrize("row", QUICK, ids=lambda row: row["round"])
def test_a_second_library_agrees(row):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("py_ecc", reason="the second pairing library is not installed")
        signature = bytes.fromhex(row["signature"])

        assert twin.drand_signature_is_right(QUICKNET.public_key, row["round"], signature)
        assert not twin.drand_signature_is_right(QUICKNET.public_key, row["round"] + 1, signature)


def test_the_default_chain_is_refused_though_its_signature_is_right():
    row = next(row for row in ROUNDS if row["chain"] == "default")
    signature = bytes.fromhex(row["signature"])

    with pytest.raises(BeaconError, match="pedersen-bls-chained"):
        verify_drand(chain("default"), row["round"], signature)
    with pytest.raises(ValueError, match="48 bytes"):
        beacon_hash_drand(chain("default").hash(), row["round"], signature)
    assert not verify_drand(QUICKNET, row["round"], signature)


def negated(signature):
    return bytes([signature[0] ^ 0x20]) + signature[1:]


FORGERIES = {
    "the next round": (ROUND + 1, SIGNATURE),
    "round 0": (0, SIGNATURE),
    "a round beyond 64 bits": (ROUND + (1 << 64), SIGNATURE),
    "the signature of another round": (ROUND, bytes.fromhex(QUICK[1]["signature"])),
    "no signature": (ROUND, b""),
    "a byte less": (ROUND, SIGNATURE[:-1]),
    "a byte more": (ROUND, SIGNATURE + b"\0"),
    "uncompressed length": (ROUND, SIGNATURE + bytes(48)),
    "the compressed flag is missing": (ROUND, bytes([SIGNATURE[0] & 0x7F]) + SIGNATURE[1:]),
    "the infinity flag is set": (ROUND, bytes([SIGNATURE[0] | 0x40]) + SIGNATURE[1:]),
    "infinity": (ROUND, bytes([0xC0]) + bytes(47)),
    "infinity with a sign": (ROUND, bytes([0xE0]) + bytes(47)),
    "zeros": (ROUND, bytes(48)),
    "the opposite point": (ROUND, negated(SIGNATURE)),
    "a point off the curve": (ROUND, OFF_THE_CURVE),
    "a point outside the subgroup": (ROUND, OUTSIDE_THE_SUBGROUP),
    "a coordinate out of range": (ROUND, (FIELD + 4 | 1 << 383).to_bytes(48, "big")),
    "the hex text": (ROUND, SIGNATURE.hex().encode()),
}


@pytest.mark.parametrize(("round", "signature"), FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_round_is_wrong(round, signature):
    assert not verify_drand(QUICKNET, round, signature)


def test_no_bit_of_a_signature_can_change():
    number = int.from_bytes(SIGNATURE, "big")

    accepted = [bit for bit in range(384) if verify_drand(QUICKNET, ROUND, (number ^ 1 << bit).to_bytes(48, "big"))]

    assert accepted == []


def test_another_network_of_the_same_scheme_does_not_accept_the_signature():
    assert not verify_drand(chain("quicknet-t"), ROUND, SIGNATURE)


def test_a_key_that_is_no_key_accepts_nothing():
    infinity = bytes([0xC0]) + bytes(95)

    for key in (b"", QUICKNET.public_key[:48], infinity, bytes([0x80]) + bytes(95)):
        assert not verify_drand(replace(QUICKNET, public_key=key), ROUND, SIGNATURE)
        assert not verify_drand(replace(QUICKNET, public_key=key), ROUND, bytes([0xC0]) + bytes(47))


def test_the_hash_to_the_curve_carries_the_label_of_g1():
    message = twin.sha(twin.be(ROUND, 8))
    of_fastnet = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_"

    assert verify_g1(QUICKNET.public_key, message, SIGNATURE)
    assert not verify_g1(QUICKNET.public_key, message, SIGNATURE, of_fastnet)


def test_without_the_library_the_check_is_not_made(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyblst", None)

    with pytest.raises(BlsMissing, match="pyblst is not installed"):
        verify_drand(QUICKNET, ROUND, SIGNATURE)


def test_the_rest_of_the_draw_needs_no_library():
    program = "import verify.seed, verify.beacon, verify.selection, verify.assignment; print('stands')"

    done = subprocess.run([sys.executable, "-S", "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.stdout.strip(), done.stderr) == ("stands", "")


def test_the_round_is_the_first_that_nobody_can_know_at_the_time():
    start = QUICKNET.genesis

    rounds = [QUICKNET.round_at_or_after(start + t) for t in (-100, 0, 1, 2, 3, 4, 6)]

    assert rounds == [1, 1, 2, 2, 2, 3, 3]


@given(st.integers(QUICKNET.genesis, QUICKNET.genesis + 10**9), st.sampled_from([1, 3, 30]))
def test_no_earlier_round_would_do(t, period):
    network = replace(QUICKNET, period=period)

    found = network.round_at_or_after(t)

    assert network.time_of(found) >= t
    assert found == 1 or network.time_of(found - 1) < t


def test_there_is_no_round_0():
    with pytest.raises(BeaconError, match="from 1"):
        QUICKNET.time_of(0)


@given(st.sampled_from([6, 10]), st.data())
def test_what_is_written_of_dice_is_read_again(sides, data):
    faces = st.integers(1, 6) if sides == 6 else st.integers(0, 9)
    rolls = data.draw(st.lists(faces, min_size=1, max_size=45))

    written = dice_key_string(rolls, sides)

    assert check_dice(written, sides) == len(rolls)
    assert written.count("/") == -(-len(rolls) // 10)


@given(st.lists(st.lists(st.integers(0, 99), min_size=1, max_size=7), min_size=1, max_size=3), st.data())
def test_what_is_written_of_a_lottery_is_read_again(groups, data):
    ordered = data.draw(st.lists(st.booleans(), min_size=len(groups), max_size=len(groups)))

    written = lottery_key_string(groups, ordered)

    read = check_lottery(written, ordered)
    assert [list(g) for g in read] == [g if keep else sorted(g) for g, keep in zip(groups, ordered, strict=True)]


def test_the_vectors_hold_right_key_strings():
    vectors = json.loads((FOLDER / "seed.json").read_text(encoding="utf-8"))
    beacons = [beacon for vector in vectors for beacon in vector["beacons"]]

    assert {check_dice(b["key"], 10) for b in beacons if b["kind"] == "dice"} == {40}
    assert {check_lottery(b["key"], [False, False]) for b in beacons if b["kind"] == "lottery"} == {
        ((3, 7, 12, 19, 28, 31), (9,))
    }


def test_enough_rolls_hold_at_least_128_bits():
    assert all(entropy_bits_dice(rolls, sides) >= 128 for sides, rolls in ENOUGH_ROLLS.items())
    assert round(entropy_bits_dice(20, 10)) == 66


DICE = {
    "nothing": ("", 10),
    "only a group's end": ("/", 10),
    "the last end is missing": ("1.2.3", 10),
    "a dot too many": ("1.2.3./", 10),
    "an empty group": ("1.2.3//", 10),
    "a group cut early": ("1.2/3/", 10),
    "eleven in a group": ("1.2.3.4.5.6.7.8.9.0.1/", 10),
    "a leading zero": ("01.2/", 10),
    "a sign": ("+1.2/", 10),
    "a space": ("1. 2/", 10),
    "a newline": ("1.2/\n", 10),
    "digits of another script": ("\uff11.2/", 10),
    "a ten on ten sides": ("10.2/", 10),
    "a zero on six sides": ("0.2/", 6),
    "a seven on six sides": ("1.7/", 6),
    "twenty sides": ("1.2/", 20),
}


@pytest.mark.parametrize(("key_string", "sides"), DICE.values(), ids=DICE.keys())
def test_dice_have_one_spelling(key_string, sides):
    with pytest.raises(BeaconError):
        check_dice(key_string, sides)


LOTTERIES = {
    "nothing": "",
    "only a group's end": "/",
    "the last end is missing": "3.7.",
    "a dot is missing": "3.7/",
    "an empty group": "3.7.//",
    "a leading zero": "03.7./",
    "a sign": "-3.7./",
    "a word": "three./",
    "a space": "3. 7./",
    "digits of another script": "\u0663.7./",
    "not sorted": "7.3./",
}


@pytest.mark.parametrize("key_string", LOTTERIES.values(), ids=LOTTERIES.keys())
def test_a_lottery_has_one_spelling(key_string):
    with pytest.raises(BeaconError):
        check_lottery(key_string, [False])


def test_a_lottery_of_digits_keeps_their_order():
    assert lottery_key_string([[7, 0, 7]], [True]) == "7.0.7./"
    assert check_lottery("7.0.7./") == ((7, 0, 7),)


def test_a_number_too_long_to_read_is_refused():
    with pytest.raises(BeaconError):
        check_lottery("1" * 5000 + "./")
