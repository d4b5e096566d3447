"""The environment of the peers: made once from `requirements.txt`, beside ours and never part of it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
FOLDER = HERE.parents[2] / ".bench" / "peers"


def python() -> Path:
    """Return the Python of the environment, which is made where it is missing or older than the requirements."""
    stamp, wanted = FOLDER / "made-from", hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    found = FOLDER / "bin" / "python"
    if not stamp.is_file() or stamp.read_text() != wanted:
        venv.create(FOLDER, clear=True, with_pip=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
        command = [str(found), *install, "--require-hashes", "-r", str(REQUIREMENTS)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"the peers could not be installed:\n{done.stdout}")
        stamp.write_text(wanted)
    return found


def borrow() -> None:
    """Let this process import what only the peers' environment has: the library's PostgreSQL recorder needs a pool.

    Its folder comes last, so nothing of ours is replaced.
    """
    [site] = python().parents[1].glob("lib/python3*/site-packages")
    if str(site) not in sys.path:
        sys.path.append(str(site))


def version(name: str) -> str:
    """Return the pinned version of a peer."""
    lines = REQUIREMENTS.read_text().splitlines()
    return next(line.split("==")[1].split(" ")[0] for line in lines if line.startswith(f"{name}=="))


class Driven:
    """One peer in a process of its own, with its database in `folder`."""

    def __init__(self, name: str, journal: str, folder: Path) -> None:
        self.name = f"{name} {version(name)}"
        command = [str(python()), "-I", str(HERE / "driver.py"), name, journal, str(folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, do: str, entries: Sequence[bytes] = ()) -> dict[str, Any]:
        """Have it done and return `{"seconds","checked"}`. RuntimeError where the peer died; it has said why."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, "entries": [entry.decode() for entry in entries]}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the peer ended with {self._process.wait()}")
        found: dict[str, Any] = json.loads(answer)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:  # closes the pipes, upon which the peer ends, and waits for it
            pass
