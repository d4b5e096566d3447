"""The witness over HTTP: `POST /add-checkpoint` compares, stores and signs; `GET /<hex sha256(origin)>/checkpoint` shows.

The order of the checks, the codes and the bodies are those of C2SP tlog-witness. A request may be as long as a checkpoint
with many signatures and last as long as a slow line needs, and nothing in it makes the witness fail.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from verify import checkpoint as checkpoints
from verify import note as notes
from verify.checkpoint import Checkpoint
from verify.ed25519 import LibraryMissing
from verify.note import NoteError, VerifierKey
from verify.witness.key import CosignerKey
from verify.witness.refusing import fault_of, meaning
from verify.witness.request import SIZE_MEDIA, Request, RequestError, parse
from verify.witness.state import Memory, StateFault, name_of

MOST_BYTES = 1 << 18
"""Of a request: a hundred signature lines, some of them post-quantum."""
SECONDS = 30.0
"""For so long a connection may last, however slowly its bytes come."""
CONNECTIONS = 64
PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    """A status, a body and its media type."""

    status: int
    body: bytes
    media: str = PLAIN
    told: str = ""
    """What the operator of the witness has to know besides."""

    @classmethod
    def of(cls, status: int, text: str) -> Answer:
        """Return an answer of one line."""
        return cls(status, f"{text}\n".encode("utf-8", "replace"))


@dataclass
class Witness:
    """A key, the logs that it watches, the folder in which it remembers them, and its clock in POSIX seconds."""

    folder: Path
    key: CosignerKey
    logs: Sequence[VerifierKey]
    clock: Callable[[], float] = time.time
    _keys: dict[str, list[VerifierKey]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        # A log whose key is being replaced has two keys of one name for a while.
        for each in self.logs:
            self._keys.setdefault(each.name, []).append(each)
        self._names = {name_of(origin): origin for origin in self._keys}

    def add_checkpoint(self, body: bytes, seconds: int) -> Answer:
        """Answer a request at POSIX `seconds`: 200 with the cosignature, or why not."""
        try:
            request = parse(body)
            text, signatures = notes.split(request.note)
        except (RequestError, NoteError) as error:
            return Answer.of(400, f"invalid input: {error}")
        try:
            head = checkpoints.parse_text(text)
        except NoteError as error:
            return Answer.of(400, f"invalid input: invalid checkpoint: {error}")
        if request.old > head.size:
            return Answer.of(400, f"invalid input: old size {request.old} is beyond the checkpoint's {head.size}")
        keys = self._keys.get(head.origin)
        if keys is None:
            return Answer.of(404, "unknown log")
        try:
            by = notes.open_note(request.note, keys)[1]
        except NoteError as error:
            return Answer.of(403, f"invalid signature: {error}")
        signed = text + b"\n"
        for key in by:
            line = next(each for each in signatures if (each.name, each.key_id) == (key.name, key.key_id))
            signed += notes.format_signature(line.name, line.key_id, line.payload)
        return self._extend(head, request, signed, body, seconds)

    def _extend(self, head: Checkpoint, request: Request, signed: bytes, body: bytes, seconds: int) -> Answer:
        """Compare with what is remembered and replace it, as one step that nobody else comes into."""
        memory = Memory.of(self.folder, head.origin)
        with memory.alone():
            last = memory.head()
            if request.old != last.size:
                return Answer(409, b"%d\n" % last.size, SIZE_MEDIA)
            fault = fault_of(last, head, request.path)
            if fault:
                kept = memory.keep_refused(head, body)
                return replace(Answer.of(422, fault), told=meaning(last, head, kept) if last.size else "")
            line = self.key.cosign(head.text(), seconds)
            # On disk before it is answered: a crash here leaves a witness that has signed for nobody, and never one
            # that has forgotten what it signed.
            memory.put(signed + line)
            return Answer(200, line)

    def last(self, name: str) -> bytes | None:
        """Return the last cosigned checkpoint of the log of this name (hex SHA-256 of its origin), None without one."""
        origin = self._names.get(name)
        return None if origin is None else Memory.of(self.folder, origin).note()


class Server(ThreadingHTTPServer):
    """The witness behind a port, a thread for each connection, not too many and none for long."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, witness: Witness, host: str, port: int) -> None:
        self.witness = witness
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._open: dict[socket.socket, float] = {}
        self._lock = threading.Lock()
        super().__init__((host, port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection, or close it at once where there are too many."""
        with self._lock:
            full = len(self._open) >= CONNECTIONS
            if not full:
                self._open[request] = time.monotonic()
        if full:
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.pop(request, None)

    def service_actions(self) -> None:
        """Hang up on those that are connected for too long."""
        with self._lock:
            late = [each for each, since in self._open.items() if time.monotonic() - since > SECONDS]
        for each in late:
            with suppress(OSError):  # it is over already
                each.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say in one line that a connection broke."""
        error = sys.exc_info()[1]
        print(f"{client_address[0]} {type(error).__name__}: {error}".replace("\n", " "), file=sys.stderr, flush=True)


class Handler(BaseHTTPRequestHandler):
    """One request and its answer; then the connection ends."""

    server: Server
    server_version, sys_version = "fairdraw-witness", ""
    timeout = SECONDS

    def do_POST(self) -> None:
        """Answer `/add-checkpoint`."""
        self._reply(self._post())

    def do_GET(self) -> None:
        """Answer `/<hex sha256(origin)>/checkpoint`."""
        self._reply(self._get())

    do_HEAD = do_GET

    def _post(self) -> Answer:
        if self.path != "/add-checkpoint":
            return Answer.of(404, "not found")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()):
            return Answer.of(411, "a Content-Length is needed")
        if len(length) > 9 or int(length) > MOST_BYTES:
            return Answer.of(413, f"a request has at most {MOST_BYTES} bytes")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            return Answer.of(400, "invalid input: the request was cut off")
        try:
            answer = self.server.witness.add_checkpoint(body, int(self.server.witness.clock()))
        except (StateFault, LibraryMissing) as error:
            return self._unable(error)
        if answer.told:
            print(answer.told, file=sys.stderr, flush=True)
        return answer

    def _get(self) -> Answer:
        _, _, rest = self.path.partition("/")
        name, _, what = rest.partition("/")
        try:
            note = self.server.witness.last(name) if what == "checkpoint" else None
        except StateFault as error:
            return self._unable(error)
        return Answer.of(404, "not found") if note is None else Answer(200, note)

    def _unable(self, error: Exception) -> Answer:
        self.log_error("%s", error)
        return Answer.of(500, "the witness is unable to sign, its operator was told why")

    def _reply(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no HTTP, as plainly as everything else."""
        self.close_connection, self.request_version = True, "HTTP/1.0"
        self._reply(Answer.of(int(code), message or "refused"))

    def log_message(self, format: str, *args: Any) -> None:
        """Write one line about a request."""
        line = (format % args).encode("unicode_escape").decode("ascii")
        print(f"{self.log_date_time_string()} {self.address_string()} {line}", file=sys.stderr, flush=True)
