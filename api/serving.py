"""The service on a port of this machine: in front until it is stopped, or beside other work in a thread."""

from __future__ import annotations

import errno
import gc
import socket
import threading
import time

import uvicorn
from starlette.types import ASGIApp

from api.commandline import Failed


class Service:
    """A running service of one process; `with` starts it and stops it, and what it serves stays open."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        """Take the port. Failed, saying why, where it cannot be had."""
        self._socket = listening(host, port)
        self.host, self.port = self._socket.getsockname()
        self._server = uvicorn.Server(configured(app))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fairdraw-service")

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://{self.host}:{self.port}/"

    def __enter__(self) -> Service:
        try:
            self._thread.start()
            while not self._server.started:
                if self._ended.is_set():
                    raise Failed("服务未能启动，原因见上", "the service did not start, see above", 70)
                time.sleep(0.01)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        # Not by joining the thread: in Python 3.11 a Ctrl-C inside `join` marks a thread that still runs as ended.
        while self._thread.ident is not None and not self._ended.is_set():
            try:
                self._ended.wait()
            except KeyboardInterrupt:  # a second Ctrl-C: nobody wants to wait for downloads that still run
                self._server.force_exit = True
        self._socket.close()

    def wait(self, announcement: str) -> None:
        """Say where the service is, and serve until somebody presses Ctrl-C or sends SIGTERM."""
        try:
            print(announcement, flush=True)
            self._ended.wait()
        except KeyboardInterrupt:
            pass

    def _run(self) -> None:
        try:
            self._server.run([self._socket])
        finally:
            self._ended.set()


def configured(app: ASGIApp) -> uvicorn.Config:
    """Return how an application is served.

    What is kept of the log is many small objects without cycles: the collector looks at them less often than it would.
    """
    gc.set_threshold(20_000, 20, 20)
    return uvicorn.Config(app, log_level="warning", access_log=False, lifespan="on")


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Failed, saying why, where the port cannot be had."""
    # Named as TCP, or asyncio leaves Nagle's algorithm on and every answer waits 40 ms for the client's delayed ACK.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        # Another service that listens here is found now, before anything else was done.
        listening.listen(2048)
    except (OSError, OverflowError) as error:
        listening.close()
        raise _no_port(host, port, error) from error
    return listening


def _no_port(host: str, port: int, error: OSError | OverflowError) -> Failed:
    if isinstance(error, OverflowError):
        return Failed(f"端口应为 0 至 65535，不是 {port}", f"a port is 0 to 65535, not {port}")
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return Failed(f"{host} 不是本机可用的 IPv4 地址", f"{host} is no IPv4 address of this machine")
    if error.errno == errno.EADDRINUSE:
        zh = f"端口 {port} 已被占用，请用 --port 指定另一个"
        return Failed(zh, f"port {port} is in use by another program, name another with --port")
    if error.errno in (errno.EACCES, errno.EPERM):
        return Failed(
            f"没有权限使用端口 {port}，请用 --port 指定另一个",
            f"port {port} is not permitted, name another with --port",
        )
    return Failed(f"不能在 {host}:{port} 提供服务", f"cannot serve on {host}:{port}: {error.strerror}")
