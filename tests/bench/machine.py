"""What the measurements ran on: they mean little without it."""

from __future__ import annotations

import os
import platform
import sqlite3
import ssl
import tempfile
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter

PACKAGES = ("eventsourcing", "fastapi", "uvicorn", "psycopg", "msgspec")


def machine() -> dict[str, object]:
    """Return the processor, the versions, and how long this disk takes to keep four kilobytes."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "openssl": ssl.OPENSSL_VERSION.split(" ")[1],
        **{package: version(package) for package in PACKAGES},
        "fsync_microseconds": round(fsync_seconds() * 1e6),
    }


def processor() -> str:
    """Return what the processor calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def fsync_seconds(times: int = 50) -> float:
    """Return the median time of one durable write where the measurements put their files."""
    found = []
    with tempfile.TemporaryFile() as file:
        for _ in range(times):
            os.write(file.fileno(), bytes(4096))
            start = perf_counter()
            os.fsync(file.fileno())
            found.append(perf_counter() - start)
    return median(found)
