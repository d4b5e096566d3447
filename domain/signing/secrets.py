"""Secrets from outside: key files, pass phrases and PINs, refused where anybody else could read them.

A reference is the path of a file, relative to the signer's folder, or `credential:NAME`, a file that systemd laid into
`$CREDENTIALS_DIRECTORY` for this service alone. No secret comes from a command line or an environment variable, which
other processes can see.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from domain.errors import Unavailable

RULE = "LEDGER 7"
CREDENTIAL = "credential:"
MOST = 65_536
"""The most bytes of a secret."""


def read_secret(folder: Path, reference: str) -> bytes:
    """Return the bytes of a secret. Unavailable where it is missing, belongs to another user, or others can read it."""
    path = _path(folder, reference)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            _require_own(path, os.fstat(descriptor), credential=reference.startswith(CREDENTIAL))
            return file.read(MOST)
    except OSError as error:
        raise Unavailable(
            f"密钥或口令无法读取：{path}：{error.strerror}", f"cannot be read: {path}: {error.strerror}", RULE
        ) from error


def read_phrase(folder: Path, reference: str) -> bytes:
    """Return a pass phrase or PIN: a secret without the newline that an editor leaves at its end."""
    return read_secret(folder, reference).removesuffix(b"\n").removesuffix(b"\r")


def _path(folder: Path, reference: str) -> Path:
    if not reference.startswith(CREDENTIAL):
        return folder / reference
    name, laid = reference.removeprefix(CREDENTIAL), os.environ.get("CREDENTIALS_DIRECTORY")
    if not laid or not name or "/" in name or name.startswith("."):
        raise Unavailable(
            f"没有 systemd 凭据 {name}（未设 CREDENTIALS_DIRECTORY，或名称不合要求）",
            f"there is no systemd credential {name!r}: $CREDENTIALS_DIRECTORY is not set, or that is no name",
            RULE,
        )
    return Path(laid) / name


def _require_own(path: Path, found: os.stat_result, credential: bool) -> None:
    # systemd shows a credential to the service through an access list, which looks like the right of a group.
    others = stat.S_IRWXO if credential else stat.S_IRWXG | stat.S_IRWXO
    if not stat.S_ISREG(found.st_mode) or found.st_uid not in (0, os.geteuid()) or found.st_mode & others:
        raise Unavailable(
            f"{path} 须为本用户所有的普通文件，其他人不得读取（chmod 600）",
            f"{path} must be a file of this user that nobody else can read (chmod 600)",
            RULE,
        )
