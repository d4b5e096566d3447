"""The export: the whole published log as a folder of plain files, which any web server can serve and anyone can check.

A folder appears under its final name only when it is whole: it is written beside it, made durable, then swapped in.
Form: ledger specification, section 10.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO

from domain.ledger import Ledger
from verify import checkpoint, entries, tiles
from verify.program import own_files

NAMES = frozenset({"checkpoint", "log.vkey", "entries.jsonl", "tile", "documents"})
"""All that stands at the top of an export."""
_PROGRAM_DAY = 1_767_225_600  # 2026-01-01 in UTC

File = tuple[str, Iterable[bytes]]


class NotAnExport(ValueError):
    """The folder holds something else than an export; replacing it would destroy it."""


def export(ledger: Ledger, folder: Path) -> None:
    """Publish a checkpoint and write the log of exactly its size to `folder`, replacing an older export there.

    Raises NotAnExport when `folder` is a file or holds anything else, and OSError.
    """
    folder = folder.resolve()
    _refuse_foreign(folder)
    note = ledger.publish_cosigned()
    fresh, old = (folder.with_name(f".{folder.name}.{part}") for part in ("new", "old"))
    # A crash before the first rename leaves the old export and a folder `.new`; one between the two renames leaves no
    # export and the old one as `.old`. Either is cleared by the next export, and never is half of one under the name.
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _write(files(ledger, note), fresh)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    sync(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def files(ledger: Ledger, note: bytes) -> Iterator[File]:
    """Yield (relative path, pieces of bytes) of the log at the size of the checkpoint `note`, read as they are taken."""
    size = checkpoint.parse(note)[0].size
    yield "checkpoint", [note]
    yield "log.vkey", [f"{ledger.vkey}\n".encode()]
    yield "entries.jsonl", (raw + b"\n" for raw in ledger.store.entries(0, size))
    for path, content in tiles.all_tiles(ledger.leaves(0, size)):
        yield path, [content]
    for path, content in tiles.all_bundles(ledger.store.entries(0, size)):
        yield path, [content]
    for info in ledger.store.documents(size):
        document = ledger.store.document(info["sha256"]) if info["public"] else None
        if document is not None:  # a public document that is missing is a finding of whoever verifies, not a crash here
            yield f"documents/{info['sha256']}", document


def archive(ledger: Ledger, note: bytes) -> Iterator[bytes]:
    """Yield the export as a tar file, everything below `export/`; a log gives the same bytes every time."""
    size = checkpoint.parse(note)[0].size
    written_at = entries.parse(next(ledger.store.entries(size - 1, size))).seconds
    return tar(((f"export/{path}", pieces) for path, pieces in files(ledger, note)), written_at)


def program() -> Iterator[bytes]:
    """Yield the verifier as a tar file, everything below `verify/`: a program gives the same bytes every time."""
    # A fixed day, not that of the files: the same program is the same archive, wherever it was unpacked.
    return tar(((f"verify/{name}", [content]) for name, content in own_files().items()), _PROGRAM_DAY)


def tar(contents: Iterable[File], written_at: int) -> Iterator[bytes]:
    """Yield a tar file of `contents`, each written at the same POSIX second, as whole records and not a byte more."""
    blocks = 2  # those of zeros that end an archive
    for path, pieces in contents:
        with SpooledTemporaryFile(max_size=1 << 22) as whole:
            member = tarfile.TarInfo(path)
            member.size, member.mtime = sum(map(whole.write, pieces)), written_at
            yield member.tobuf()
            whole.seek(0)
            while piece := whole.read(1 << 20):
                yield piece
            yield bytes(-member.size % tarfile.BLOCKSIZE)
            blocks += 1 + -(-member.size // tarfile.BLOCKSIZE)
    # A reader that has seen the end closes the pipe, and the writer would fail.
    yield bytes(2 * tarfile.BLOCKSIZE + -blocks * tarfile.BLOCKSIZE % tarfile.RECORDSIZE)


def _refuse_foreign(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise NotAnExport(f"{folder} is a file")
    found = {entry.name for entry in folder.iterdir()}
    if found and not (found <= NAMES and "checkpoint" in found):
        raise NotAnExport(f"{folder} holds {', '.join(sorted(found - NAMES)) or 'no checkpoint'}: not an export")


def _write(contents: Iterator[File], folder: Path) -> None:
    """Write files below a new folder, each durable, then the folders, so that a rename shows all of them or nothing."""
    folder.mkdir()
    folders = {folder}
    for path, pieces in contents:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        folders.update(parent for parent in target.parents if parent.is_relative_to(folder))
        with target.open("xb") as file:
            _put(file, pieces)
    for each in sorted(folders, reverse=True):
        sync(each)


def _put(file: IO[bytes], pieces: Iterable[bytes]) -> None:
    file.writelines(pieces)
    file.flush()
    os.fsync(file.fileno())


def sync(folder: Path) -> None:
    """Make the names in a folder durable, where the file system knows that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
