"""Several processes that serve the same logs on one port: a crew that replaces whoever dies.

Each worker is a program of its own that is handed the listening socket; nothing of a database survives into it. It leaves
when the crew is gone, which it sees at the end of its input. `python -m api.workers ORDER` is one worker.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import uvicorn

from api.commandline import Failed, say
from api.many import application, opened
from api.serving import configured, listening
from api.settings import Settings

STEADY = 10.0
"""Who has served for so many seconds and then dies is replaced at once, others after a pause that grows."""
LONGEST_PAUSE = 30.0
START = 120.0
"""For so many seconds a worker may take to start: it may first wait for a database that restarts."""
GRACE = 20.0
"""For so many seconds a worker may finish what it answers."""


@dataclass(frozen=True)
class Order:
    """What is to be served: the folders of logs, whether each has its path, the database of a copy that is only
    read, and the folder of the static log."""

    folders: list[Path]
    together: bool
    standby: str | None
    static: Path | None = None

    @property
    def logs(self) -> tuple[list[Path], bool, str | None]:
        """What `api.many.opened` takes."""
        return self.folders, self.together, self.standby

    def spelled(self, descriptor: int) -> str:
        """Return the order for a worker that is handed the socket under this descriptor."""
        folders = [str(folder) for folder in self.folders]
        order = {"logs": [folders, self.together, self.standby], "socket": descriptor}
        return json.dumps({**order, "static": str(self.static) if self.static else None})


class Workers:
    """The crew; `with` starts it and stops it."""

    def __init__(self, order: Order, host: str, port: int, number: int) -> None:
        """Take the port. Failed, saying why, where it cannot be had."""
        self._socket = listening(host, port)
        self.host, self.port = self._socket.getsockname()
        self._order = order
        self._posts = [_Post() for _ in range(number)]

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://{self.host}:{self.port}/"

    def __enter__(self) -> Self:
        try:
            for post in self._posts:
                self._man(post)
            for post in self._posts:
                if not post.has_started(START):
                    raise Failed("服务未能启动，原因见上", "the service did not start, see above", 70)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        for post in self._posts:
            if post.worker is not None and post.worker.stdin is not None:
                post.worker.stdin.close()
        for post in self._posts:
            if post.worker is not None:
                try:
                    post.worker.wait(GRACE)
                except subprocess.TimeoutExpired:
                    post.worker.kill()
                    post.worker.wait()

    def wait(self, announcement: str) -> None:
        """Say where the service is, and keep the crew whole until somebody presses Ctrl-C or sends SIGTERM."""
        try:
            print(announcement, flush=True)
            while True:
                self.replace(time.monotonic())
                time.sleep(0.1)
        except KeyboardInterrupt:
            pass

    def replace(self, now: float) -> None:
        """Start a new worker for each that has died, `now` or after its pause."""
        for post in self._posts:
            worker = post.worker
            if worker is not None and worker.poll() is not None:
                say(
                    f"工作进程 {worker.pid} 已终止（{worker.returncode}），正在补上 / a worker died, another one starts"
                )
                post.free(now)
            if post.worker is None and now >= post.not_before:
                self._man(post)

    def _man(self, post: _Post) -> None:
        descriptor = self._socket.fileno()
        command = [sys.executable, "-P", "-m", "api.workers", self._order.spelled(descriptor)]
        # Ctrl-C of a terminal is for the crew, which lets its workers finish.
        post.worker = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[descriptor], start_new_session=True
        )
        post.since = time.monotonic()


class _Post:
    """A place in the crew: who holds it since when, and when it may be given to another one."""

    def __init__(self) -> None:
        self.worker: subprocess.Popen[bytes] | None = None
        self.since = self.not_before = 0.0
        self._pause = 0.0

    def has_started(self, seconds: float) -> bool:
        """Whether the worker says within some seconds that it serves."""
        if self.worker is None or self.worker.stdout is None:
            return False
        ready, _, _ = select.select([self.worker.stdout], [], [], seconds)
        return bool(ready and self.worker.stdout.readline())

    def free(self, now: float) -> None:
        """Note that the worker died."""
        steady = now - self.since > STEADY
        self._pause = 0.0 if steady else min(LONGEST_PAUSE, 2 * self._pause or 0.1)
        self.worker, self.not_before = None, now + self._pause


class _Server(uvicorn.Server):
    """A server that says when it has started."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell the crew."""
        await super().startup(sockets)
        if self.started:
            sys.stdout.buffer.write(b"started\n")
            sys.stdout.buffer.flush()


def main(order: dict[str, Any]) -> int:
    """Serve as one worker until the crew is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    folders, together, standby = order["logs"]
    with (
        socket.socket(fileno=order["socket"]) as given,
        opened([Path(folder) for folder in folders], together, standby) as logs,
    ):
        settings = Settings(static=Path(order["static"]) if order["static"] else None)
        server = _Server(configured(application(logs, settings)))
        threading.Thread(target=_leave_with_the_crew, args=(server,), daemon=True).start()
        server.run([given])
    return 0 if server.started else 1


def _leave_with_the_crew(server: uvicorn.Server) -> None:
    os.read(sys.stdin.fileno(), 1)
    server.should_exit = True


if __name__ == "__main__":
    from api.commandline.failures import explained

    try:
        raise SystemExit(main(json.loads(sys.argv[1])))
    except Exception as error:
        say(explained(error)[1])
        raise SystemExit(1) from None
