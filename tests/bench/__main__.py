"""Run the measurements and print them as a table: `./fairdraw bench [NAME ...] [--quick] [--json FILE]`.

NAME is what follows `bench_` in a module's name; without one, all are run. Each such module has `run(scale)`, which
returns rows. The table is Markdown with the date, ready for the README; everything also goes to a JSON file.
"""

from __future__ import annotations

import argparse
import json
import pkgutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from time import perf_counter

import tests.bench
from tests.bench.compare import Row, Scale
from tests.bench.machine import machine

RESULT = Path(".bench") / "result.json"
HEADINGS = ("what", "ours", "compared to", "theirs", "ratio (smallest to largest)", "target", "met")


def names() -> list[str]:
    """Return what can be measured."""
    found = (module.name for module in pkgutil.iter_modules(tests.bench.__path__))
    return sorted(name.removeprefix("bench_") for name in found if name.startswith("bench_"))


def measure(name: str, scale: Scale) -> list[Row]:
    """Run one measurement."""
    rows: list[Row] = import_module(f"tests.bench.bench_{name}").run(scale)
    return rows


def number(value: float) -> str:
    """Return a number with three digits that count and thousands set apart."""
    if value >= 100:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


def ratio(value: float) -> str:
    """Return a ratio with two decimals, a very small one with two digits that count."""
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def cells(row: Row) -> list[str]:
    """Return a row as the table shows it."""
    low, high = row["spread"]
    target = f"≤ {row['at_most']:g}" if row["at_most"] else f"≥ {row['at_least']:g}" if row["at_least"] else ""
    return [
        row["what"],
        f"{number(row['value'])} {row['unit']}",
        row["compared_to"],
        f"{number(row['their_value'])} {row['unit']}",
        f"{ratio(row['ratio'])} ({ratio(low)} to {ratio(high)})",
        target,
        {True: "yes", False: "**no**", None: ""}[row["met"]],
    ]


def table(rows: Iterable[Row]) -> str:
    """Return rows as a Markdown table, and under it how they were measured."""
    rows = list(rows)
    lines = [HEADINGS, ["---"] * len(HEADINGS), *map(cells, rows)]
    told: dict[str, list[str]] = {}
    for row in rows:
        if row["how"] and row["what"] not in told.setdefault(row["how"], []):
            told[row["how"]].append(row["what"])
    notes = [f"- {'; '.join(whats)}: {how}" for how, whats in told.items()]
    return "\n".join(["| " + " | ".join(line) + " |" for line in lines] + [""] * bool(notes) + notes)


def heading(facts: Mapping[str, object], scale: Scale, minutes: float) -> str:
    """Return when and on what it was measured."""
    day = datetime.now(UTC).date()
    told = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in facts.items())
    size = " (quick)" if scale is Scale.QUICK else ""
    return (
        f"Measured on {day}{size} in {minutes:.0f} minutes: {told}. Both sides in turn; medians and, for the ratio, the "
        "smallest and the largest of the rounds. With ≥ the ratio is one of rates, with ≤ one of times."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="fairdraw bench", description="Run the measurements of tests/bench.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(names())}")
    parser.add_argument("--quick", action="store_true", help="smaller and fewer: two minutes")
    parser.add_argument("--json", type=Path, metavar="FILE", default=RESULT, help=f"where to write, {RESULT}")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(names()):
        parser.error(f"no measurement is called {', '.join(sorted(unknown))}")
    scale = Scale.QUICK if options.quick else Scale.FULL
    start, measured = perf_counter(), dict[str, list[Row]]()
    for name in options.names or names():
        begun = perf_counter()
        measured[name] = measure(name, scale)
        print(f"{name}: {perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    facts, minutes = machine(), (perf_counter() - start) / 60
    rows = [{"bench": name, **row} for name, some in measured.items() for row in some]
    document = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "scale": scale.name.lower(), "machine": facts}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({**document, "rows": rows}, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(heading(facts, scale, minutes), "", table(row for some in measured.values() for row in some), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
