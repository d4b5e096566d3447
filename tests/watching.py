"""A log that is served for a watcher to follow: a folder behind a plain web server that grows, lies and fails as a test says."""

from __future__ import annotations

import functools
import http.server
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Told
from tests.forge import UNIT, Forge
from verify import note, tiles
from verify.checkpoint import Checkpoint
from verify.note import VerifierKey
from verify.tree import leaf_hash, root
from verify.watch.fetching import Site
from verify.watch.round import Answer, Watcher
from verify.watch.state import read

Files = dict[str, bytes]


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files, and notes what was asked and by whom."""

    def do_GET(self) -> None:
        served: Folder = self.server.told  # type: ignore[attr-defined]
        served.asked.append(self.path)
        served.agents.append(self.headers.get("User-Agent", ""))
        time.sleep(served.delay)
        if served.elsewhere:
            self.send_response(302)
            self.send_header("Location", served.elsewhere)
            self.end_headers()
            return
        if served.status != 200:
            self.send_error(served.status)
            return
        super().do_GET()

    def log_message(self, *_: object) -> None:
        pass


class Folder:
    """A static log. `asked`: the paths that were asked for; `delay`, `status`, `elsewhere`: how it fails."""

    def __init__(self, forge: Forge, folder: Path, files: Files | None = None) -> None:
        self.forge, self.folder = forge, folder
        self.files = forge.files if files is None else files
        self.lines = self.files["entries.jsonl"].splitlines()
        self.asked: list[str] = []
        self.agents: list[str] = []
        self.delay, self.status, self.url, self.elsewhere = 0.0, 200, "", ""
        for name, content in self.files.items():
            if name.startswith("documents/") or name == "log.vkey":
                self.put(name, content)

    @property
    def size(self) -> int:
        return len(self.lines)

    def put(self, name: str, content: bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def head(self, size: int) -> bytes:
        """Return the signed head over the first `size` entries."""
        head = Checkpoint(self.forge.key.name, size, root(leaf_hash(line) for line in self.lines[:size]))
        key = self.forge.key
        signature = note.format_signature(key.name, key.key_id, self.forge.private.sign(head.text()))
        return head.text() + b"\n" + signature

    def publish(self, size: int | None = None) -> int:
        """Serve the first `size` entries, or all of them; return how many."""
        lines = self.lines[:size]
        for name, content in [*tiles.all_tiles(map(leaf_hash, lines)), *tiles.all_bundles(lines)]:
            self.put(name, content)
        self.put("checkpoint", self.head(len(lines)))
        return len(lines)


@contextmanager
def serving(folder: Folder) -> Iterator[Folder]:
    """Serve a folder until the test is over."""
    with at_port(functools.partial(_Handler, directory=str(folder.folder))) as server:
        server.told = folder  # type: ignore[attr-defined]
        folder.url = f"http://127.0.0.1:{server.server_port}"
        yield folder


@contextmanager
def at_port(handler: Callable[..., http.server.BaseHTTPRequestHandler]) -> Iterator[http.server.ThreadingHTTPServer]:
    """Let a handler answer on a port of its own."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def watch(state: Path, url: str, key: VerifierKey, full: bool = False, **more: Any) -> Answer:
    """Watch one round, as a process that was started for it."""
    return Watcher(state, Site(url, patience=5), key, **more).round(full)


def told(answer: Answer, *outcomes: str) -> list[tuple[str, int | None]]:
    """Return (check, index) of the findings of some outcomes."""
    return [(each.check, each.index) for each in answer.findings if each.outcome.value in outcomes]


def watched(log: Folder, state: Path, size: int) -> bytes:
    """Watch up to a size, and return the state that a failing round must not touch."""
    log.publish(size)
    answer = watch(state, log.url, log.forge.key)
    assert (answer.size, told(answer, "BROKEN", "UNCHECKED")) == (size, [])
    return essence(state)


def essence(state: Path) -> bytes:
    """Return what a state remembers of a log."""
    found = read(state)
    assert found is not None
    return found.note + found.tree + found.map.encode() + found.edge.encode()


def forked(story: Told, folder: Path) -> Folder:
    """Return the same log as its key holder would like it: from entry 140 on another one."""
    forge = Forge(story.export, story.key_pem)
    forge.add(forge.entries[139], "unit/220199", "unit.registered", "admin", UNIT)["version"] = 1
    for index, entry in enumerate(forge.entries):
        entry["index"] = index
    honest = forge.files["entries.jsonl"].splitlines()
    found = Folder(forge, folder, forge.resign())
    assert found.lines[:140] == honest[:140]
    assert found.lines[140] != honest[140]
    return found


@pytest.fixture
def log(story: Told, tmp_path: Path) -> Iterator[Folder]:
    """An honest log that is served."""
    with serving(Folder(Forge(story.export, story.key_pem), tmp_path / "served")) as folder:
        yield folder


@pytest.fixture
def other(story: Told, tmp_path: Path) -> Iterator[Folder]:
    """A fork of that log, served from elsewhere."""
    with serving(forked(story, tmp_path / "other")) as folder:
        yield folder
