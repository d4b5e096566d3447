"""The signer of checkpoints: it keeps its own last head and signs only what extends it.

A database that was restored from a backup, a second instance or a stale copy cannot make it sign a second history: the
head it signed last is on disk before the signature leaves this module. Source: ledger specification, section 7.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from domain.errors import Conflict, NotFound, Unavailable
from domain.signing import keys as signing_keys
from domain.signing.keys import Key, Source
from verify import durable, note
from verify.checkpoint import Checkpoint
from verify.tree import EMPTY_ROOT, ProofError, verify_consistency


class Signer:
    """The Ed25519 keys of one log, the origin they sign for, and the (size, root) signed last."""

    def __init__(self, folder: Path) -> None:
        """Load the signer from its folder. Unavailable where keys or head are missing or not those of one another."""
        self._folder = folder
        self._sources: list[Source] = []
        self._keys: dict[str, Key] = {}
        try:
            self._read_head()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Unavailable(f"签名器无法读取：{error}", f"the signer cannot be read: {error}", "LEDGER 7") from error

    @classmethod
    def create(cls, folder: Path, origin: str, source: Source | None = None) -> Self:
        """Make a signer with an empty head in `folder`, which must not exist.

        `source`: where its key is, or is made, mode 0600, where that file is not there yet; in the folder itself where
        no file and no token is named.
        """
        chosen = signing_keys.source_of(source or {}, signing_keys.FIRST)
        folder.mkdir(mode=0o700)
        try:
            signing_keys.make_missing(folder, chosen)
            signing_keys.load(folder, chosen)
        except Unavailable:
            shutil.rmtree(folder)  # nothing was signed with it: it can be made anew, with another key
            raise
        if source is not None:
            signing_keys.write_sources(folder, [chosen])
        _store_head(folder, origin, 0, EMPTY_ROOT)
        return cls(folder)

    def _read_head(self) -> None:
        head = json.loads((self._folder / "head.json").read_text("utf-8"))
        self.origin = str(head["origin"])
        self.size, self.root = int(head["size"]), bytes.fromhex(head["root"])
        found = signing_keys.sources(self._folder)
        if found != self._sources:
            loaded = [signing_keys.load(self._folder, each) for each in found]
            self._keys = {note.format_vkey(self.origin, key.public): key for key in loaded}
            self._sources = found

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
    def vkeys(self) -> list[str]:
        """The verifier keys it can sign with, the oldest first."""
        return list(self._keys)

    @property
    def vkey(self) -> str:
        """The oldest of them."""
        return self.vkeys[0]

    def sign(self, size: int, root: bytes, path: list[bytes], vkeys: Sequence[str] = ()) -> bytes:
        """Return the signed checkpoint of (size, root), one line for each of `vkeys` (none named: the oldest key).

        `path`: the consistency proof from the head signed last. Unavailable where the tree is no consistent extension
        of that head, or a key is not here.
        """
        self._require_extension(size, root, path)
        text = Checkpoint(self.origin, size, root).text()
        lines = b"".join(self._line(vkey, text) for vkey in vkeys or self.vkeys[:1])
        # The head is durable before the signature exists for anybody else: a crash here loses a signature, never the head.
        _store_head(self._folder, self.origin, size, root)
        self.size, self.root = size, root
        return text + b"\n" + lines

    def _line(self, vkey: str, text: bytes) -> bytes:
        key = self._keys.get(vkey)
        if key is None:
            raise Unavailable(f"签名器没有密钥 {vkey}", f"the signer does not have the key {vkey}", "LEDGER 7")
        return note.format_signature(self.origin, note.key_id(self.origin, note.ED25519, key.public), key.sign(text))

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

    # -- rotation

    def add_key(self, source: Source | None = None) -> str:
        """Take one more key, made where the file that `source` names is not there yet, and return its verifier key.

        It signs once the log names it (`log.key-announced`). Conflict where the signer has it already, where a rotation
        is not over, or where the key would lie there unprotected beside one that does not.
        """
        with self.alone():
            if len(self._sources) > 1:
                raise Conflict(
                    "前一次轮换尚未结束：签名器已有两把密钥。先公布新密钥、停用旧密钥，再 signer drop 旧密钥",
                    "a rotation is not over: the signer has two keys. Announce the new one, retire the old one, then `signer drop`",
                    "LEDGER 7",
                )
            chosen = signing_keys.source_of(source or {}, self._next_file())
            if any("passphrase" in each for each in self._sources) and set(chosen) == {"file"}:
                raise Conflict(
                    "现有密钥受口令保护，下一把也须用 --passphrase 或 --token",
                    "the present key is encrypted: name --passphrase or --token for the next one",
                    "LEDGER 7",
                )
            signing_keys.make_missing(self._folder, chosen)
            vkey = note.format_vkey(self.origin, signing_keys.load(self._folder, chosen).public)
            if vkey in self._keys:
                raise Conflict(f"签名器已有密钥 {vkey}", f"the signer has the key {vkey} already", "LEDGER 7")
            signing_keys.write_sources(self._folder, [*self._sources, chosen])
            self._read_head()
            return vkey

    def drop_key(self, vkey: str) -> list[str]:
        """Sign no more with a key; a file in the signer's folder is deleted. NotFound, Conflict where it is the only one.

        Returns what of the key lies elsewhere, and is left there: files, credentials of systemd, the key in its token.
        """
        with self.alone():
            if vkey not in self._keys:
                raise NotFound(f"签名器没有密钥 {vkey}", f"the signer does not have the key {vkey}", "LEDGER 7")
            if len(self._keys) == 1:
                raise Conflict("这是唯一的密钥", "this is the only key", "LEDGER 7")
            gone = self._sources[self.vkeys.index(vkey)]
            signing_keys.write_sources(self._folder, [each for each in self._sources if each != gone])
            if own := (self._folder / gone.get("file", "none")).resolve().parent == self._folder.resolve():
                (self._folder / gone["file"]).unlink(missing_ok=True)
            self._read_head()
            return signing_keys.left(gone, self._sources, own)

    def _next_file(self) -> str:
        number = 2
        while (self._folder / f"key-{number}.pem").exists():
            number += 1
        return f"key-{number}.pem"


def _store_head(folder: Path, origin: str, size: int, root: bytes) -> None:
    head = {"origin": origin, "size": size, "root": root.hex()}
    durable.write(folder / "head.json", json.dumps(head).encode(), 0o600)
