"""Programs that tests need and that are no part of ours: found, or installed where that is ours to do, or the test is skipped."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

LISTS = Path("/var/lib/apt/lists")
PATIENCE = 600


def program(name: str, *packages: str) -> str:
    """Return the path of a program, after Debian's `packages` were installed if need be. The test is skipped without it."""
    found = _place_of(name)
    if found is None:
        why = _installed(packages)
        found = _place_of(name)
        if found is None:
            pytest.skip(f"there is no {name} here: {why or 'its packages do not bring it'}")
    return found


def _place_of(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")  # a server is not on everybody's path


@cache
def _installed(packages: tuple[str, ...]) -> str | None:
    """Install packages; return why they cannot be, None when they are. Asked once: what fails would fail again."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return "it is installed by root, on Debian"
    # Tests run side by side, and two runs of apt do not.
    with (Path(tempfile.gettempdir()) / "fairdraw-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        install = [apt, "install", "-y", "-q", "--no-install-recommends", *packages]
        for command in ([[apt, "update", "-q"]] if not _knows_packages() else []) + [install]:
            why = _run(command)
            if why is not None:
                return why
    return None


def _knows_packages() -> bool:
    """Whether apt was ever told what there is; in a fresh container it was not."""
    return any(LISTS.glob("*_Packages*"))


def _run(command: list[str]) -> str | None:
    # Nobody is asked anything, and no server is started because it was installed.
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    try:
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if done.returncode == 0 else f"{' '.join(command)}: {done.stderr.strip()[-300:]}"
