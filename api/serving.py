"""The service on a port of this machine: in front until it is stopped, or beside other work in a thread."""

from __future__ import annotations

import socket
import threading
import time

import uvicorn

from api.app import create_app
from api.settings import Settings
from domain.ledger import Ledger


class Service:
    """A running service over an open ledger; `with` starts it and stops it, the ledger stays open."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        # Named as TCP, or asyncio leaves Nagle's algorithm on and every answer waits 40 ms for the client's delayed ACK.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((settings.host, settings.port))
        self.host, self.port = self._socket.getsockname()
        config = uvicorn.Config(create_app(ledger, settings), log_level="warning", access_log=False, lifespan="on")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="fairdraw-service")

    def __enter__(self) -> Service:
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the service did not start")
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def wait(self) -> None:
        """Serve until somebody presses Ctrl-C."""
        try:
            while self._thread.is_alive():
                self._thread.join(0.5)
        except KeyboardInterrupt:
            pass
