"""A save with chain, tree, command and private tables against the library's own save without any, on the same database."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

from tests.bench import saving
from tests.bench.compare import Row, Scale, Side, compare
from tests.postgres import Postgres, server

EVENTS = (1, 100)
TARGETS = {"SQLite": {1: 0.95, 100: 1.0}, "PostgreSQL": {1: 1.5, 100: 1.3}}
WRITERS, FOUR = 4, 1.5
HOW = "the save alone, on both sides one durable transaction: SQLite in a write-ahead log with synchronous=FULL, PostgreSQL "
HOW += "with synchronous_commit over a unix socket; theirs by its Application.save, ours as the service records a command: "
HOW += "mapped, resting on its grounds, with tree, command and links"


def run(scale: Scale) -> list[Row]:
    """Return the rows of both databases, and that of four processes at once."""
    with tempfile.TemporaryDirectory() as folder, server() as postgres:
        sides = ("ours", "theirs")
        rows = save_rows(scale, "SQLite", {side: saving.sqlite(side, Path(folder)) for side in sides})
        return [*rows, *save_rows(scale, "PostgreSQL", places(postgres)), writers_row(scale, postgres)]


def places(postgres: Postgres) -> dict[str, dict[str, str]]:
    """Return where both sides save in PostgreSQL."""
    store = postgres.place().store
    return {side: saving.postgres(side, store, postgres.superuser) for side in ("ours", "theirs")}


def save_rows(scale: Scale, database: str, environments: dict[str, dict[str, str]]) -> list[Row]:
    """One writer, with few and with many events in a save."""
    with saving.both(environments) as (ours, theirs):
        rows = []
        for events in EVENTS:
            saves = scale.pick(3, 100, 300) if events == 1 else scale.pick(1, 10, 20)
            rows.append(
                compare(
                    Side(
                        f"chained save of {events} on {database}",
                        lambda saves=saves, events=events: saving.timed(ours, saves, events),  # type: ignore[misc]
                        saves,
                    ),
                    Side(
                        "the library's own save",
                        lambda saves=saves, events=events: saving.timed(theirs, saves, events),  # type: ignore[misc]
                        saves,
                    ),
                    "saves",
                    scale,
                    at_least=TARGETS[database][events],
                    how=HOW,
                )
            )
        return rows


def writers_row(scale: Scale, postgres: Postgres) -> Row:
    """Four processes that save one event at a time into one log."""
    environments, saves = places(postgres), scale.pick(2, 50, 150)
    with saving.both(environments):  # makes the tables, before several would at once
        pass
    with (
        closing(saving.Writers("ours", environments["ours"], WRITERS)) as ours,
        closing(saving.Writers("theirs", environments["theirs"] | {"CREATE_TABLE": "n"}, WRITERS)) as theirs,
    ):
        return compare(
            Side(f"chained save of 1 by {WRITERS} processes", lambda: ours.timed(saves, 1), saves * WRITERS),
            Side("the library's own save by as many", lambda: theirs.timed(saves, 1), saves * WRITERS),
            "saves",
            scale,
            at_least=FOUR,
        )
