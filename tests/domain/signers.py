"""What the tests of signers share: a tree, a signer of each kind, and the process that the command line starts."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.signer import Signer
from domain.signing import CheckpointSigner
from domain.signing.remote import RemoteSigner
from domain.signing.server import SignerServer, listen
from verify.tree import consistency_path, leaf_hash, root

ORIGIN = "ledger.example/220100"
LEAVES = [leaf_hash(bytes([n])) for n in range(40)]
ROOT = Path(__file__).resolve().parents[2]


def signed(signer: CheckpointSigner, size: int, *vkeys: str) -> bytes:
    """Have the head of the tree over the first `size` leaves signed."""
    return signer.sign(size, root(LEAVES[:size]), consistency_path(LEAVES[:size], signer.size), vkeys)


@contextmanager
def short_folder() -> Iterator[Path]:
    """Hand out a folder whose path is short enough for that of a socket (108 bytes)."""
    with tempfile.TemporaryDirectory(prefix="fd-") as folder:
        yield Path(folder)


@contextmanager
def answering(signer: Signer, path: Path, clients: list[int] | None = None) -> Iterator[None]:
    """Answer for a signer in a thread of this process."""
    server = SignerServer(signer, listen(path), [os.geteuid()] if clients is None else clients)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield
    finally:
        server.close()
        thread.join()
        path.unlink()


@contextmanager
def of_kind(kind: str, folder: Path) -> Iterator[CheckpointSigner]:
    """Hand out a new signer: `embedded`, or a `remote` one with its server."""
    own = Signer.create(folder / "signer", ORIGIN)
    if kind == "embedded":
        yield own
        return
    with short_folder() as short, answering(own, short / "s"):
        yield RemoteSigner(short / "s", folder)


@contextmanager
def process(folder: Path, path: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Run `fairdraw signer serve`, and hand out its process once it listens."""
    command = [
        sys.executable,
        "-m",
        "api.cli",
        "signer",
        "serve",
        "--dir",
        str(folder),
        "--socket",
        str(path),
        *options,
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        try:
            assert running.stdout is not None
            line = running.stdout.readline()
            assert "signing for" in line, line + running.stdout.read()
            yield running
        finally:
            running.kill()


def wait_for(path: Path) -> None:
    """Wait until a file is there."""
    until = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < until
        time.sleep(0.01)
