"""A small TCP proxy before PostgreSQL that cuts a connection exactly where it hurts, once, and says that it did."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

import psycopg
from psycopg.conninfo import make_conninfo

from tests.postgres import LogPlace

READY = b"Z\x00\x00\x00\x05I"
"""What the server ends an answer with when no transaction is open: what was asked is committed."""


class Proxy:
    """Passes everything on until a request holds `marker`; then it cuts.

    `at`: "request" (the server never sees it), "answer" (the server has committed, its answer is swallowed), or "ghost"
    (the client is cut off while the server still works).
    """

    def __init__(self, place: LogPlace) -> None:
        with psycopg.connect(place.service) as connection:
            self._host, self._port = connection.info.host, connection.info.port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.dsn = make_conninfo(
            place.service,
            host="127.0.0.1",
            port=self._listener.getsockname()[1],
            sslmode="disable",
            gssencmode="disable",
        )
        self.marker, self.at = b"", ""
        self.cuts: list[str] = []
        self.swallowed = b""
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for each in (self._listener, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def arm(self, at: str, marker: bytes) -> None:
        """Cut at the next request that holds `marker`."""
        self.at, self.marker = at, marker

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = self._dial()
                self._sockets += [client, server]
                link = _Link(self, client, server)
                threading.Thread(target=link.requests, daemon=True).start()
                threading.Thread(target=link.answers, daemon=True).start()

    def _dial(self) -> socket.socket:
        if self._host.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{self._host}/.s.PGSQL.{self._port}")
            return server
        return socket.create_connection((self._host, self._port))


class _Link:
    """One connection of a client, and the one to the server that belongs to it."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._cut = threading.Event()

    def requests(self) -> None:
        with suppress(OSError):
            seen = b""
            while data := self._client.recv(1 << 16):
                seen = (seen + data)[-(1 << 18) :]
                if self._proxy.marker and self._proxy.marker in seen:
                    at, self._proxy.marker = self._proxy.at, b""
                    self._cut.set()
                    self._proxy.cuts.append(at)
                    if at != "request":
                        self._server.sendall(data)
                    if at == "ghost":
                        _end(self._client)
                    if at == "request":
                        _end(self._client)
                        _end(self._server)
                    return
                self._server.sendall(data)
        if not self._cut.is_set():
            _end(self._server)

    def answers(self) -> None:
        with suppress(OSError):
            while data := self._server.recv(1 << 16):
                if self._cut.is_set():
                    self._proxy.swallowed += data
                    if READY in self._proxy.swallowed:
                        break
                else:
                    self._client.sendall(data)
        _end(self._client)
        _end(self._server)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
