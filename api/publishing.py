"""The static log: what is published, as a folder of plain files that only grows, which any web server can hand out.

Documents, entry bundles and tiles come first, each whole under its name or not there, then the folders are made durable, and
last the checkpoint that speaks of them: whoever reads the folder, at whatever point the publisher died, finds a log that
verifies. What is written grows with what is new. Source: C2SP tlog-tiles; ledger specification, section 10.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from api.exporting import sync
from api.problems import LOG
from domain.errors import Unavailable
from domain.ledger import Ledger
from domain.lockfile import LockFile
from verify import checkpoint, entries, library, tiles
from verify.note import NoteError, parse_vkey
from verify.source import CHECKPOINT, LOG_VKEY, UNFINISHED

NAMES = frozenset({CHECKPOINT, LOG_VKEY, "tile", "documents", UNFINISHED})
"""All that may stand at the top of the folder."""
_NAMED = b'"sha256":"'


class Disagrees(ValueError):
    """The folder holds something that this log does not; nothing of it is overwritten. `name` is the file."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name


class Publisher:
    """Brings one folder up to what the log has published. Whoever publishes to a folder does it alone, by a lock in the log."""

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self._ledger, self._folder = ledger, folder
        self._last: bytes | None = None
        self._refused = False
        self._working: threading.Thread | None = None

    def publish(self) -> int:
        """Write what the folder lacks of the published log; return the number of entries that it then holds.

        Disagrees where the folder is not a beginning of this log, Unavailable while another process publishes, OSError.
        """
        note = self._ledger.checkpoint()
        if note is None:
            return 0
        size = checkpoint.parse(note)[0].size
        if note != self._last:
            lock = LockFile(self._ledger.folder / "publisher")
            try:
                self._bring(note, size)
            finally:
                lock.release()
            self._last = note
        return size

    def keep_up(self, last: bool) -> None:
        """Publish beside a service that says so again and again, which waits for it the `last` time only.

        A slow or absent disk below the folder must not keep a checkpoint waiting. What disagrees is said once, and then let be.
        """
        if self._working is not None and (last or not self._working.is_alive()):
            self._working.join()
            self._working = None
        if self._working is None and not self._refused:
            self._working = threading.Thread(target=self._keep_up, name="fairdraw-publisher", daemon=True)
            self._working.start()
        if self._working is not None and last:
            self._working.join()

    def _keep_up(self) -> None:
        try:
            self.publish()
        except Unavailable:
            pass  # another process is publishing to it
        except Disagrees as error:
            self._refused = True
            LOG.error("the static log in %s is not this log's, nothing more is written to it: %s", self._folder, error)
        except Exception:
            LOG.exception("the static log in %s could not be written, it is tried again", self._folder)

    def _bring(self, note: bytes, size: int) -> None:
        self._open_up(self._folder)
        old = self._stands(size)
        key = f"{self._ledger.vkey}\n".encode()
        if self._read(LOG_VKEY) != key:
            self._require_handover()
            self._replace(LOG_VKEY, [key])
        # A crash before the checkpoint leaves files that no checkpoint speaks of yet; the next call finds them as it would
        # have written them, or overwrites the one unfinished file, and goes on.
        written = {self._put(name, pieces) for name, pieces in self._documents(old, size)}
        grown = {self._put(name, pieces) for name, pieces in self._tiles(old, size)}
        self._sync({LOG_VKEY} | written | grown)
        if self._read(CHECKPOINT) != note:  # the same tree may have been cosigned since
            self._replace(CHECKPOINT, [note])
            sync(self._folder)
        self._tidy(grown)

    def _stands(self, size: int) -> int:
        """Return how many entries the folder holds, having compared what it says of them with the log."""
        foreign = sorted({each.name for each in self._folder.iterdir()} - NAMES)
        if foreign:
            raise Disagrees(foreign[0], "no file of a static log")
        raw = self._read(CHECKPOINT)
        if raw is None:
            return 0
        try:
            stated = checkpoint.parse(raw)[0]
        except NoteError as error:
            raise Disagrees(CHECKPOINT, str(error)) from error
        if stated.origin != self._ledger.origin:
            raise Disagrees(CHECKPOINT, f"it is of {stated.origin}, this log is {self._ledger.origin}")
        if stated.size > size:
            raise Disagrees(CHECKPOINT, f"it has {stated.size} entries, this log has published {size}")
        if stated.root != self._ledger.store.root(stated.size):
            raise Disagrees(CHECKPOINT, f"its root is not that of the first {stated.size} entries of this log")
        return stated.size

    def _require_handover(self) -> None:
        """Let a key be replaced that signed what the folder holds: a log hands over from key to key, both sign meanwhile."""
        stated, signed = self._read(LOG_VKEY), self._read(CHECKPOINT)
        if stated is None or signed is None:
            return
        try:
            checkpoint.open_checkpoint(signed, parse_vkey(stated.decode("utf-8", "replace").removesuffix("\n")))
        except NoteError as error:
            raise Disagrees(LOG_VKEY, f"it is no key of this log: {error}") from error

    def _documents(self, old: int, size: int) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield (path, pieces) of the documents that the new entries name."""
        named = (raw for raw in self._ledger.store.entries(old, size) if _NAMED in raw)
        for reference in (each for raw in named for each in library.references(entries.read_own(raw))):
            content = self._ledger.store.document(reference["sha256"]) if reference["public"] else None
            if content is not None:  # one that is missing is a finding of whoever verifies, not a crash here
                yield f"documents/{reference['sha256']}", content

    def _tiles(self, old: int, size: int) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield (path, pieces) of the bundles and tiles that are new, and of the ones that were not full before."""
        store = self._ledger.store
        for level, index, width in grown(old, size):
            first = index * tiles.WIDTH
            if level == 0:
                bundle = tiles.encode_bundle(list(store.entries(first, first + width)))
                yield tiles.entries_path(index, width), [bundle]
            yield tiles.tile_path(level, index, width), store.nodes(8 * level, first, first + width)

    def _put(self, name: str, pieces: Iterable[bytes]) -> str:
        """Let a file be there whole, and return its name. Disagrees where it is there and is another."""
        if not (self._folder / name).exists():
            self._replace(name, pieces)
        elif not _same(self._folder / name, pieces):
            raise Disagrees(name, "its bytes are not those of this log")
        return name

    def _replace(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write a file beside all others, make it durable, and only then give it its name."""
        unfinished, target = self._folder / UNFINISHED, self._folder / name
        with unfinished.open("wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fchmod(file.fileno(), 0o644)  # it is for everybody, whatever else this process keeps to itself
            os.fsync(file.fileno())
        self._open_up(target.parent)
        unfinished.replace(target)

    def _open_up(self, folder: Path) -> None:
        if not folder.exists():
            self._open_up(folder.parent)
            folder.mkdir()
            folder.chmod(0o755)

    def _read(self, name: str) -> bytes | None:
        path = self._folder / name
        return path.read_bytes() if path.exists() else None

    def _sync(self, names: Iterable[str]) -> None:
        """Make names durable, and those of the folders that they lie in."""
        for each in sorted({parent for name in names for parent in PurePosixPath(name).parents}, reverse=True):
            sync(self._folder / each)

    def _tidy(self, names: Iterable[str]) -> None:
        """Remove the parts of tiles that are full now, where something was written; clients fall back to the full ones.

        A crash in here leaves parts that are right and not needed.
        """
        for parent in {self._folder / name for each in names for name in PurePosixPath(each).parents}:
            for parts in parent.glob("[0-9][0-9][0-9].p"):
                if parts.with_suffix("").is_file():
                    shutil.rmtree(parts)


def grown(old: int, size: int) -> Iterator[tuple[int, int, int]]:
    """Yield (level, index, width) of the tiles that a tree of `size` has and one of `old` had not, or had not full.

    Those that were not full stand here as they were, too: the folder is compared with the log where it goes on.
    """
    level = 0
    while size:
        for index in range(old // tiles.WIDTH, -(-size // tiles.WIDTH)):
            before, now = (min(tiles.WIDTH, total - index * tiles.WIDTH) for total in (old, size))
            yield from ((level, index, width) for width in sorted({before, now}) if width > 0)
        level, old, size = level + 1, old // tiles.WIDTH, size // tiles.WIDTH


def _same(path: Path, pieces: Iterable[bytes]) -> bool:
    with path.open("rb") as file:
        return all(file.read(len(piece)) == piece for piece in pieces) and not file.read(1)
