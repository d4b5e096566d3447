"""A checkpoint has three lines, each with one spelling, and counts only under the key named after its origin."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from verify import checkpoint, note, tree
from verify.checkpoint import Checkpoint
from verify.note import NoteError

VECTORS = Path(__file__).parents[1] / "vectors" / "tlog"
SECRET = Ed25519PrivateKey.from_private_bytes(bytes(32))
ORIGIN = "log.example/a"
ROOT = tree.leaf_hash(b"the only entry")
HEAD = Checkpoint(ORIGIN, 1, ROOT)


def vkey(name=ORIGIN, kind=note.ED25519):
    return note.parse_vkey(note.format_vkey(name, SECRET.public_key().public_bytes_raw(), kind))


def signed(text, name=ORIGIN):
    return text + b"\n" + note.format_signature(name, vkey(name).key_id, SECRET.sign(text))


def test_the_published_tree_text_is_ours():
    published = json.loads((VECTORS / "golang-x-mod-tlog.json").read_text())["tree_text"]

    head = Checkpoint("go.sum database tree", published["n"], tree.leaf_hash(published["leaf"].encode()))

    assert head.text() == published["want"].encode()
    assert checkpoint.parse_text(published["want"].encode()) == head


def test_the_published_cosigned_checkpoint_is_read():
    published = json.loads((VECTORS / "c2sp-spec-examples.json").read_text())["cosigned_checkpoint"].encode()

    head, signatures = checkpoint.parse(published)

    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    assert head.root.hex() == "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"
    assert [each.name for each in signatures] == ["example.com/behind-the-sofa", "witness.example.com/w1"]


@pytest.mark.parametrize("size", [0, 1, 10, 2**53, 2**63 - 1])
def test_a_signed_checkpoint_opens(size):
    head = Checkpoint(ORIGIN, size, ROOT)

    assert checkpoint.open_checkpoint(signed(head.text()), vkey()) == head


TEXT = HEAD.text().decode()
MALFORMED = {
    "nothing": ("", "without extension lines"),
    "two lines": ("\n".join(TEXT.split("\n")[:2]) + "\n", "without extension lines"),
    "an extension line": (TEXT + "Timestamp: 1\n", "without extension lines"),
    "an empty extension line": (TEXT + "\n", "without extension lines"),
    "no newline at the end": (TEXT[:-1], "without extension lines"),
    "no origin": (TEXT.replace(ORIGIN, ""), "no origin"),
    "a control in the origin": (TEXT.replace("example", "ex\x07mple"), "no origin"),
    "a carriage return": (TEXT.replace("\n", "\r\n"), "no origin|no tree size"),
    "a C1 control in the origin": (TEXT.replace("example", "ex\x85mple"), "no origin"),
    "a delete in the origin": (TEXT.replace("example", "ex\x7fmple"), "no origin"),
    "no size": (TEXT.replace("\n1\n", "\n\n"), "no tree size"),
    "a leading zero": (TEXT.replace("\n1\n", "\n01\n"), "no tree size"),
    "two zeros": (TEXT.replace("\n1\n", "\n00\n"), "no tree size"),
    "a plus sign": (TEXT.replace("\n1\n", "\n+1\n"), "no tree size"),
    "a minus sign": (TEXT.replace("\n1\n", "\n-1\n"), "no tree size"),
    "a space before the size": (TEXT.replace("\n1\n", "\n 1\n"), "no tree size"),
    "an underscore": (TEXT.replace("\n1\n", "\n1_0\n"), "no tree size"),
    "a full-width digit": (TEXT.replace("\n1\n", "\n\uff11\n"), "no tree size"),
    "hexadecimal": (TEXT.replace("\n1\n", "\n0x1\n"), "no tree size"),
    "2^63": (TEXT.replace("\n1\n", f"\n{2**63}\n"), "a tree size is between"),
    "ten thousand digits": (TEXT.replace("\n1\n", "\n" + "9" * 10_000 + "\n"), "no tree size"),
    "no root": ("a\n1\n\n", "this one has 0"),
    "a root too short": ("a\n1\nAAAA\n", "this one has 3"),
    "a root without padding": (TEXT.replace("=", ""), "not base64"),
    "a root in hex": (f"a\n1\n{ROOT.hex()}\n", "this one has 48"),
    "a root with unused bits": ("a\n1\n" + "A" * 42 + "B=\n", "canonical spelling"),
    "a space after the root": (TEXT[:-1] + " \n", "not base64"),
}


@pytest.mark.parametrize(("text", "reason"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_checkpoint_is_refused(text, reason):
    with pytest.raises(NoteError, match=reason):
        checkpoint.parse_text(text.encode())


def test_a_checkpoint_that_is_not_utf8_is_refused():
    with pytest.raises(NoteError, match="not UTF-8 at byte 0"):
        checkpoint.parse_text(b"\xff" + HEAD.text())


def test_an_extension_line_is_refused_even_when_it_is_signed():
    extended = signed(HEAD.text() + b"Timestamp: 1\n")

    with pytest.raises(NoteError, match="without extension lines"):
        checkpoint.parse(extended)
    with pytest.raises(NoteError, match="without extension lines"):
        checkpoint.open_checkpoint(extended, vkey())


UNTRUSTED = {
    "a checkpoint of another log": (signed(Checkpoint("log.example/b", 1, ROOT).text()), "is of 'log.example/b'"),
    "signed under another name": (signed(HEAD.text(), "log.example/b"), "no known key signed"),
    "signed for another size": (signed(HEAD.text()).replace(b"\n1\n", b"\n2\n"), "does not hold"),
    "not signed": (HEAD.text() + b"\n", "no signatures"),
    "a text that is no checkpoint": (signed(b"hello\n"), "a checkpoint is origin, size and root"),
}


@pytest.mark.parametrize(("data", "reason"), UNTRUSTED.values(), ids=UNTRUSTED.keys())
def test_what_the_log_did_not_sign_about_itself_is_refused(data, reason):
    with pytest.raises(NoteError, match=reason):
        checkpoint.open_checkpoint(data, vkey())


UNSAYABLE = {
    "no origin": ("", 1, ROOT),
    "an origin of two lines": ("a\nb", 1, ROOT),
    "a lone surrogate": ("a\ud800", 1, ROOT),
    "a negative size": ("a", -1, ROOT),
    "a size of 2^63": ("a", 2**63, ROOT),
    "a root of 31 bytes": ("a", 1, ROOT[1:]),
}


@pytest.mark.parametrize(("origin", "size", "root"), UNSAYABLE.values(), ids=UNSAYABLE.keys())
def test_a_checkpoint_that_could_not_be_read_cannot_be_made(origin, size, root):
    with pytest.raises(NoteError):
        Checkpoint(origin, size, root)
