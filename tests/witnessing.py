"""Witnesses for tests: keys made from their names, and servers on a free port."""

from __future__ import annotations

import hashlib
import http.client
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from verify.note import VerifierKey, parse_vkey
from verify.witness.key import CosignerKey
from verify.witness.server import Server, Witness


def key_of(name: str) -> CosignerKey:
    return CosignerKey.of(name, hashlib.sha256(f"witness {name}".encode()).digest())


def watching(folder: Path, name: str, logs: Sequence[str | VerifierKey]) -> Witness:
    """Return a witness that remembers in `folder`, for logs with these verifier keys."""
    folder.mkdir(exist_ok=True, parents=True)
    return Witness(folder, key_of(name), [parse_vkey(each) if isinstance(each, str) else each for each in logs])


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
