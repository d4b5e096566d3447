"""A service as a process of its own, and clients that ask again until they have an answer."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Running:
    """`fairdraw serve` with these arguments; `port` is where it listens."""

    process: subprocess.Popen[bytes]
    port: int
    said: Path

    def workers(self) -> list[int]:
        """Return the processes of its workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(each) for each in children.read_text().split()]

    def ask(self, method: str, path: str, token: str = "", body: Any = None, key: str = "") -> tuple[int, Any]:
        """Ask once, on a connection of its own; return the status and the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        return response.status, json.loads(content) if "json" in response.getheader("Content-Type", "") else content


@contextmanager
def served(folder: Path, *arguments: str | Path) -> Iterator[Running]:
    """Serve until the test is over, and end as a service manager does; `folder` keeps what it says.

    Not by Ctrl-C: a shell that starts the tests in the background has them and all their children ignore it.
    """
    said, errors = folder / "served.txt", folder / "served-errors.txt"
    command = [sys.executable, "-m", "api.cli", "serve", "--port", "0", *map(str, arguments)]
    with said.open("wb") as output, errors.open("wb") as faults:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=faults)
    try:
        deadline = time.monotonic() + 60
        while not (found := re.search(r"http://127\.0\.0\.1:(\d+)", said.read_text())):
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(errors.read_text())
            time.sleep(0.02)
        yield Running(process, int(found[1]), errors)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, errors.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@dataclass
class Clients:
    """Some clients that register units until `stop`, each command again under its id until it is answered."""

    service: Running
    path: str
    token: str
    number: int = 6
    receipts: list[dict[str, Any]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """The commands whose connection broke, so that whether they were carried out was open."""
    refused: list[tuple[int, Any]] = field(default_factory=list)

    def __enter__(self) -> Clients:
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(n,), daemon=True) for n in range(self.number)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(120)

    def wait_for(self, number: int, seconds: float = 60) -> None:
        """Wait until so many more commands were acknowledged."""
        wanted, deadline = len(self.receipts) + number, time.monotonic() + seconds
        while len(self.receipts) < wanted:
            assert time.monotonic() < deadline, (len(self.receipts), wanted, self.refused[-1:])
            time.sleep(0.01)

    def _work(self, client: int) -> None:
        number = 0
        while not self._stopping.is_set():
            name = f"{os.getpid()}-c{client}-{number}"
            body = {"unit": f"c{client}-{number}", "name": "处", "kind": "office", "parent": "220100"}
            try:
                status, answer = self.service.ask("POST", f"{self.path}/api/v1/units", self.token, body, name)
            except (OSError, http.client.HTTPException):
                self.lost.append(name)
                time.sleep(0.02)
                continue
            if status >= 300:
                self.refused.append((status, answer))
                time.sleep(0.05)
                continue
            self.receipts.append(answer)
            number += 1


def all_is_well(raws: Sequence[bytes], clients: Clients) -> None:
    """Every acknowledged command is recorded where its receipt says, and none is recorded twice."""
    from verify import entries

    recorded = [entries.parse(raw) for raw in raws]
    assert [e.index for e in recorded] == list(range(len(recorded)))
    previous = entries.genesis(recorded[0].data["origin"])
    for entry in recorded:
        assert entry.prev == previous
        previous = entry.leaf.hex()
    for receipt in clients.receipts:
        entry = recorded[receipt["index"]]
        assert (entry.command, entry.leaf.hex()) == (receipt["command"], receipt["leaf"])
    commands = [(entry.actor["account"], entry.command) for entry in recorded]
    assert len(set(commands)) == len(commands)
