"""Tools that nobody here wrote, each set in an environment of its own: made once from its requirements, never part of ours."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / ".foreign"
NEEDS = {"scales": (3, 11), "aics": (3, 12)}
"""The tools by the name of their requirements, and the oldest Python that they run on."""


class Missing(Exception):
    """A tool cannot be had on this machine, and why."""


@cache
def installed(name: str) -> Path:
    """Return the folder of programs of a set of tools, which is made where it is missing or older than its requirements."""
    requirements, folder = HERE / f"{name}.txt", FOLDER / name
    stamp, wanted = folder / "made-from", hashlib.sha256(requirements.read_bytes()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != wanted:
        _run([python(NEEDS[name]), "-m", "venv", "--clear", folder], f"no environment for {name}")
        options = ["--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--require-hashes"]
        _run(
            [folder / "bin" / "python", "-m", "pip", "install", *options, "-r", requirements],
            f"{name} cannot be installed",
        )
        stamp.write_text(wanted)
    return folder / "bin"


def python(oldest: tuple[int, int]) -> Path:
    """Return a Python that is new enough, ours if it is. Missing where this machine has none."""
    for version, path in pythons().items():
        if version >= oldest:
            return path
    raise Missing(f"there is no Python {oldest[0]}.{oldest[1]} or newer here")


@cache
def pythons() -> dict[tuple[int, ...], Path]:
    """Return one Python of each version that this machine has, ours first."""
    found: dict[tuple[int, ...], Path] = {}
    for candidate in _candidates():
        asked = [str(candidate), "-I", "-c", "import sys, venv; print(*sys.version_info[:2])"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            found.setdefault(tuple(map(int, done.stdout.split())), candidate)
    return found


def _candidates() -> Iterator[Path]:
    yield Path(sys.executable)
    names = [f"python3.{minor}" for minor in (12, 13, 14)]
    yield from (Path(found) for name in names if (found := shutil.which(name)))
    for root in (
        os.environ.get("PYENV_ROOT"),
        Path.home() / ".pyenv",
        Path.home() / ".local" / "share" / "uv" / "python",
    ):
        if root:
            yield from sorted(Path(root).glob("**/bin/python3.1[2-9]"))


def _run(command: list[Path | str], what: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise Missing(f"{what}: {done.stdout.strip()[-500:]}")
