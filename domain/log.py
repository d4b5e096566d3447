"""One log in one folder: its lock, its signer, its store; what is published of it, and its documents.

What is signed was recomputed from the stored bytes, and a database that is behind what was published does not start.
Source: ledger specification, section 7.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Self, cast

from eventsourcing.application import Application

from domain.clock import Clock, SystemClock
from domain.cosigning import Cosigning
from domain.errors import NotFound, Unavailable
from domain.lockfile import LockFile
from domain.private import Private
from domain.signing import CheckpointSigner, signer_of
from domain.store.choice import Choice
from domain.store.contract import CHUNK, Store
from domain.store.mapper import EntryMapper
from verify import checkpoint, documents, tiles
from verify.documents import Listing
from verify.tree import Frontier, leaf_hash


class _Application(Application[str]):
    name = "ledger"


class Log:
    """A folder with `signer/` or `signer.json`, `log.vkey`, and `ledger.db` and its `lock`, or a `store.json` instead.

    On SQLite one process holds it from construction to `close`; on PostgreSQL several may have it open, and publish in turn.
    """

    read_only = False
    """Whether this is a copy that is only read; then there is no signer."""
    cosigning: Cosigning | None = None
    """Who cosigns the checkpoints, where the log's folder has a policy."""
    signer: CheckpointSigner

    def __init__(self, folder: Path, create: bool = False) -> None:
        self.folder = folder
        self._command_lock, self._publishing = threading.RLock(), threading.RLock()
        self._tree = Frontier()
        choice = self._chosen()
        self._lock_file = LockFile(folder / "lock") if choice.store == "sqlite" else None
        try:
            if not self.read_only:
                self.signer = signer_of(folder)
            if choice.store == "sqlite":
                self._prepare(create)
            self._application = _Application(
                {
                    **choice.environment(folder, create),
                    "MAPPER_TOPIC": f"{EntryMapper.__module__}:{EntryMapper.__qualname__}",
                }
            )
        except ValueError as error:
            self._release()
            raise Unavailable(
                f"数据库无法使用：{error}", f"the database cannot be used: {error}", "LEDGER 7"
            ) from error
        except BaseException:
            self._release()
            raise
        self.store = cast(Store, self._application.recorder)
        self.private = Private(self.store)
        self.clock: Clock = SystemClock()

    def _chosen(self) -> Choice:
        return Choice.read(self.folder)

    @property
    def database(self) -> Path:
        """The file of the database, where that is SQLite."""
        return self.folder / "ledger.db"

    def _prepare(self, create: bool) -> None:
        """Make the file of a new database so that nobody else can read it. Unavailable where one should be there."""
        if not self.database.is_file():
            if not create:
                raise Unavailable(
                    f"{self.database} 缺失，而已签名 {self.signer.size} 条；请用 fairdraw recover 恢复",
                    f"{self.database} is missing, {self.signer.size} entries are signed; `fairdraw recover` continues",
                    "LEDGER 7",
                )
            self.database.touch(mode=0o600)

    def close(self) -> None:
        """Close the database and give the lock back."""
        self.store.close()
        self._application.close()
        self._release()

    def _release(self) -> None:
        if self._lock_file is not None:
            self._lock_file.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def require_not_behind(self) -> None:
        """Refuse a database that is older than the signer's last head, or another history; now and after every reconnection."""
        self._require_extension(lambda: self.store.size, self.store.root)
        self.store.watch(self._require_extension)

    def _require_extension(self, measure: Callable[[], int], root: Callable[[int], bytes]) -> None:
        # The head first: whoever signs a larger one meanwhile does it after its entries are there.
        signed, head = self.signer.signed_last()
        size = measure()
        if size < signed or (signed and root(signed) != head):
            raise Unavailable(
                f"数据库有 {size} 条，落后于已公布的检查点（{signed} 条）或与之不符，拒绝写入；"
                "请用 fairdraw recover 恢复",
                f"the database with {size} entries is older than the checkpoint of {signed} that was "
                "published, or differs from it; `fairdraw recover` continues",
                "LEDGER 7",
            )

    def _require_signer_of(self, published: bytes | None) -> None:
        """Refuse a signer whose last head is behind what was published: it could be made to sign a second history."""
        signed = self.signer.signed_last()[0]
        size = checkpoint.parse(published)[0].size if published else 0
        if signed < size:
            raise Unavailable(
                f"签名器只记得已签名 {signed} 条，而已公布的检查点有 {size} 条：其文件夹是旧的，拒绝使用",
                f"the signer remembers a head of {signed} entries, the checkpoint that was published has {size}: "
                "its folder is an older one and is not used",
                "LEDGER 7",
            )

    # -- documents

    def put_listing(self, listing: Listing) -> dict[str, Any]:
        """Store a list and return `{"document","count","root"}` as entries carry it."""
        return {"document": self.put_list(listing), **listing.fingerprint}

    def put_list(self, listing: Listing) -> dict[str, Any]:
        """Store a public list and return the reference to it."""
        reference = listing.reference
        self.store.put_document(reference["sha256"], reference["bytes"], listing.pieces)
        return reference

    def put(self, content: bytes, media: str = documents.LINES) -> dict[str, Any]:
        """Store a small public document and return the reference to it."""
        reference = documents.reference(content, media)
        self.store.put_document(reference["sha256"], reference["bytes"], lambda: [content])
        return reference

    def pieces(self, sha256: str) -> Iterator[bytes]:
        """Yield the bytes of a stored document. NotFound where it is missing, Unavailable, at the end, where it is another."""
        pieces = self.store.document(sha256)
        if pieces is None:
            raise NotFound(f"文档 {sha256} 缺失", f"the document {sha256} is missing", "LEDGER 3")
        hashing = hashlib.sha256()
        for piece in pieces:
            hashing.update(piece)
            yield piece
        if hashing.hexdigest() != sha256:
            raise Unavailable(f"文档 {sha256} 已损坏", f"the stored document {sha256} was altered", "LEDGER 3")

    def part(self, sha256: str, start: int, length: int) -> bytes:
        """Return some bytes of a stored document without reading the others, so nobody knows whether they were altered."""
        first, last = start // CHUNK, (start + length - 1) // CHUNK
        chunks = islice(self.store.document(sha256, first) or (), last - first + 1)
        return b"".join(chunks)[start - first * CHUNK :][:length]

    def lines(self, sha256: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of a stored list. NotFound, Unavailable."""
        return map(json.loads, documents.own_lines(self.pieces(sha256)))

    # -- the log

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.store.size

    @property
    def published_size(self) -> int:
        """The size of the last published checkpoint, 0 before the first."""
        note = self.store.checkpoint()
        return checkpoint.parse(note)[0].size if note else 0

    def checkpoint(self) -> bytes | None:
        """Return the last published checkpoint, None before the first; with cosigners the last that was shown to them.

        It carries the cosignatures that came. While the quorum is missing it is published without it, and says so itself.
        """
        cosigned = self.cosigning.checkpoint() if self.cosigning else None
        return cosigned or self.store.checkpoint()

    def publish_cosigned(self) -> bytes:
        """Publish the present head, have it cosigned as far as that is possible now, and return the note."""
        note = self.publish_checkpoint()
        return self.cosigning.ask(note, patient=False) if self.cosigning else note

    def publish_checkpoint(self) -> bytes:
        """Sign the present head if it moved, publish it and return the note.

        What is signed was recomputed from the stored bytes: Unavailable where they are not those of the stored tree. A
        crash after the signature leaves a signed head that nobody saw; the next call signs the same or a larger one.
        """
        with self._publishing, self.signer.alone():
            last, size = self.store.checkpoint(), self.size
            self._require_signer_of(last)
            if last is None or checkpoint.parse(last)[0].size < size:
                root = self._recomputed(size)
                path = self.store.consistency_path(self.signer.size, size)
                last = self.signer.sign(size, root, path, self.keys_at(size))
                self.store.put_checkpoint(size, last)
            return last

    def keys_at(self, size: int) -> Sequence[str]:
        """Return the verifier keys that sign a checkpoint of `size`, the oldest first; none where the log names none yet."""
        return ()

    def _recomputed(self, size: int) -> bytes:
        """Return the root over the first `size` entries, from the bytes of those that this process has not yet hashed.

        What it has hashed it keeps as the frontier of its tree, whoever signs meanwhile: each process reads every entry
        once in its life, the first time it signs from the beginning on. What another process signed is not believed.
        """
        tree, same = self._tree.copy(), True
        stored = zip(self.store.entries(tree.size, size), self.store.leaves(tree.size, size), strict=True)
        for raw, leaf in stored:
            own = leaf_hash(raw)
            same = same and own == leaf
            tree.append(own)
        root = tree.root()
        if not same or root != self.store.root(size):
            raise Unavailable(
                f"存储的 {size} 条记录与其哈希树不符，拒绝签名",
                f"the {size} stored entries are not those of the stored tree, nothing is signed",
                "LEDGER 7",
            )
        self._tree = tree
        return root

    def leaves(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield leaf hashes."""
        return self.store.leaves(start, stop)

    def tile(self, level: int, index: int, width: int) -> bytes | None:
        """Return the hashes of a tile of the published tree, None where it has no such tile."""
        first = index * tiles.WIDTH
        if first + width > self.published_size >> (8 * level):
            return None
        return b"".join(self.store.nodes(8 * level, first, first + width))

    def inclusion(self, index: int, size: int) -> list[bytes] | None:
        """Return the proof that entry `index` is in the published tree of `size`, None where it has no such entry or size."""
        if not 0 <= index < size <= self.published_size:
            return None
        return self.store.inclusion_path(index, size)

    def consistency(self, old: int, size: int) -> list[bytes] | None:
        """Return the proof that the published tree of `size` extends the one of `old`, None where it has no such sizes."""
        if not 0 <= old <= size <= self.published_size:
            return None
        return self.store.consistency_path(old, size)

    def bundle(self, index: int, width: int) -> bytes | None:
        """Return an entry bundle of the published tree, None where it has no such bundle."""
        first = index * tiles.WIDTH
        if first + width > self.published_size:
            return None
        return tiles.encode_bundle(list(self.store.entries(first, first + width)))
