"""The databases that views are tested on: SQLite, and a real PostgreSQL that lives as long as the tests do."""

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from projections import tail
from projections.tables import Connection
from tests.projections.handmade import HandmadeLog
from tests.projections.places import Place, PostgresPlace, SqlitePlace, Views

BINARIES = Path("/usr/lib/postgresql/15/bin")
# Sorting text by the rules of a language is what a view must not depend on.
CLUSTER = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale-provider=icu", "--icu-locale=en-US", "-N")
SETTINGS = ("fsync=off", "listen_addresses=", "shared_buffers=64MB", "max_connections=60")
NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """Start a server that only a socket in a folder of its own reaches, and give the connection string of it."""
    # The path of a socket has at most 107 bytes, which the folders of pytest exceed.
    folder = Path(tempfile.mkdtemp(prefix="fd", dir="/tmp"))
    user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(folder, "postgres", "postgres")

    def run(program: str, *arguments: str, check: bool = True) -> None:
        command = [*user, str(BINARIES / program), "-D", str(folder / "data"), *arguments]
        subprocess.run(command, check=check, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)

    options = " ".join(f"-c {setting}" for setting in (*SETTINGS, f"unix_socket_directories={folder}"))
    try:
        run("initdb", *CLUSTER, "--locale=C.UTF-8")
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        yield f"host={folder} user=postgres dbname=postgres"
    finally:
        run("pg_ctl", "-m", "immediate", "stop", check=False)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgres"])
def new_place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Place]:
    """How to get a place for views, with their tables made and nothing in them, as often as a test likes."""

    def make() -> Place:
        number = next(NUMBERS)
        if request.param == "sqlite":
            place: Place = SqlitePlace(str(tmp_path / f"{number}.db"))
        else:
            place = PostgresPlace(request.getfixturevalue("postgres_dsn"), f"views_{number}")
        place.make()
        return place

    return make


@pytest.fixture
def new_views(new_place: Callable[[], Place]) -> Callable[[HandmadeLog], Views]:
    """How to get the views over a log, with nothing folded."""
    return lambda log: Views(log, new_place())


@pytest.fixture
def folded(new_views: Callable[[HandmadeLog], Views]) -> Iterator[Callable[..., Connection]]:
    """How to fold a whole log, and get the connection to ask the views."""
    made = []

    def fold(log: HandmadeLog, limit: int = tail.BATCH) -> Connection:
        connection = new_views(log).whole(limit)
        made.append(connection)
        return connection

    yield fold
    for connection in made:
        connection.close()
