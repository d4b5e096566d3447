"""Witnesses for tests: keys made from their names, and servers on a free port."""

from __future__ import annotations

import hashlib
import http.client
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from verify import ed25519, note
from verify.checkpoint import Checkpoint
from verify.note import parse_vkey
from verify.tree import consistency_path, leaf_hash, root
from verify.witness.key import CosignerKey
from verify.witness.request import Request, spell
from verify.witness.server import Server, Witness


def key_of(name: str) -> CosignerKey:
    return CosignerKey.of(name, hashlib.sha256(f"witness {name}".encode()).digest())


def watching(folder: Path, name: str, logs: Sequence[str], clock: Callable[[], float] = time.time) -> Witness:
    """Return a witness that remembers in `folder`, for logs with these verifier keys."""
    folder.mkdir(exist_ok=True, parents=True)
    return Witness(folder, key_of(name), [parse_vkey(each) for each in logs], clock)


@contextmanager
def serving(witness: Witness, port: int = 0) -> Iterator[Server]:
    """Serve a witness on a free port until the test is over."""
    server = Server(witness, "127.0.0.1", port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def url_of(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def ask(server: Server, method: str, path: str, body: bytes | None = None) -> tuple[int, str, bytes]:
    """Ask a server once; return status, media type and body."""
    connection = http.client.HTTPConnection("127.0.0.1", int(server.server_address[1]), timeout=30)
    try:
        connection.request(method, path, body)
        response = connection.getresponse()
        return response.status, response.getheader("Content-Type", ""), response.read()
    finally:
        connection.close()


ORIGIN = "ledger.example/220100"
SEED = bytes(range(32))
VKEY = note.format_vkey(ORIGIN, ed25519.public_of(SEED))
LEAVES = [leaf_hash(b"%d" % n) for n in range(130)]
NOW = 1_780_000_000


def signed(head: Checkpoint, seed: bytes = SEED, name: str = "") -> bytes:
    name = name or head.origin
    key_id = note.key_id(name, note.ED25519, ed25519.public_of(seed))
    return head.text() + b"\n" + note.format_signature(name, key_id, ed25519.sign(seed, head.text()))


def asked(old: int, new: int, leaves: list[bytes] = LEAVES, **changes: Any) -> bytes:
    """Return a request for the tree of `new` leaves; `changes`: other parts of it."""
    path = changes["path"] if "path" in changes else consistency_path(leaves, old, new)
    head = Checkpoint(changes.get("origin", ORIGIN), new, changes.get("root", root(leaves[:new])))
    return spell(Request(old, path, changes.get("note") or signed(head)))
