"""The copy: the entries and documents of a log as they were fetched, in a folder that the checks read like an export.

It is a cache. Entries are read back only by their leaf hash, documents only by their SHA-256: what is missing or altered
here is fetched again, and cannot pass for what it is not.
"""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import file_digest, sha256
from pathlib import Path

from verify.library import LARGEST
from verify.source import ENTRIES, Folder
from verify.watch.fetching import Site

DOCUMENTS = "documents/"


class Copy(Folder):
    """The folder of a cache. A document that is not here is fetched when somebody asks for it."""

    def __init__(self, path: Path, site: Site) -> None:
        (path / DOCUMENTS).mkdir(parents=True, exist_ok=True)
        (path / ENTRIES).touch()
        super().__init__(path)
        self.site = site
        self._asked: set[str] = set()

    def cut(self, size: int) -> bool:
        """Let the entries end where the state says; False where they are shorter."""
        file = self.path / ENTRIES
        if file.stat().st_size < size:
            return False
        os.truncate(file, size)
        return True

    def size(self, name: str) -> int | None:
        """Return the length of a file; a document that is missing here, or is not what its name says, is fetched first."""
        found = super().size(name)
        if name.startswith(DOCUMENTS) and name not in self._asked:
            self._asked.add(name)
            if found is None or self._hash(name) != name.removeprefix(DOCUMENTS):
                self._fetch(name)
                found = super().size(name)
        return found

    def _hash(self, name: str) -> str:
        with (self.path / name).open("rb") as file:
            return file_digest(file, "sha256").hexdigest()

    def _fetch(self, name: str) -> None:
        """Fetch a document, if the log has it. It is kept as it came: others judge it."""
        pieces = self.site.pieces(name, LARGEST)
        if pieces is None:
            return
        part = self.path / "document.part"
        with part.open("wb") as file:
            file.writelines(pieces)
        part.replace(self.path / name)

    # -- what we made ourselves, under its hash

    def keep(self, content: bytes) -> str:
        """Keep a small file under the SHA-256 that is returned."""
        name = sha256(content).hexdigest()
        part = self.path / "kept.part"
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path / name)
        return name

    def kept(self, name: str) -> bytes | None:
        """Return what was kept under a name; None where it is missing or altered."""
        try:
            content = (self.path / name).read_bytes()
        except OSError:
            return None
        return content if sha256(content).hexdigest() == name else None

    def forget(self, name: str) -> None:
        """Forget what was kept under a name."""
        with suppress(OSError):
            (self.path / name).unlink()
