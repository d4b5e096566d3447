"""Signed notes: a text that people can read, a blank line, and one line for each who signed it.

Form: `<text ending in \\n>` `\\n` then lines `— <key name> <base64(key id[4] || payload)>\\n`. Two types of key are
verified: 0x01, Ed25519 over the text, payload = signature[64]; and 0x04, a cosignature with its time, payload =
u64be POSIX seconds || signature[64]. Source: C2SP signed-note and tlog-cosignature, golang.org/x/mod/sumdb/note.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from verify import ed25519

ED25519 = 0x01
COSIGNATURE = 0x04
MAX_SIGNATURES = 100

_DASH = "— "
_CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f]")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_VKEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")


class NoteError(ValueError):
    """The note or the key is malformed, or a signature that must hold does not. `zh` says it in Chinese."""

    def __init__(self, en: str, zh: str = "不是合规的签名文本或公钥") -> None:
        super().__init__(en)
        self.zh = zh


@dataclass(frozen=True)
class VerifierKey:
    """Whose signature to expect: name, key id (4 bytes), type and raw public key (32 bytes)."""

    name: str
    key_id: bytes
    kind: int
    public: bytes


@dataclass(frozen=True)
class Signature:
    """One signature line: the signer's name, the key id (4 bytes) and what follows it, not yet verified."""

    name: str
    key_id: bytes
    payload: bytes


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """Return the first 4 bytes of SHA-256(name || 0x0A || kind || public)."""
    return hashlib.sha256(name.encode("utf-8") + b"\n" + bytes([kind]) + public).digest()[:4]


def parse_vkey(text: str) -> VerifierKey:
    """Read `name+<8 hex of the key id>+base64(kind || public)`; the id must be that of the key. Raises NoteError.

    >>> parse_vkey("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k").kind
    1
    """
    found = _VKEY.fullmatch(text)
    if found is None:
        raise NoteError(
            "a verifier key is name+hash+key on one line, with the hash in 8 lower-case hex digits",
            "公钥须为一行 名称+8 位小写十六进制+base64",
        )
    name, stated, key = found[1], found[2], decode_base64(found[3])
    _require_name(name)
    _require_key(key[0], key[1:])
    computed = key_id(name, key[0], key[1:])
    if computed.hex() != stated:
        raise NoteError(
            f"the verifier key of {name} states the id {stated}, its key has {computed.hex()}",
            f"{name} 的公钥自称编号 {stated}，实为 {computed.hex()}",
        )
    return VerifierKey(name, computed, key[0], key[1:])


def format_vkey(name: str, public: bytes, kind: int = ED25519) -> str:
    """Return the text that `parse_vkey` reads. Raises NoteError."""
    _require_name(name)
    _require_key(kind, public)
    encoded = base64.b64encode(bytes([kind]) + public).decode("ascii")
    return f"{name}+{key_id(name, kind, public).hex()}+{encoded}"


def split(note: bytes) -> tuple[bytes, tuple[Signature, ...]]:
    """Return the signed text, with its final newline, and the signature lines, unverified. Raises NoteError.

    The text ends at the last blank line, so a text with blank lines cannot pass its own end for signatures.
    """
    try:
        note.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoteError(f"the note is not UTF-8 at byte {error.start}") from None
    if _CONTROL.search(note):
        raise NoteError("the note holds a control character other than newline")
    end = note.rfind(b"\n\n")
    if end < 0:
        raise NoteError("the note has no blank line between text and signatures")
    text, tail = note[: end + 1], note[end + 2 :]
    if not tail.endswith(b"\n"):
        raise NoteError("the note has no signatures, or its last line is not ended")
    lines = tail[:-1].decode("utf-8").split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise NoteError(f"the note has {len(lines)} signature lines, more than {MAX_SIGNATURES}")
    return text, tuple(_parse_line(line) for line in lines)


def format_signature(name: str, key_id: bytes, payload: bytes) -> bytes:
    """Return one signature line, newline included. Raises NoteError."""
    _require_name(name)
    if len(key_id) != 4 or not payload:
        raise NoteError("a signature line has a key id of 4 bytes and a payload")
    encoded = base64.b64encode(key_id + payload).decode("ascii")
    return f"{_DASH}{name} {encoded}\n".encode()


def open_note(note: bytes, keys: Sequence[VerifierKey]) -> tuple[bytes, tuple[VerifierKey, ...]]:
    """Return the text and the keys whose signatures hold, in the order of their lines.

    Lines of unknown keys are ignored, and so are repeated lines of one key. A line of a known key that fails rejects
    the whole note, and so does a note that no known key signed. Raises NoteError, ed25519.LibraryMissing.
    """
    text, signatures = split(note)
    lines = note[len(text) + 1 :].split(b"\n")
    known = _by_identity(keys)
    verified: list[VerifierKey] = []
    for signature, line in zip(signatures, lines, strict=False):  # the last newline leaves one empty line more
        key = known.get((signature.name, signature.key_id))
        if key is None or key in verified:
            continue
        # Unused bits of base64 must be zero, so that not one bit of a line that counts can change.
        if format_signature(signature.name, signature.key_id, signature.payload) != line + b"\n":
            raise NoteError(
                f"the signature of {key.name} ({key.key_id.hex()}) is not in its canonical spelling",
                f"{key.name}（{key.key_id.hex()}）的签名写法不规范",
            )
        if not holds(key, text, signature.payload):
            raise NoteError(
                f"the signature of {key.name} ({key.key_id.hex()}) does not hold",
                f"{key.name}（{key.key_id.hex()}）的签名与内容不符",
            )
        verified.append(key)
    if not verified:
        raise NoteError("no known key signed the note", "没有所求密钥的签名")
    return text, tuple(verified)


def holds(key: VerifierKey, text: bytes, payload: bytes) -> bool:
    """Say whether `payload`, the rest of a signature line after the key id, is the key's signature of `text`."""
    if key.kind == ED25519:
        return ed25519.verify(key.public, payload, text)
    if key.kind == COSIGNATURE:
        message = cosigned_message(text, int.from_bytes(payload[:8], "big"))
        return ed25519.verify(key.public, payload[8:], message)
    raise NoteError(f"keys of type {key.kind:#04x} cannot be verified here")


def cosigned_message(text: bytes, seconds: int) -> bytes:
    """Return what a 0x04 cosignature signs: `cosignature/v1\\n`, `time <POSIX seconds>\\n`, then the whole text."""
    return b"cosignature/v1\ntime %d\n" % seconds + text


def decode_base64(text: str) -> bytes:
    """Decode standard base64 in its one spelling: padded, no white space, unused bits zero. Raises NoteError."""
    data = _decode_padded(text)
    if base64.b64encode(data).decode("ascii") != text:
        raise NoteError("base64 that is not in its canonical spelling")
    return data


def _decode_padded(text: str) -> bytes:
    """Decode padded base64 without white space, whatever its unused last bits; so do other readers of notes."""
    if _BASE64.fullmatch(text) is None:
        raise NoteError("not base64")
    return base64.b64decode(text)


def _parse_line(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not encoded:
        raise NoteError("a signature line is an em dash, a space, a name, a space and base64")
    _require_name(name)
    data = _decode_padded(encoded)
    if len(data) < 5:
        raise NoteError(f"the signature line of {name} is too short")
    return Signature(name, data[:4], data[4:])


def _by_identity(keys: Sequence[VerifierKey]) -> dict[tuple[str, bytes], VerifierKey]:
    """Index keys by name and id; two keys with one identity would let a line choose between them."""
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise NoteError(
                f"two different keys are named {key.name} with the id {key.key_id.hex()}",
                f"两把不同的公钥都叫 {key.name}，编号同为 {key.key_id.hex()}",
            )
    return known


def _require_name(name: str) -> None:
    if not name or "+" in name or any(each.isspace() or each < " " or "\ud800" <= each <= "\udfff" for each in name):
        raise NoteError(
            f"{name!a} is no key name: it is empty, or holds a space, a control or a plus sign",
            f"{name!a} 不能作密钥名称：空白，或含空格、控制字符、加号",
        )


def _require_key(kind: int, public: bytes) -> None:
    if kind not in (ED25519, COSIGNATURE):
        raise NoteError(f"keys of type {kind:#04x} are not supported", f"不支持 {kind:#04x} 类型的密钥")
    if len(public) != 32:
        raise NoteError(
            f"an Ed25519 public key has 32 bytes, this one has {len(public)}",
            f"Ed25519 公钥应有 32 字节，这里是 {len(public)} 字节",
        )
