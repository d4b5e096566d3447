"""A durable command over HTTP against FastAPI's own hello with a body model, on the same kind of server, by the same load."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from tests.bench.compare import Row, Scale, Side, compare

CONNECTIONS, STEPS = 16, 100
ROOT = Path(__file__).parents[2]
Request = dict[str, Any]


def run(scale: Scale) -> list[Row]:
    """Return the row of single commands, and that of batches."""
    single, batches = scale.pick(5, 200, 500), scale.pick(1, 8, 16)
    hellos = scale.pick(5, 400, 1_000)
    objects = (single + batches * STEPS) * (scale.rounds + 1) * 5 // 4  # some of them are closed and never drawn
    with (
        tempfile.TemporaryDirectory() as folder,
        process("tests.bench.http_server", "ours", f"{folder}/log", str(objects)) as ours,
        process("tests.bench.http_server", "hello") as hello,
        process("tests.bench.http_load") as generator,
    ):
        service, plain = answer(ours), answer(hello)
        notices = iter([(service["draw"], name, service["day"]) for name in service["drawn"]])

        def load(port: int, requests: list[Request]) -> float:
            order = {"port": port, "connections": CONNECTIONS, "requests": requests}
            return float(answer(generator, order))

        def greet() -> float:
            body = {"draw": service["draw"], "object": service["drawn"][0], "visit_on": service["day"]}
            return load(plain["port"], [{"path": "/hello", "headers": {}, "body": body}] * hellos)

        def notify() -> float:
            bodies = [notice(*each) for each in islice(notices, single)]
            return load(service["port"], [asked(service, "/inspections", body) for body in bodies])

        def notify_many() -> float:
            bodies = [
                {"steps": [{"do": "notify", **notice(*each)} for each in islice(notices, STEPS)]}
                for _ in range(batches)
            ]
            return load(service["port"], [asked(service, "/inspections:batch", body) for body in bodies])

        theirs = Side("FastAPI's hello with a body model", greet, hellos)
        how = f"uvicorn with one worker, {CONNECTIONS} connections kept open, both by one generator; ours on SQLite, each "
        how += "answer after its commit, with role, idempotency and the clock of a demonstration"
        return [
            compare(
                Side("durable command over HTTP", notify, single), theirs, "requests", scale, at_least=0.5, how=how
            ),
            compare(
                Side(f"events in durable batches of {STEPS}", notify_many, batches * STEPS),
                theirs,
                "events or hellos",
                scale,
                at_least=4,
                how=how,
            ),
        ]


def notice(draw: str, name: str, day: str) -> dict[str, str]:
    """Return the body of one notice."""
    return {"draw": draw, "object": name, "visit_on": day}


def asked(service: dict[str, Any], path: str, body: Any) -> Request:
    """Return a request of the clerk."""
    return {"path": f"/api/v1{path}", "headers": {"Authorization": f"Bearer {service['token']}"}, "body": body}


@contextmanager
def process(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Give a process that answers in lines and ends with its input."""
    command = [sys.executable, "-m", module, *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as running:
        try:
            yield running
        finally:
            assert running.stdin is not None
            running.stdin.close()
            try:
                running.wait(timeout=10)
            except subprocess.TimeoutExpired:  # a measurement that failed must not wait for an answer that hangs
                running.kill()


def answer(running: subprocess.Popen[str], order: Any = None) -> Any:
    """Return the next line, after an order where there is one. RuntimeError where the process ended; it has said why."""
    assert running.stdin is not None
    assert running.stdout is not None
    if order is not None:
        running.stdin.write(json.dumps(order) + "\n")
        running.stdin.flush()
    line = running.stdout.readline()
    if not line:
        raise RuntimeError(f"{running.args!r} ended with {running.wait()}")
    return json.loads(line)
