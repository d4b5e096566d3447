"""Runs inside the peers' environment: opens one of them, appends and verifies as it is told, and says how long that took.

Each line of the input is a request, each line of the output its answer. Every peer gets the bytes of our entries, as a text
where it takes JSON only, and keeps them in SQLite with `synchronous=FULL`: a transaction per append. Its journal is the one it
comes with (`DELETE`, which waits for the disk several times) or the write-ahead log that ours has (`WAL`).
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol


class Peer(Protocol):
    """What a peer is asked for."""

    def append(self, entries: Sequence[bytes]) -> None:
        """Append entries, each durable before the next."""

    def fill(self, entries: Sequence[bytes]) -> None:
        """Append entries in any way that is quick."""

    def verify(self) -> int:
        """Check everything that is there, and return how many entries were checked."""


def make(file: str, journal: str) -> None:
    """Make a database with this journal; `WAL` outlives the connection, `DELETE` is what there is without asking."""
    connection = sqlite3.connect(file)
    connection.execute(f"PRAGMA journal_mode = {journal}")
    connection.close()


def be_durable(execute: Any, on: bool) -> None:
    """Switch between waiting for the disk and not, on the connection that `execute` belongs to."""
    execute(f"PRAGMA synchronous = {'FULL' if on else 'OFF'}")


class Pymerkle:
    """SqliteTree. It has no check of a whole log: each entry is hashed again, its inclusion proved, and the proof checked."""

    def __init__(self, file: str) -> None:
        self.pymerkle = import_module("pymerkle")
        self.tree = self.pymerkle.SqliteTree(file)
        be_durable(self.tree.con.execute, True)

    def append(self, entries: Sequence[bytes]) -> None:
        for entry in entries:
            self.tree.append_entry(entry)

    def fill(self, entries: Sequence[bytes]) -> None:
        be_durable(self.tree.con.execute, False)
        self.append(entries)
        be_durable(self.tree.con.execute, True)

    def verify(self) -> int:
        size, root = self.tree.get_size(), self.tree.get_root()
        some = range(1, size + 1, max(1, size // 500))
        for index in some:
            entry = self.tree.con.execute("SELECT entry FROM leaf WHERE id = ?", (index,)).fetchone()
            proof = self.tree.prove_inclusion(index)
            self.pymerkle.verify_inclusion(self.tree.hash_buff(entry), root, proof, index=index, size=size)
        return len(some)


class Ledgerchain:
    """LedgerWriter.append on SQLAlchemy, its triggers installed, and verify_chain."""

    def __init__(self, file: str) -> None:
        sqlalchemy, self.orm = import_module("sqlalchemy"), import_module("sqlalchemy.orm")
        self.ledgerchain = import_module("ledgerchain")
        self.engine = sqlalchemy.create_engine(f"sqlite:///{file}")
        self.durable = True
        sqlalchemy.event.listen(self.engine, "checkout", lambda raw, *_: be_durable(raw.cursor().execute, self.durable))
        self.ledgerchain.create_all(self.engine)

    def _add(self, session: Any, entry: bytes) -> None:
        self.ledgerchain.LedgerWriter.append(
            session, event_type="entry", payload={"entry": entry.decode()}, actor={"sub": "bench"}, tenant_id="220100"
        )

    def append(self, entries: Sequence[bytes]) -> None:
        for entry in entries:
            with self.orm.Session(self.engine) as session:
                self._add(session, entry)
                session.commit()

    def fill(self, entries: Sequence[bytes]) -> None:
        with self.orm.Session(self.engine) as session:
            for entry in entries:
                self._add(session, entry)
            session.commit()

    def verify(self) -> int:
        with self.orm.Session(self.engine) as session:
            result = self.ledgerchain.verify_chain(session)
        if not result.valid:
            raise RuntimeError(result.reason)
        return int(result.checked_entries)


class Auditchain:
    """AuditLog with its SqliteBackend in one event loop, neither sealed nor signed, and its verify."""

    def __init__(self, file: str) -> None:
        auditchain, backends = import_module("auditchain"), import_module("auditchain.backends.sqlite")
        self.loop = asyncio.new_event_loop()
        self.log = auditchain.AuditLog(backends.SqliteBackend(file))
        self.loop.run_until_complete(self.log.init())
        be_durable(self.log.backend._connection().execute, True)

    def append(self, entries: Sequence[bytes]) -> None:
        async def all_of_them() -> None:
            for entry in entries:
                await self.log.append("bench", "entry", metadata={"entry": entry.decode()})

        self.loop.run_until_complete(all_of_them())

    def fill(self, entries: Sequence[bytes]) -> None:
        rows = [("bench", "entry", "", {"entry": entry.decode()}) for entry in entries]
        self.loop.run_until_complete(self.log.append_many(rows))

    def verify(self) -> int:
        report = self.loop.run_until_complete(self.log.verify())
        if not report.ok:
            raise RuntimeError(report.reason)
        return int(report.records_checked)


PEERS: dict[str, Callable[[str], Peer]] = {"pymerkle": Pymerkle, "ledgerchain": Ledgerchain, "auditchain": Auditchain}


def main() -> None:
    """Answer requests until the input ends: `{"do":"append","entries":[…]}` and so on."""
    name, journal, folder = sys.argv[1:]
    file = str(Path(folder) / f"{name}-{journal}.db")
    make(file, journal)
    peer = PEERS[name](file)
    for line in sys.stdin:
        request = json.loads(line)
        entries = [entry.encode() for entry in request.get("entries", ())]
        start = perf_counter()
        checked = peer.verify() if request["do"] == "verify" else getattr(peer, request["do"])(entries)
        print(json.dumps({"seconds": perf_counter() - start, "checked": checked}), flush=True)


if __name__ == "__main__":
    main()
