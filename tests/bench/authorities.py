"""Many authorities on one PostgreSQL behind one service: commands a second over all of them, against one of them alone.

    python -m tests.bench.authorities [--logs 12] [--objects 1000] [--workers 2] [--clients 16] [--json FILE]

Every authority has a schema, a key, a registry and a drawn list of its own; a command is the notice of one inspection, one
request each. The same clients first ask one authority, then all, in turns, three times. Everything is fictional.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from tests.bench.machine import machine
from tests.postgres import server
from tests.running import served
from tests.story import Story, drawn_objects, inspectors, new_ledger, objects

ROUNDS = 3
Job = tuple[str, str, str, str, str]
"""Authority, token, draw, object, day."""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.authorities", description="Measure many authorities.")
    for name, number in (("logs", 12), ("objects", 1000), ("workers", 2), ("clients", 16)):
        parser.add_argument(f"--{name}", type=int, default=number, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args(argv)
    with server() as postgres, tempfile.TemporaryDirectory(prefix="fairdraw-authorities-") as folder:
        started = time.perf_counter()
        jobs = [
            authority(Path(folder), number, options.objects, postgres.place().store) for number in range(options.logs)
        ]
        made = time.perf_counter() - started
        print(f"{options.logs} authorities made in {made:.1f} s", file=sys.stderr)
        arguments: list[str | Path] = ["--logs", Path(folder), "--workers", str(options.workers)]
        with served(Path(folder), *arguments) as service:
            figures = measure(service.port, jobs, options.clients)
            figures["worker_mb"] = [resident(worker) for worker in service.workers()]
            figures["connections"] = asked(
                postgres.superuser, "SELECT count(*) - 1 FROM pg_stat_activity WHERE datname IS NOT NULL"
            )
        figures["database_mb"] = asked(postgres.superuser, "SELECT pg_database_size(current_database()) >> 20")
    figures |= {"logs": options.logs, "objects": options.objects, "workers": options.workers, "made": round(made, 1)}
    print(json.dumps(figures, indent=1))
    if options.json:
        options.json.write_text(json.dumps({**figures, "machine": machine()}, indent=1) + "\n", "utf-8")
    return 0


def resident(process: int) -> int:
    """Return the megabytes of memory that a process holds."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) >> 10 if found else 0


def asked(dsn: str, query: str) -> int:
    with psycopg.connect(dsn) as connection:
        return int(connection.execute(query.encode()).fetchall()[0][0])


def authority(folder: Path, number: int, count: int, store: dict[str, str]) -> list[Job]:
    """Make one with a draw that is signed off, and return the notices to be sent."""
    name = f"{220100 + number}"
    with new_ledger(folder / name, f"demo.fairdraw.example/{name}", store) as ledger:
        story = Story(ledger)
        story.organise()
        plan = story.plan({"CCSW-001": "key"})
        draw = story.freeze(
            plan, "CCSW-001", story.registries("CCSW-001", objects(count), inspectors(40, ["CCSW-001"]))
        )
        story.ceremony(draw)
        token, day = ledger.private.issue_token("clerk"), ledger.clock.now()[:10]
        return [(name, token, draw, each, day) for each in drawn_objects(ledger, draw)]


def measure(port: int, jobs: Sequence[Sequence[Job]], clients: int) -> dict[str, Any]:
    """Return commands a second, one authority alone and all of them, medians of the rounds and the ratio of each round."""
    alone, others = list(jobs[0]), [list(each) for each in jobs[1:]]
    share = len(alone) // ROUNDS
    rates: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        one, alone = alone[:share], alone[share:]
        every = [job for group in zip(*(each[:share] for each in others), strict=False) for job in group]
        others = [each[share:] for each in others]
        rates.append((send(port, one, clients), send(port, every, clients)))
    return {
        "one": round(median(one for one, _ in rates)),
        "all": round(median(every for _, every in rates)),
        "ratios": [round(every / one, 2) for one, every in rates],
    }


def send(port: int, jobs: Sequence[Job], clients: int) -> float:
    """Send every job once by so many clients at a time; return jobs a second."""
    waiting, lock = iter(jobs), threading.Lock()
    failed: list[bytes] = []

    def taken() -> Iterator[Job]:
        while True:
            with lock:
                job = next(waiting, None)
            if job is None:
                return
            yield job

    def work() -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        for name, token, draw, each, day in taken():
            body = json.dumps({"draw": draw, "object": each, "visit_on": day})
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
            connection.request("POST", f"/{name}/api/v1/inspections", body, headers)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != 201:
                failed.append(content)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(jobs)} were refused: {failed[0].decode()}")
    return len(jobs) / seconds


if __name__ == "__main__":
    sys.exit(main())
