"""The keys of a signer: where each comes from, and how it signs.

`keys.json` in the signer's folder lists them, the oldest first; without that file there is one, in `key.pem`. A key is
`{"file":REFERENCE}`, Ed25519 in PKCS#8, with `"passphrase":REFERENCE` where it is encrypted; or
`{"module":PATH,"token":TEXT,"label":TEXT,"pin":REFERENCE}`, a key that never leaves its PKCS#11 token.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from domain.errors import Invalid, Unavailable
from domain.signing.secrets import CREDENTIAL, RULE, read_phrase, read_secret
from verify import durable

LIST, FIRST = "keys.json", "key.pem"
Source = dict[str, str]
FORMS = ({"file"}, {"file", "passphrase"}, {"module", "token", "label", "pin"})


class Key(Protocol):
    """A private Ed25519 key: its public half, 32 bytes, and its signatures of 64 bytes."""

    public: bytes

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message. Unavailable where the key cannot be reached."""


class FileKey:
    """A key that was read from a file and is kept in this process."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message."""
        return self._private.sign(message)


def source_of(settings: Mapping[str, object], file: str = "") -> Source:
    """Return where a key comes from: from `file` where the settings name neither one nor a token. Invalid."""
    if file and "module" not in settings:
        settings = {"file": file, **settings}
    if set(settings) not in FORMS or not all(isinstance(value, str) and value for value in settings.values()):
        raise Invalid(
            "签名密钥须为 file（可带 passphrase），或 PKCS#11 的 module、token、label、pin",
            "a key is a file, with a passphrase or without, or module, token, label and pin of PKCS#11",
            RULE,
        )
    return {name: str(value) for name, value in settings.items()}


def sources(folder: Path) -> list[Source]:
    """Return where the keys of a signer come from, the oldest first. Unavailable."""
    try:
        listed = json.loads((folder / LIST).read_text("utf-8"))["keys"]
        return [source_of(each) for each in listed] or _unreadable("no key is listed")
    except FileNotFoundError:
        return [{"file": FIRST}]
    except (OSError, ValueError, TypeError, KeyError, Invalid) as error:
        return _unreadable(str(error))


def left(gone: Source, others: Sequence[Source], own: bool) -> list[str]:
    """Return what of a key that a signer gave up lies elsewhere, and is no other key's. `own`: its file was the signer's."""
    used = {value for each in others for value in each.values()}
    names = ("passphrase", "pin") if own else ("file", "passphrase", "pin")
    found = [gone[name] for name in names if name in gone and gone[name] not in used]
    return [f"{gone['token']}/{gone['label']} ({gone['module']})", *found] if "module" in gone else found


def _unreadable(reason: str) -> list[Source]:
    raise Unavailable(f"{LIST} 无法读取：{reason}", f"{LIST} cannot be read: {reason}", RULE)


def write_sources(folder: Path, listed: Sequence[Source]) -> None:
    """Store where the keys come from, durable, whole or not at all."""
    durable.write(folder / LIST, json.dumps({"keys": list(listed)}, indent=1).encode() + b"\n", 0o600)


def load(folder: Path, source: Source) -> Key:
    """Load one key. Unavailable where it is not there, is not Ed25519, or others could read it."""
    if "module" in source:
        from domain.signing.pkcs11 import TokenKey

        return TokenKey(source["module"], source["token"], source["label"], read_phrase(folder, source["pin"]))
    pem = read_secret(folder, source["file"])
    phrase = read_phrase(folder, source["passphrase"]) if "passphrase" in source else None
    try:
        private = load_pem_private_key(pem, phrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Unavailable(f"签名密钥无法读取：{error}", f"the key cannot be read: {error}", RULE) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise Unavailable("签名密钥不是 Ed25519", "the signing key is not Ed25519", RULE)
    return FileKey(private)


def make_missing(folder: Path, source: Source) -> None:
    """Make a new key in a file that is not there, mode 0600, encrypted where the source names a pass phrase."""
    file = source.get("file", CREDENTIAL)
    if file.startswith(CREDENTIAL) or (folder / file).exists():
        return
    protection: KeySerializationEncryption = NoEncryption()
    if "passphrase" in source:
        protection = BestAvailableEncryption(read_phrase(folder, source["passphrase"]))
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
    descriptor = os.open(folder / file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as fresh:
        fresh.write(pem)
        fresh.flush()
        os.fsync(fresh.fileno())
