"""A note is opened only when every line is well formed and every known signer's signature holds."""

import json
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from verify import ed25519, note
from verify.note import COSIGNATURE, ED25519, NoteError, Signature, VerifierKey

EXAMPLES = json.loads((Path(__file__).parents[1] / "vectors" / "tlog" / "c2sp-spec-examples.json").read_text())
PUBLISHED = EXAMPLES["signed_note"]["note"].encode()
PUBLISHED_VKEY = EXAMPLES["signed_note"]["vkey"]
TEXT = b"We draw at nine.\n\nIn public.\n"


class Signer:
    """Signs a text as the log does (0x01) or as a cosigner does (0x04)."""

    def __init__(self, name, kind=ED25519, seed=1):
        self.secret = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.vkey = note.parse_vkey(note.format_vkey(name, self.secret.public_key().public_bytes_raw(), kind))

    def line(self, text, seconds=1_700_000_000):
        payload = self.secret.sign(text)
        if self.vkey.kind == COSIGNATURE:
            message = b"cosignature/v1\ntime %d\n" % seconds + text
            payload = seconds.to_bytes(8, "big") + self.secret.sign(message)
        return note.format_signature(self.vkey.name, self.vkey.key_id, payload)


LOG = Signer("log.example/a")
COSIGNER = Signer("cosigner.example", COSIGNATURE, seed=2)
STRANGER = Signer("stranger.example", seed=3)
NOTE = TEXT + b"\n" + LOG.line(TEXT) + COSIGNER.line(TEXT)
LINE = LOG.line(TEXT)
B64 = LINE.rstrip(b"\n").split(b" ")[-1]


def after(character):
    """Return the next letter of base64: the same bits, but for the last."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    place = alphabet.index(character) + 1
    return alphabet[place : place + 1]


def with_lines(*lines, text=TEXT):
    return text + b"\n" + b"".join(lines)


def test_the_published_note_opens():
    key = note.parse_vkey(PUBLISHED_VKEY)

    text, signers = note.open_note(PUBLISHED, [key])

    assert text == b"This is an example message.\n"
    assert signers == (key,)


def test_the_published_cosigned_checkpoint_splits_and_is_put_together_again():
    published = EXAMPLES["cosigned_checkpoint"].encode()

    text, signatures = note.split(published)

    assert text == b"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    assert [each.name for each in signatures] == ["example.com/behind-the-sofa", "witness.example.com/w1"]
    assert [len(each.payload) for each in signatures] == [64, 72]
    lines = [note.format_signature(each.name, each.key_id, each.payload) for each in signatures]
    assert with_lines(*lines, text=text) == published


def test_a_log_and_a_cosigner_are_both_verified():
    text, signers = note.open_note(NOTE, [COSIGNER.vkey, LOG.vkey, STRANGER.vkey])

    assert text == TEXT
    assert signers == (LOG.vkey, COSIGNER.vkey)


def test_lines_of_unknown_keys_are_ignored():
    other_key_of_that_name = Signer("log.example/a", seed=9).line(TEXT)
    unknown_type = note.format_signature("pq.example", b"\x01\x02\x03\x04", bytes(2428))

    opened = note.open_note(with_lines(other_key_of_that_name, unknown_type, LINE), [LOG.vkey])

    assert opened == (TEXT, (LOG.vkey,))


def test_repeated_lines_of_one_key_count_once():
    _, signers = note.open_note(
        with_lines(LINE, LINE, COSIGNER.line(TEXT, 5), COSIGNER.line(TEXT, 6)), [LOG.vkey, LOG.vkey, COSIGNER.vkey]
    )

    assert signers == (LOG.vkey, COSIGNER.vkey)


def test_a_text_may_look_like_a_signed_note():
    opened = note.open_note(with_lines(STRANGER.line(NOTE), text=NOTE), [STRANGER.vkey, LOG.vkey])

    assert opened == (NOTE, (STRANGER.vkey,))


def test_a_hundred_lines_are_read_and_no_more():
    lines = [Signer(f"cosigner.example/{number}", seed=7).line(TEXT) for number in range(100)]

    _, signatures = note.split(with_lines(*lines))

    assert len(signatures) == 100
    with pytest.raises(NoteError, match="101 signature lines"):
        note.split(with_lines(*lines, LINE))


def test_no_bit_of_a_note_may_change():
    keys = [LOG.vkey, COSIGNER.vkey]
    for at in range(len(NOTE)):
        for bit in range(8):
            damaged = bytearray(NOTE)
            damaged[at] ^= 1 << bit

            assert not still_opens(bytes(damaged), keys), f"bit {bit} of byte {at}"


def still_opens(damaged, keys):
    """Say whether the note still carries both signatures; a line whose name or id changed is a stranger's."""
    try:
        return note.open_note(damaged, keys)[1] == tuple(keys)
    except NoteError:
        return False


MALFORMED = {
    "nothing": (b"", "no blank line"),
    "no blank line": (TEXT.replace(b"\n\n", b"\n") + LINE, "no blank line"),
    "no signature": (TEXT + b"\n", "no signatures"),
    "no newline at the end": (NOTE[:-1], "its last line is not ended"),
    "an empty line at the end": (NOTE + b"\n", "no signatures"),
    "not UTF-8": (with_lines(LINE, text=b"\xff\n"), "not UTF-8 at byte 0"),
    "a carriage return": (NOTE.replace(b"\n", b"\r\n"), "control character"),
    "a tab in the text": (with_lines(LINE, text=b"a\tb\n"), "control character"),
    "a zero byte": (with_lines(LINE, text=b"a\0b\n"), "control character"),
    "a hyphen for the dash": (with_lines(LINE.replace("—".encode(), b"-")), "an em dash"),
    "a no-break space": (with_lines(LINE.replace("— ".encode(), "—\u00a0".encode())), "an em dash"),
    "two spaces after the dash": (with_lines(LINE.replace("— ".encode(), "—  ".encode())), "no key name"),
    "two spaces before the base64": (with_lines(LINE.replace(b" " + B64, b"  " + B64)), "not base64"),
    "a space at the end": (with_lines(LINE.replace(b"\n", b" \n")), "not base64"),
    "no base64": (with_lines("— log.example/a\n".encode()), "an em dash"),
    "empty base64": (with_lines("— log.example/a \n".encode()), "an em dash"),
    "an unsigned line between": (with_lines(LINE, b"hello\n", LINE), "an em dash"),
    "a plus sign in a name": (with_lines(LINE.replace(b"example", b"ex+mple")), "no key name"),
    "an ideographic space in a name": (with_lines(LINE.replace(b"example", "ex\u3000mple".encode())), "no key name"),
    "a next-line character in a name": (with_lines(LINE.replace(b"example", "ex\u0085mple".encode())), "no key name"),
    "base64 without padding": (with_lines("— a AAAAAAA\n".encode()), "not base64"),
    "base64 with padding to spare": (with_lines("— a AAAAAAAA=\n".encode()), "not base64"),
    "base64 padded twice": (with_lines("— a AAAAAAA==\n".encode()), "base64"),
    "base64 for URLs": (with_lines("— a AAAAAA_-\n".encode()), "not base64"),
    "base64 in full width": (with_lines("— a \uff21AAAAAAA\n".encode()), "not base64"),
    "a key id alone": (with_lines("— a AAAAAA==\n".encode()), "too short"),
}


@pytest.mark.parametrize(("damaged", "reason"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_note_is_refused(damaged, reason):
    with pytest.raises(NoteError, match=reason):
        note.split(damaged)
    with pytest.raises(NoteError, match=reason):
        note.open_note(damaged, [LOG.vkey])


OTHER = b"We draw at ten.\n"
FORGED = {
    "signed for another text": (with_lines(LINE, text=OTHER), [LOG], r"log.example/a \([0-9a-f]{8}\) does not hold"),
    "a good line does not save a bad one": (with_lines(LINE, COSIGNER.line(OTHER)), [LOG, COSIGNER], "does not hold"),
    "another key under that id": (
        with_lines(note.format_signature(LOG.vkey.name, LOG.vkey.key_id, STRANGER.secret.sign(TEXT))),
        [LOG],
        "does not hold",
    ),
    "a cosignature given another time": (
        with_lines(
            note.format_signature(
                COSIGNER.vkey.name,
                COSIGNER.vkey.key_id,
                (5).to_bytes(8, "big") + note.split(with_lines(COSIGNER.line(TEXT, 6)))[1][0].payload[8:],
            )
        ),
        [COSIGNER],
        "does not hold",
    ),
    "a cosigner that signs the bare text": (
        with_lines(
            note.format_signature(COSIGNER.vkey.name, COSIGNER.vkey.key_id, bytes(8) + COSIGNER.secret.sign(TEXT))
        ),
        [COSIGNER],
        "does not hold",
    ),
    "unused bits of base64 that are set": (
        with_lines(LINE[:-3] + after(LINE[-3:-2]) + b"=\n"),
        [LOG],
        "canonical spelling",
    ),
    "a signature cut off": (
        with_lines(note.format_signature(LOG.vkey.name, LOG.vkey.key_id, LOG.secret.sign(TEXT)[:63])),
        [LOG],
        "does not hold",
    ),
    "a cosignature without a time": (
        with_lines(note.format_signature(COSIGNER.vkey.name, COSIGNER.vkey.key_id, b"x")),
        [COSIGNER],
        "does not hold",
    ),
    "nobody known": (NOTE, [STRANGER], "no known key signed"),
    "nobody asked for": (NOTE, [], "no known key signed"),
}


@pytest.mark.parametrize(("forged", "known", "reason"), FORGED.values(), ids=FORGED.keys())
def test_a_forged_note_is_refused(forged, known, reason):
    with pytest.raises(NoteError, match=reason):
        note.open_note(forged, [each.vkey for each in known])


def test_two_different_keys_with_one_identity_are_refused():
    twin = VerifierKey(LOG.vkey.name, LOG.vkey.key_id, ED25519, STRANGER.vkey.public)

    with pytest.raises(NoteError, match="two different keys"):
        note.open_note(NOTE, [LOG.vkey, twin])


def test_a_known_key_of_another_type_is_refused_not_passed_over():
    ml_dsa = VerifierKey("pq.example", b"\x01\x02\x03\x04", 0x06, bytes(1312))
    line = note.format_signature("pq.example", ml_dsa.key_id, bytes(2428))

    with pytest.raises(NoteError, match="type 0x06 cannot be verified"):
        note.open_note(with_lines(LINE, line), [LOG.vkey, ml_dsa])


def test_a_signature_line_comes_back():
    line = note.format_signature("机关.example", b"\x01\x02\x03\x04", b"\x05")

    assert note.split(with_lines(line))[1] == (Signature("机关.example", b"\x01\x02\x03\x04", b"\x05"),)


def test_without_the_library_nothing_passes_and_nothing_is_called_forged(monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)

    with pytest.raises(ed25519.LibraryMissing, match="cryptography"):
        note.open_note(NOTE, [LOG.vkey])
