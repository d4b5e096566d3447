"""A time-stamping authority of one's own, made and run with `openssl ts`: for tests, and for trying anchors out."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIGURATION = """
[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[stamping]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
default_tsa = authority
[authority]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class Authority:
    """A root, a certificate for stamping, and replies to queries; `root` and `own` are certificates in PEM."""

    def __init__(self, folder: Path, name: str = "示例时间戳机构") -> None:
        self._folder = folder
        folder.mkdir(parents=True)
        (folder / "conf").write_text(CONFIGURATION.format(folder=folder, name=name), "utf-8")
        (folder / "serial").write_text("01\n")
        new = [
            "req",
            "-new",
            "-utf8",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-config",
            "conf",
        ]
        self._openssl(*new, "-x509", "-days", "3650", "-extensions", "root", "-keyout", "root.key", "-out", "root.pem")
        self._openssl(*new, "-subj", f"/CN={name} TSA", "-keyout", "tsa.key", "-out", "tsa.csr")
        issue = ["x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-days", "3650"]
        self._openssl(*issue, "-extfile", "conf", "-extensions", "stamping", "-out", "tsa.pem")
        self.root, self.own = (folder / "root.pem").read_bytes(), (folder / "tsa.pem").read_bytes()
        self.asked: list[bytes] = []

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self._folder, capture_output=True, check=True)

    def reply(self, query: bytes) -> bytes:
        """Return the reply to a query, stamped with the present time."""
        self.asked.append(query)
        (self._folder / "query").write_bytes(query)
        self._openssl(
            "ts", "-reply", "-config", "conf", "-section", "authority", "-queryfile", "query", "-out", "reply"
        )
        return (self._folder / "reply").read_bytes()

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Answer over HTTP; hand out the address. Source: RFC 3161, section 3.4."""
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/timestamp-query"
                content = authority.reply(query)
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/tsa"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
