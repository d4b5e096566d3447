"""The same facts saved twice: by our application with its chain, and by an application of the library as it comes.

Both are handed aggregates whose events are pending, so that only the saving is measured: mapping, recording, committing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol, cast
from uuid import uuid4

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate
from psycopg.conninfo import conninfo_to_dict

from domain.base import Fact
from domain.log import _Application
from domain.roles import Actor
from domain.store.choice import Choice
from domain.store.contract import Change, Grounds, Store
from domain.store.mapper import EntryMapper, tail_of
from tests.bench.chains import AT, beginning, notified
from tests.bench.peers.environment import borrow

ADMIN = Actor("admin", "admin", "220100")
DATA: dict[str, Any] = json.loads(notified(1, 1).data)
TOMORROW = "2026-03-03T00:00:00.000+08:00"


class Saver(Protocol):
    """Something that saves: `prepare` makes what is to be saved, `save` does it."""

    def prepare(self, saves: int, events: int) -> None:
        """Make so many aggregates with so many pending events each."""

    def save(self) -> None:
        """Save what was prepared, one transaction each."""

    def close(self) -> None:
        """Close the database."""


class Pending:
    """An aggregate that has facts to save, and nothing else."""

    def __init__(self, facts: list[Fact]) -> None:
        self.id, self.facts = facts[0].originator_id, facts

    def collect_events(self) -> Sequence[Fact]:
        """Hand over the facts."""
        return self.facts


class Ours:
    """Our application: entries are spelled, linked, hashed, and recorded with their tree and their command."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        topic = f"{EntryMapper.__module__}:{EntryMapper.__qualname__}"
        self._application = _Application({**environment, "MAPPER_TOPIC": topic})
        self._store = cast(Store, self._application.recorder)
        if not self._store.size:
            self._store.append(
                [Change(m.stream, m.version, m.tail, AT, m.account, m.command, bytes(32)) for m in beginning("key")]
            )
        self._waiting: list[Pending] = []

    def prepare(self, saves: int, events: int) -> None:
        """Make aggregates: the notices of inspections."""
        self._waiting = []
        for _ in range(saves):
            name = uuid4().hex
            facts = [
                Fact(f"inspection/{name}", n, "inspection.notified", ADMIN, name, DATA) for n in range(1, events + 1)
            ]
            self._waiting.append(Pending(facts))

    def save(self) -> None:
        """Save as the service does: map, record with the command's id, its fingerprint and what it rests on."""
        for pending in self._waiting:
            changes = [Change(f.originator_id, f.originator_version, tail_of(f), AT) for f in pending.collect_events()]
            first = changes[0]
            first.account, first.command, first.fingerprint = "admin", pending.facts[0].command, bytes(32)
            first.grounds = Grounds(AT, TOMORROW, {"account/admin": 1})
            self._store.append(changes)

    def close(self) -> None:
        """Close the database."""
        self._store.close()
        self._application.close()


class Thing(Aggregate):
    """An aggregate of the library whose events say the same as our facts."""

    def __init__(self, kind: str, actor: dict[str, str], command: str, data: dict[str, Any]) -> None:
        self.data = data

    class Happened(Aggregate.Event):
        kind: str
        actor: dict[str, str]
        command: str
        data: dict[str, Any]


class Theirs:
    """An application of the library with its own mapper and its own recorder, in its default settings."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        borrow()
        self._application = Application[Any](dict(environment))
        self._waiting: list[Thing] = []

    def prepare(self, saves: int, events: int) -> None:
        """Make aggregates with the same facts."""
        actor = {"account": "admin", "role": "admin", "unit": "220100"}
        self._waiting = []
        for _ in range(saves):
            facts = {"kind": "inspection.notified", "actor": actor, "command": uuid4().hex, "data": DATA}
            thing = Thing(**facts)  # type: ignore[arg-type]
            for _ in range(events - 1):
                thing.trigger_event(Thing.Happened, **facts)
            self._waiting.append(thing)

    def save(self) -> None:
        """Save them one by one."""
        for thing in self._waiting:
            self._application.save(thing)

    def close(self) -> None:
        """Close the database."""
        self._application.close()


SAVERS: dict[str, Callable[[Mapping[str, str]], Saver]] = {"ours": Ours, "theirs": Theirs}


def sqlite(side: str, folder: Path) -> dict[str, str]:
    """Return where a side keeps its events in SQLite: both in a file with a write-ahead log that waits for the disk."""
    if side == "ours":
        return Choice().environment(folder, create=True)
    return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": f"{folder}/theirs.db"}


def postgres(side: str, store: Mapping[str, str], superuser: str) -> dict[str, str]:
    """Return where a side keeps its events in PostgreSQL; ours in a schema that was migrated, as the service's role."""
    if side == "ours":
        return Choice.of(store).environment(Path(), create=False)
    given = conninfo_to_dict(superuser)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(given["dbname"]),
        "POSTGRES_HOST": str(given.get("host", "")),
        "POSTGRES_PORT": str(given.get("port", "5432")),
        "POSTGRES_USER": str(given["user"]),
        "POSTGRES_PASSWORD": str(given.get("password", "none")),
    }


def timed(saver: Saver, saves: int, events: int) -> float:
    """Return the seconds that so many saves took."""
    saver.prepare(saves, events)
    start = perf_counter()
    saver.save()
    return perf_counter() - start


class Writers:
    """Several processes that save at once."""

    def __init__(self, side: str, environment: Mapping[str, str], number: int) -> None:
        context, self._pipes, self._processes = get_context("spawn"), list[Any](), list[Any]()
        for _ in range(number):
            here, there = context.Pipe()
            process = context.Process(target=_write, args=(side, dict(environment), there), daemon=True)
            process.start()
            there.close()
            self._pipes.append(here)
            self._processes.append(process)

    def timed(self, saves: int, events: int) -> float:
        """Return the seconds until all of them have done so many saves each, from when all were ready."""
        for pipe in self._pipes:
            pipe.send((saves, events))
        for pipe in self._pipes:
            pipe.recv()
        start = perf_counter()
        for pipe in self._pipes:
            pipe.send("go")
        for pipe in self._pipes:
            pipe.recv()
        return perf_counter() - start

    def close(self) -> None:
        """End them."""
        for pipe in self._pipes:
            pipe.send(None)
            pipe.close()
        for process in self._processes:
            process.join()
            process.close()


def _write(side: str, environment: dict[str, str], pipe: Connection) -> None:
    with closing(SAVERS[side](environment)) as saver:
        while order := pipe.recv():
            saver.prepare(*order)
            pipe.send("ready")
            pipe.recv()
            saver.save()
            pipe.send("done")


@contextmanager
def both(environments: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[Ours, Theirs]]:
    """Give both savers in this process."""
    with closing(Ours(environments["ours"])) as ours, closing(Theirs(environments["theirs"])) as theirs:
        yield ours, theirs
