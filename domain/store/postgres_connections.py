"""Connections to one log in PostgreSQL: lent to one thread at a time, and opened anew after the server was away.

A connection is only used where the server keeps its word: text is UTF-8, and a commit waits for the disk.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus

from domain.errors import Unavailable
from domain.store.postgres_schema import SCHEMA, VERSION

T = TypeVar("T")
Connection = psycopg.Connection[tuple[Any, ...]]

PATIENCE = 20.0
"""For so many seconds a server that restarts is waited for."""
IDLE = 8
"""So many connections are kept open while nobody uses them …"""
IDLE_SECONDS = 10.0
"""… for so long: a service of many logs does not hold what only its busiest moment needed."""

_SETTINGS = """
SET search_path = {schema}, pg_temp;
SET idle_in_transaction_session_timeout = '5min';
"""
_READING = "SET default_transaction_read_only = on; SET default_transaction_isolation = 'repeatable read';"


class Connections:
    """The connections of one process to the schema of one log; all of them commit each statement by itself."""

    def __init__(self, dsn: str, schema: str, *, reading: bool = False) -> None:
        if not SCHEMA.fullmatch(schema):
            raise ValueError(f"a schema is called like log_220100, not {schema!r}")
        self._dsn, self._schema, self._reading = dsn, schema, reading
        self._lock = threading.Lock()
        self._idle: list[tuple[Connection, float]] = []
        """The one that was used last comes last and is lent first, so the first ones grow old."""
        self._owner = os.getpid()
        self._closed = False
        self.check: Callable[[Connection], None] = lambda _: None
        """Asked of every new connection: a server that comes back may be an older one."""

    def close(self) -> None:
        """Close what is idle now, and the others when they come back."""
        with self._lock:
            self._closed, idle, self._idle = True, self._idle, []
        for connection, _ in idle:
            connection.close()

    @contextmanager
    def lent(self) -> Iterator[Connection]:
        """Lend a connection; one that is left inside a transaction is closed, which undoes it."""
        connection = self.take()
        try:
            yield connection
        finally:
            self.give_back(connection)

    def take(self) -> Connection:
        """Return a connection, to be given back."""
        with self._lock:
            if self._closed:
                raise Unavailable("台账已关闭", "the log is closed", "LEDGER 7")
            if self._owner != os.getpid():  # connections of the process that forked this one are not ours to use
                self._owner, self._idle = os.getpid(), []
            while self._idle:
                connection, _ = self._idle.pop()
                if not _hung_up(connection):
                    return connection
                connection.close()
        return self._open()

    def give_back(self, connection: Connection) -> None:
        """Take a connection back."""
        usable = not connection.closed and connection.info.transaction_status == TransactionStatus.IDLE
        now, surplus = time.monotonic(), list[Connection]()
        with self._lock:
            while self._idle and now - self._idle[0][1] > IDLE_SECONDS:
                surplus.append(self._idle.pop(0)[0])
            if usable and not self._closed and len(self._idle) < IDLE:
                self._idle.append((connection, now))
            else:
                surplus.append(connection)
        for each in surplus:
            each.close()

    def patiently(self, action: Callable[[Connection], T]) -> T:
        """Return what `action` reads; it is asked again on a new connection where one was lost. Unavailable in the end."""
        waiting = Waiting()
        while True:
            try:
                with self.lent() as connection:
                    return action(connection)
            except psycopg.OperationalError as error:
                waiting.after(error)

    def _open(self) -> Connection:
        connection: Connection = psycopg.connect(self._dsn, autocommit=True, client_encoding="UTF8")
        try:
            connection.execute(_SETTINGS.replace("{schema}", self._schema) + (_READING if self._reading else ""))
            self._require_honest(connection)
            self.check(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _require_honest(self, connection: Connection) -> None:
        query = (
            "SELECT current_setting('server_encoding'), current_setting('synchronous_commit'), current_setting('fsync')"
        )
        encoding, commit, fsync = connection.execute(query).fetchall()[0]
        if encoding != "UTF8":
            raise Unavailable(
                f"数据库编码为 {encoding}，须为 UTF8", f"the database is encoded in {encoding}, not UTF8", "LEDGER 7"
            )
        # `local` and `remote_write` would acknowledge what a promoted standby may lack.
        if commit not in ("on", "remote_apply") or fsync == "off":
            raise Unavailable(
                f"数据库不等待落盘（synchronous_commit 为 {commit}，fsync 为 {fsync}）",
                f"this PostgreSQL does not wait for the disk: synchronous_commit is {commit}, fsync is {fsync}",
                "LEDGER 7",
            )


class Waiting:
    """Waiting for a server that was lost: a little longer each time, and not for ever."""

    def __init__(self) -> None:
        self._pause = 0.01
        self._end = time.monotonic() + PATIENCE

    def after(self, error: psycopg.OperationalError) -> None:
        """Wait before trying again. Unavailable when it was long enough; raises `error` where no connection was lost."""
        if not is_lost(error):
            raise error
        if time.monotonic() > self._end:
            raise unreachable(error) from error
        time.sleep(self._pause)
        self._pause = min(1.0, self._pause * 2)


def _hung_up(connection: Connection) -> bool:
    """Whether the server ended a connection that lay idle: an honest one has nothing to say unasked."""
    return connection.closed or bool(select.select([connection.fileno()], [], [], 0)[0])


def is_lost(error: psycopg.OperationalError) -> bool:
    """Whether an error means that the connection, not the statement, failed."""
    return error.sqlstate is None or error.sqlstate.startswith(("08", "57P")) or error.sqlstate == "53300"


def unreachable(error: psycopg.OperationalError) -> Unavailable:
    """Return the refusal to make of a lost connection; whether a command was carried out is open then."""
    return Unavailable(
        f"数据库无法连接：{error}；请用同一命令标识再次提交",
        f"the database cannot be reached: {error}; ask again with the same command id",
        "LEDGER 7",
    )


def require_version(connection: Connection, schema: str) -> None:
    """Refuse a schema that was never migrated, or for another version of the program; workers never change tables."""
    try:
        found = connection.execute("SELECT max(version) FROM migrations").fetchall()[0][0]
    except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
        found = None
    if found is not None and found > VERSION:
        raise Unavailable(
            f"数据库模式 {schema} 已由更新的程序以 fairdraw migrate 升至版本 {found}，本程序只认 {VERSION}；请更新本程序",
            f"the schema {schema} has version {found}, made by `fairdraw migrate` of a newer program, this program needs "
            f"{VERSION}: update this program",
            "LEDGER 7",
        )
    if found != VERSION:
        raise Unavailable(
            f"数据库模式 {schema} 的版本为 {found or '无'}，本程序需要 {VERSION}；请先运行 fairdraw migrate",
            f"the schema {schema} has version {found or 'none'}, this program needs {VERSION}: run `fairdraw migrate`",
            "LEDGER 7",
        )


def require_modest_role(connection: Connection, schema: str) -> None:
    """Refuse to serve as a superuser or as the owner of the tables, who could switch the guards off."""
    query = (
        "SELECT current_user, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) OR "
        "pg_has_role(nspowner, 'MEMBER') FROM pg_namespace WHERE nspname = %s"
    )
    role, mighty = connection.execute(query, (schema,)).fetchall()[0]
    if mighty:
        raise Unavailable(
            f"角色 {role} 拥有表或为超级用户，服务须使用只读并可执行函数的角色",
            f"the role {role} owns the tables or is a superuser; the service needs a role that may only read and execute",
            "LEDGER 7",
        )
