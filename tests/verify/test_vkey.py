"""A verifier key has one spelling, its id is that of the key it holds, and nothing unreadable is written."""

import base64
import json
from pathlib import Path

import pytest

from verify import note
from verify.note import NoteError

EXAMPLES = json.loads((Path(__file__).parents[1] / "vectors" / "tlog" / "c2sp-spec-examples.json").read_text())
PUBLISHED_VKEY = EXAMPLES["signed_note"]["vkey"]


def test_the_published_key_is_written_as_it_was_read():
    key = note.parse_vkey(PUBLISHED_VKEY)

    assert (key.name, key.kind, key.key_id.hex(), len(key.public)) == ("example.com/foo", 1, "530d903a", 32)
    assert note.format_vkey(key.name, key.public) == PUBLISHED_VKEY
    assert note.key_id(key.name, key.kind, key.public) == key.key_id


def vkey(kind, public, name="a"):
    return f"{name}+{note.key_id(name, kind, public).hex()}+{base64.b64encode(bytes([kind]) + public).decode()}"


BAD_VKEYS = {
    "nothing": ("", "name\\+hash\\+key"),
    "another id": (PUBLISHED_VKEY.replace("530d903a", "530d903b"), "states the id 530d903b, its key has 530d903a"),
    "another name": (PUBLISHED_VKEY.replace("foo", "fo"), "states the id"),
    "an id in capitals": (PUBLISHED_VKEY.replace("530d903a", "530D903A"), "lower-case hex"),
    "an id too short": (PUBLISHED_VKEY.replace("530d903a", "530d903"), "lower-case hex"),
    "no name": (PUBLISHED_VKEY.replace("example.com/foo", ""), "name\\+hash\\+key"),
    "a space in the name": (PUBLISHED_VKEY.replace("/foo", "/ foo"), "no key name"),
    "a newline in front": ("\n" + PUBLISHED_VKEY, "no key name"),
    "a newline at the end": (PUBLISHED_VKEY + "\n", "on one line"),
    "a control in the name": (PUBLISHED_VKEY.replace("/foo", "/\x01foo"), "no key name"),
    "a lone surrogate in the name": (PUBLISHED_VKEY.replace("/foo", "/\ud800foo"), "no key name"),
    "base64 cut off": (PUBLISHED_VKEY[:-1], "not base64"),
    "a key cut off": (vkey(1, bytes(31)), "has 32 bytes, this one has 31"),
    "a key with a tail": (vkey(4, bytes(33)), "has 32 bytes, this one has 33"),
    "a type alone": (vkey(1, b""), "has 32 bytes, this one has 0"),
    "an ECDSA key": (vkey(2, bytes(32)), "type 0x02 are not supported"),
    "an ML-DSA key": (vkey(6, bytes(1312)), "type 0x06 are not supported"),
    "a private key": ("PRIVATE+KEY+a+00000000+AQ==", "name\\+hash\\+key"),
}


@pytest.mark.parametrize(("text", "reason"), BAD_VKEYS.values(), ids=BAD_VKEYS.keys())
def test_a_bad_verifier_key_is_refused(text, reason):
    with pytest.raises(NoteError, match=reason):
        note.parse_vkey(text)


def test_nothing_is_written_that_could_not_be_read():
    with pytest.raises(NoteError, match="no key name"):
        note.format_vkey("a b", bytes(32))
    with pytest.raises(NoteError, match="32 bytes"):
        note.format_vkey("a", bytes(31))
    with pytest.raises(NoteError, match="no key name"):
        note.format_signature("a+b", bytes(4), bytes(64))
    with pytest.raises(NoteError, match="a key id of 4 bytes"):
        note.format_signature("a", bytes(5), bytes(64))
    with pytest.raises(NoteError, match="and a payload"):
        note.format_signature("a", bytes(4), b"")
