"""This program as one file: `python3 fairdraw-verify.pyz TARGET` needs Python 3.11 and nothing to unpack.

The same files give the same bytes on every machine: names sorted, one time, one mode, nothing compressed (libraries
differ in how they compress). So whoever has the program in any form can say which one it is. Source: Python `zipapp`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from verify import VERSION

NAME = "fairdraw-verify.pyz"
_SHEBANG = b"#!/usr/bin/env python3\n"
_ENTRANCE = b"from verify.__main__ import main\n\nraise SystemExit(main())\n"
_MOMENT = (1980, 1, 1, 0, 0, 0)  # the first that a zip can tell
_PLAIN_FILE = 0o100644 << 16
_UNIX = 3


@dataclass(frozen=True)
class Release:
    """A program as the ledger names it: its version, and the SHA-256 and length of its one file."""

    version: str
    sha256: str
    bytes: int

    def as_data(self) -> dict[str, Any]:
        """Return the data of `log.verifier-released`."""
        return asdict(self)


def own_files(folder: Path | None = None) -> dict[str, bytes]:
    """Return the files of this program by their paths below `verify/`, sorted by bytes; `folder`: those of another copy.

    Whether it runs from a folder or from its one file, they are the same.
    """
    root = Path(__file__).parent if folder is None else folder
    if folder is None and not root.is_dir():
        return _packed(root)
    paths = {path.relative_to(root): path for path in root.rglob("*")}
    found = {name.as_posix(): path for name, path in paths.items() if _is_ours(name) and path.is_file()}
    return {name: found[name].read_bytes() for name in sorted(found, key=str.encode)}


def _is_ours(name: Path) -> bool:
    return not any(part.startswith(".") or part == "__pycache__" for part in name.parts)


def _packed(root: Path) -> dict[str, bytes]:
    """Return the files of the archive that this module was read from; `root` is its path and, inside it, `verify`."""
    from zipfile import ZipFile  # a hundredth of a second of loading, of which only these two need anything

    with ZipFile(root.parent) as archive:
        inside = [name for name in archive.namelist() if name.startswith("verify/")]
        return {name.removeprefix("verify/"): archive.read(name) for name in inside}


def one_file(files: Mapping[str, bytes]) -> bytes:
    """Return the program made of `files` (paths below `verify/`) as one file that Python runs."""
    from zipfile import ZIP_STORED, ZipFile, ZipInfo

    members = {"__main__.py": _ENTRANCE} | {f"verify/{name}": content for name, content in files.items()}
    packed = BytesIO()
    packed.write(_SHEBANG)
    with ZipFile(packed, "a", ZIP_STORED) as archive:
        for name in sorted(members, key=str.encode):
            member = ZipInfo(name, _MOMENT)
            member.external_attr, member.create_system = _PLAIN_FILE, _UNIX
            archive.writestr(member, members[name])
    return packed.getvalue()


@cache
def program() -> bytes:
    """Return this program as one file; read once, so that what is handed out is what runs."""
    return one_file(own_files())


def release() -> Release:
    """Say which program this is."""
    content = program()
    return Release(VERSION, hashlib.sha256(content).hexdigest(), len(content))
