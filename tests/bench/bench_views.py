"""The views made anew from the log, against the library's own runner keeping one table of the same inspections."""

from __future__ import annotations

from contextlib import closing

import psycopg

from api.database import prepare
from domain.store.postgres import Store
from projections.follow import fold
from projections.rebuild import rebuild
from tests.bench.chains import made, rows
from tests.bench.compare import Row, Scale, Side, compare
from tests.bench.peers.environment import borrow
from tests.bench.saving import postgres as environment
from tests.postgres import LogPlace, Postgres, server


def run(scale: Scale) -> list[Row]:
    """Return the row of PostgreSQL; on SQLite the library's runner does not run."""
    borrow()
    from tests.bench.runner import Runner

    n, events = scale.pick(700, 50_000, 1_000_000), scale.pick(100, 2_000, 4_000)
    with server() as postgres, closing(Store(*filled(postgres, n))) as store:
        fold(store, n)
        with closing(Runner(environment("theirs", {}, postgres.superuser))) as runner:

            def follow() -> float:
                runner.add(events)
                took, done = runner.follow()
                return took / done * events

            return [
                compare(
                    Side(f"views made anew from {n:,} entries", lambda: rebuild(store), n),
                    Side("the library's ProjectionRunner", follow, events),
                    "entries",
                    scale,
                    at_least=25,
                    how=f"PostgreSQL; ours all views and the digests over them, before and after; theirs one table, "
                    f"{events:,} events a round",
                )
            ]


def filled(postgres: Postgres, n: int) -> tuple[str, str]:
    """Return how the service connects to a schema with n entries and the tables of the views, and its name."""
    place = with_views(postgres)
    with (
        psycopg.connect(place.owner, options=f"-c search_path={place.schema}") as connection,
        connection.cursor().copy("COPY entries FROM STDIN") as copying,
    ):
        for row in rows(made(n)):
            copying.write_row(row)
    with psycopg.connect(place.owner, options=f"-c search_path={place.schema}") as connection:
        connection.execute("UPDATE head SET size = %s", (n,))
    return place.service, place.schema


def with_views(postgres: Postgres) -> LogPlace:
    """Return a schema whose migration made the tables of the views too."""
    place = postgres.place()
    prepare(place.owner, place.schema, f"{postgres.tag}_service", f"{postgres.tag}_reader")
    return place
