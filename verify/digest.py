"""The digest of the verifier: which program a draw was promised to be checked with.

Form: SHA-256 over the lines `<hex SHA-256 of a file>  <its path below verify/>` + LF of all its `*.py`, sorted as bytes.
`cd verify && find . -name '*.py' | sed 's|^./||' | LC_ALL=C sort | xargs sha256sum | LC_ALL=C sort | sha256sum` gives the same.
"""

from __future__ import annotations

import hashlib
from pathlib import Path


def verifier_digest(folder: Path | None = None) -> str:
    """Return the hex digest of the verifier in `folder`, by default of the one that runs; a copy has the same."""
    root = Path(__file__).parent if folder is None else folder
    lines = []
    for path in root.rglob("*.py"):
        name = path.relative_to(root)
        if "__pycache__" not in name.parts and path.is_file():
            lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name.as_posix()}\n".encode())
    return hashlib.sha256(b"".join(sorted(lines))).hexdigest()
