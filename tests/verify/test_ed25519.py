"""Signatures hold or do not; where they cannot be checked, that is said instead."""

import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from verify import ed25519

SECRET = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = SECRET.public_key().public_bytes_raw()


def test_a_signature_holds_for_its_own_text_only():
    signature = SECRET.sign(b"nine")

    assert ed25519.verify(PUBLIC, signature, b"nine")
    assert not ed25519.verify(PUBLIC, signature, b"ten")


def test_without_the_library_the_answer_is_neither_yes_nor_no(monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)

    assert not ed25519.available()
    with pytest.raises(ed25519.LibraryMissing, match="cryptography"):
        ed25519.verify(PUBLIC, SECRET.sign(b"nine"), b"nine")


def test_with_the_library_signatures_can_be_checked():
    assert ed25519.available()


@pytest.mark.parametrize(("public", "signature"), [(31, 64), (33, 64), (0, 64), (32, 63), (32, 65), (32, 0)])
def test_keys_and_signatures_of_other_lengths_do_not_hold(public, signature):
    assert not ed25519.verify(b"\x05" * public, b"\x05" * signature, b"nine")


SMALL_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_a_key_for_which_anybody_can_sign_signs_nothing(point):
    identity_and_zero = bytes.fromhex(SMALL_ORDER[1]) + bytes(32)

    for number in range(16):
        assert not ed25519.verify(bytes.fromhex(point), identity_and_zero, b"text %d" % number)
