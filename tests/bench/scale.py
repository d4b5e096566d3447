"""A registry of a million through the whole house: time and peak memory of every step, at growing sizes.

    python -m tests.bench.scale --rows 10000 --rows 100000 --rows 1000000 [--store sqlite|postgres] [--json FILE]

Every step that has a process of its own in life has one here: the service, whoever uploads and downloads, the export, the
verifier. Memory is the peak of resident pages of each process while the step lasts; the verifier's is that of all of its
processes together. All businesses and people are fictional.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.bench.scale_memory import Watch
from tests.postgres import server

ROOT = Path(__file__).parents[2]
MOST_MB = 500
"""No process may need more."""

Figures = dict[str, dict[str, Any]]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scale", description="Measure growing registries.")
    parser.add_argument("--rows", type=int, action="append", required=True, metavar="N", help="may be given repeatedly")
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--notices", type=int, metavar="N", help="notify at most so many of the drawn objects")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    options = parser.parse_args(argv)
    measured: dict[int, Figures] = {}
    with server() if options.store == "postgres" else nullcontext() as postgres:
        for count in sorted(set(options.rows)):
            with tempfile.TemporaryDirectory(prefix="fairdraw-scale-") as folder:
                store = postgres.place().store if postgres else {"store": "sqlite"}
                measured[count] = measure(Path(folder), count, store, options.notices)
    print(table(measured))
    if options.json:
        options.json.write_text(json.dumps(measured, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return 1 if any(step["mb"] > MOST_MB for figures in measured.values() for step in figures.values()) else 0


def measure(folder: Path, count: int, store: dict[str, str], notices: int | None = None) -> Figures:
    """Take `count` objects through import, freeze, draw, notices, export and verification; return what each step took."""
    figures: Figures = {}
    wanted = {"rows": count, "store": store, "notices": notices}
    with _process("tests.bench.scale_service", str(folder), json.dumps(wanted)) as running:
        for line in running.stdout or ():
            told = json.loads(line)
            figures[told.pop("step")] = told
            print(f"  {count:>9,}  {line.strip()}", file=sys.stderr, flush=True)
    log, target = folder / "log", folder / "export"
    figures["export"] = timed("api.cli", "export", "--dir", str(log), str(target))
    vkey = (log / "log.vkey").read_text("ascii").strip()
    figures["verify"] = timed("verify", str(target), "--vkey", vkey, "--json")
    for step in ("export", "verify"):
        print(f"  {count:>9,}  {step}: {figures[step]}", file=sys.stderr, flush=True)
    return figures


def timed(module: str, *arguments: str) -> dict[str, Any]:
    """Run a program to its end and return seconds and MB. CalledProcessError where it fails."""
    started = time.perf_counter()
    with _process(module, *arguments, stdout=subprocess.DEVNULL) as running, Watch(running.pid) as watch:
        running.wait()
    return {"seconds": time.perf_counter() - started, "mb": watch.peak}


@contextmanager
def _process(module: str, *arguments: str, stdout: int = subprocess.PIPE) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", module, *arguments]
    running = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=stdout, text=True, encoding="utf-8"
    )
    try:
        yield running
        if running.wait():
            raise subprocess.CalledProcessError(running.returncode, command)
    finally:
        running.kill()
        running.wait()
        if running.stdout:
            running.stdout.close()


def growth(measured: dict[int, Figures], step: str) -> list[float]:
    """Return, from each size to the next, time over time, divided by what n log n would give."""
    sizes = [count for count in sorted(measured) if step in measured[count]]
    found = []
    for small, large in pairwise(sizes):
        due = large * math.log(large) / (small * math.log(small))
        found.append(measured[large][step]["seconds"] / max(measured[small][step]["seconds"], 1e-9) / due)
    return found


def table(measured: dict[int, Figures]) -> str:
    """Return seconds and MB per step and size, and how much steeper than n log n the last tenfold was."""
    sizes = sorted(measured)
    lines = [["step", *(f"{count:,} s" for count in sizes), *(f"{count:,} MB" for count in sizes), "over n log n"]]
    for step in measured[sizes[-1]]:
        figures = [measured[count].get(step, {"seconds": 0.0, "mb": 0.0}) for count in sizes]
        steep = growth(measured, step)
        lines.append(
            [
                step,
                *(f"{each['seconds']:.2f}" for each in figures),
                *(f"{each['mb']:.0f}" for each in figures),
                f"{steep[-1]:.2f}" if steep else "",
            ]
        )
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    return "\n".join("  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)) for line in lines)


if __name__ == "__main__":
    sys.exit(main())
