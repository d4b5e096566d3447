"""Run the measurements and print them as a table: `./fairdraw bench [NAME ...] [--json FILE]`.

NAME is what follows `bench_` in a module's name; without one, all are run.
"""

import argparse
import json
import os
import pkgutil
import platform
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import NotRequired, TypedDict

import tests.bench


class Row(TypedDict):
    """One measurement. `ratio` is value / value of `compared_to`; `spread` tells how far repeated runs lay apart."""

    what: str
    value: float
    unit: str
    compared_to: NotRequired[str | None]
    ratio: NotRequired[float | None]
    spread: NotRequired[float | str | None]


COLUMNS = ("what", "value", "unit", "compared_to", "ratio", "spread")


def names() -> list[str]:
    found = (module.name for module in pkgutil.iter_modules(tests.bench.__path__))
    return sorted(name.removeprefix("bench_") for name in found if name.startswith("bench_"))


def cell(value: object) -> str:
    """Return a number with four digits that count and thousands set apart, anything else as it is."""
    if isinstance(value, int | float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return "" if value is None else str(value)


def table(rows: Iterable[Row]) -> str:
    """Return the rows under their column names, each column as wide as its widest cell."""
    lines = [list(COLUMNS), *([cell(row.get(column)) for column in COLUMNS] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(COLUMNS))]
    padded = ([text.ljust(width) for text, width in zip(line, widths, strict=True)] for line in lines)
    return "\n".join("  ".join(line).rstrip() for line in padded)


def machine() -> dict[str, object]:
    return {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="fairdraw bench", description="Run the measurements of tests/bench.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(names()) or 'none yet'}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows and the machine to FILE")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(names()):
        parser.error(f"no measurement is called {', '.join(sorted(unknown))}")
    measured: dict[str, list[Row]] = {}
    for name in options.names or names():
        print(f"{name} ...", file=sys.stderr, flush=True)
        measured[name] = import_module(f"tests.bench.bench_{name}").run()
    print(table(row for rows in measured.values() for row in rows))
    if options.json:
        rows = [{"bench": name, **row} for name, rows_of_one in measured.items() for row in rows_of_one]
        document = {"machine": machine(), "rows": rows}
        options.json.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
