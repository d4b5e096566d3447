"""Watching a large log for what is new: against verifying all of it."""

from __future__ import annotations

import functools
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from api.exporting import export
from tests.bench.compare import Row, Scale, Side, compare
from tests.biglog import accounts, grow
from tests.forge import Forge
from tests.story import tell
from verify import tiles
from verify.tree import root

ROOT = Path(__file__).parents[2]
CACHES = "PYTHONDONTWRITEBYTECODE"
"""Set by who measures on this machine, perhaps: whoever watches a log does not compile the watcher every time."""
ROUNDS = Scale.TINY
"""Both sides are measured once, after one round to warm up: verifying a million entries takes a minute."""


def run(scale: Scale) -> list[Row]:
    """Return the one row."""
    size, new = scale.pick(1_000, 100_000, 1_000_000), scale.pick(100, 1_000, 1_000)
    with tempfile.TemporaryDirectory() as name:
        log = Log(Path(name), size, new)
        with serving(log.served) as url:
            watching = Watching(log, url)
            row = compare(
                Side(f"watching a log of {size:,} entries for {new:,} new ones", watching.run, 1),
                Side("verifying all of it, every rule, on all cores", log.verify, 1),
                "runs",
                ROUNDS,
                at_most=0.01 if scale is Scale.FULL else None,
            )
    row["how"] = "both with the start of the process; the new ones over HTTP from a folder, with their tiles; "
    row["how"] += f"the watcher fetched {watching.fetched:,} bytes, its state has {watching.state:,}"
    return [row]


class Log:
    """A log of accounts that are opened and closed, as an export, and served in a folder that shows more and more of it."""

    def __init__(self, folder: Path, size: int, new: int) -> None:
        told = tell(folder / "log")
        with told.ledger as ledger:
            ledger.publish_checkpoint()
            export(ledger, folder / "export")
            self.vkey = ledger.vkey
        self.folder, self.new = folder, new
        self.forge = Forge(folder / "export", (folder / "log" / "signer" / "key.pem").read_bytes())
        self.whole = grow(self.forge, accounts(), size + new * (ROUNDS.rounds + 1), folder / "whole")
        self.served = folder / "served"
        for path in self.whole.rglob("*"):  # by links, so that nothing is stored twice
            place = self.served / path.relative_to(self.whole)
            if path.is_dir():
                place.mkdir(parents=True)
            elif path.name != "entries.jsonl" and ".p/" not in path.as_posix():
                place.parent.mkdir(parents=True, exist_ok=True)
                os.link(path, place)
        with (self.whole / "entries.jsonl").open("rb") as file:
            self.last = {n: line[:-1] for n, line in enumerate(file) if n >= size - tiles.WIDTH}
        self.show(size)

    def show(self, size: int) -> None:
        """Serve the first `size` entries: their head, and the tiles and the bundle that are not full."""
        self.size, leaves = size, self.forge.leaves[:size]
        for level, index, width in tiles.tiles_of(size):
            if width < tiles.WIDTH:
                self._put(tiles.tile_path(level, index, width), tiles.tile_bytes(level, index, width, leaves))
        index, width = divmod(size, tiles.WIDTH)
        if width:
            lines = [self.last[number] for number in range(size - width, size)]
            self._put(tiles.entries_path(index, width), tiles.encode_bundle(lines))
        self.root = root(leaves).hex()
        self._put("checkpoint", self.forge.sign(size))

    def _put(self, name: str, content: bytes) -> None:
        path = self.served / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(content)

    def verify(self) -> float:
        """Verify the whole export; return the seconds."""
        return verifier(str(self.whole), "--vkey", self.vkey)[0]


class Watching:
    """A watcher that has seen all but the new entries, started as anybody starts it."""

    def __init__(self, log: Log, url: str) -> None:
        self.log = log
        self._words = ("watch", url, "--state", str(log.folder / "watcher"), "--vkey", log.vkey)
        verifier(*self._words)
        self.fetched = self.state = 0

    def run(self) -> float:
        """Show more of the log, and watch; return the seconds of the watcher. RuntimeError where it saw something else."""
        log = self.log
        log.show(log.size + log.new)
        seconds, answer = verifier(*self._words)
        if (answer["new"], answer["whole"], answer["root"]) != (log.new, False, log.root):
            raise RuntimeError(f"not {log.new} new entries: {json.dumps(answer)[:2000]}")
        self.fetched, self.state = answer["fetched"]["bytes"], answer["state"]
        return seconds


def verifier(*words: str) -> tuple[float, Any]:
    """Run the verifier; return the seconds and its answer. RuntimeError where the log is not found sound."""
    start = perf_counter()
    done = subprocess.run(
        [sys.executable, "-P", "-m", "verify", *words, "--json"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != CACHES} | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    seconds = perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"exit code {done.returncode}: {done.stdout.decode()[-2000:]}{done.stderr.decode()}")
    return seconds, json.loads(done.stdout)


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder by a plain web server, and yield its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Silent, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
