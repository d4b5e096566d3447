"""The digest of the verifier: which program a draw was promised to be checked with.

Form: SHA-256 over the lines `<hex SHA-256 of a file>  <its path below verify/>` + LF of all its `*.py`, sorted as bytes.
`cd verify && find . -name '*.py' | sed 's|^./||' | LC_ALL=C sort | xargs sha256sum | LC_ALL=C sort | sha256sum` gives the same.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from verify.program import own_files


def verifier_digest(folder: Path | None = None) -> str:
    """Return the hex digest of the verifier in `folder`, by default of the one that runs; a copy has the same."""
    files = {name: content for name, content in own_files(folder).items() if name.endswith(".py")}
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode() for name, content in files.items()]
    return hashlib.sha256(b"".join(sorted(lines))).hexdigest()
