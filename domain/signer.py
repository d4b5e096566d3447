"""The signer of checkpoints: it keeps its own last head and signs only what extends it.

A database that was restored from a backup, a second instance or a stale copy cannot make it sign a second history: the
head it signed last is on disk before the signature leaves this module. Source: ledger specification, section 7.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from domain.errors import Unavailable
from verify import note
from verify.checkpoint import Checkpoint
from verify.tree import EMPTY_ROOT, ProofError, verify_consistency


class Signer:
    """An Ed25519 key, the origin it signs for, and the (size, root) it signed last."""

    def __init__(self, folder: Path) -> None:
        """Load the signer from its folder. Unavailable where key or head are missing or not those of one another."""
        self._folder = folder
        try:
            key = load_pem_private_key((folder / "key.pem").read_bytes(), password=None)
            self._read_head()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Unavailable(f"签名器无法读取：{error}", f"the signer cannot be read: {error}", "LEDGER 7") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise Unavailable("签名密钥不是 Ed25519", "the signing key is not Ed25519", "LEDGER 7")
        self._key = key
        self._public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @classmethod
    def create(cls, folder: Path, origin: str) -> Self:
        """Make a new key (mode 0600) and an empty head in `folder`, which must not exist."""
        folder.mkdir(mode=0o700)
        pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        descriptor = os.open(folder / "key.pem", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        _store_head(folder, origin, 0, EMPTY_ROOT)
        return cls(folder)

    def _read_head(self) -> None:
        head = json.loads((self._folder / "head.json").read_text("utf-8"))
        self.origin = str(head["origin"])
        self.size, self.root = int(head["size"]), bytes.fromhex(head["root"])

    def signed_last(self) -> tuple[int, bytes]:
        """Return the (size, root) that any process signed last."""
        head = json.loads((self._folder / "head.json").read_text("utf-8"))
        return int(head["size"]), bytes.fromhex(head["root"])

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other process from signing meanwhile, and go on from the head that any of them signed last.

        The kernel drops the lock when its holder dies, however it dies.
        """
        descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._read_head()
            yield
        finally:
            os.close(descriptor)

    @property
    def vkey(self) -> str:
        """The verifier key that the world checks this log with."""
        return note.format_vkey(self.origin, self._public)

    def sign(self, size: int, root: bytes, path: list[bytes]) -> bytes:
        """Return the signed checkpoint of (size, root). `path`: the consistency proof from the head signed last.

        Unavailable where the tree is no consistent extension of that head.
        """
        self._require_extension(size, root, path)
        text = Checkpoint(self.origin, size, root).text()
        signature = self._key.sign(text)
        # The head is durable before the signature exists for anybody else: a crash here loses a signature, never the head.
        _store_head(self._folder, self.origin, size, root)
        self.size, self.root = size, root
        key_id = note.key_id(self.origin, 1, self._public)
        return text + b"\n" + note.format_signature(self.origin, key_id, signature)

    def _require_extension(self, size: int, root: bytes, path: list[bytes]) -> None:
        consistent = size >= self.size
        if consistent and self.size:
            try:
                verify_consistency(self.size, size, self.root, root, path)
            except ProofError:
                consistent = False
        if not consistent:
            raise Unavailable(
                f"拒绝签名：大小 {size} 的树不是已签名的大小 {self.size} 的延续",
                f"refused to sign: the tree of {size} does not extend the tree of {self.size} that was signed last",
                "LEDGER 7",
            )


def _store_head(folder: Path, origin: str, size: int, root: bytes) -> None:
    fresh = folder / "head.json.new"
    with fresh.open("w", encoding="utf-8") as file:
        json.dump({"origin": origin, "size": size, "root": root.hex()}, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / "head.json")
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
