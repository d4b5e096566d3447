"""A connection that is lost around a commit: whatever became of the command, it is carried out once and answered rightly."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from domain.core import Decision, Receipt
from domain.errors import Unavailable
from domain.ledger import Ledger
from domain.organisation import Unit
from domain.roles import Cause
from domain.store import postgres_connections
from domain.store.contract import Grounds
from tests.domain.cutting import READY, Proxy
from tests.domain.stores import START
from tests.postgres import LogPlace, Postgres, own_server
from verify import entries

UNIT = {"unit": "cut", "name": "单位", "kind": "office", "parent": "220100"}
APPEND, COMMIT = b'"command":"cut-me"', b"COMMIT"


@pytest.fixture
def place(postgres: Postgres) -> LogPlace:
    return postgres.place()


@pytest.fixture
def proxy(place: LogPlace) -> Iterator[Proxy]:
    with Proxy(place) as proxy:
        yield proxy


def made(folder: Path, place: LogPlace, proxy: Proxy, clock: str) -> Ledger:
    """Make a log whose connections go through the proxy; on a stepped clock a command is a transaction of its own."""
    store = {**place.store, "dsn": proxy.dsn}
    return Ledger.create(folder, "demo.example/1", clock=clock, unit="220100", unit_name="商务局", store=store)


CUTS = {
    "after the commit of a single call": ("system", "answer", APPEND),
    "before the server saw the call": ("system", "request", APPEND),
    "after the commit of a transaction": ("stepped", "answer", COMMIT),
    "before the server saw the commit": ("stepped", "request", COMMIT),
    "inside the transaction": ("stepped", "request", APPEND),
}


@pytest.mark.parametrize(("clock", "at", "marker"), CUTS.values(), ids=CUTS.keys())
def test_a_command_whose_connection_is_cut_is_carried_out_once(
    tmp_path: Path, place: LogPlace, proxy: Proxy, clock: str, at: str, marker: bytes
) -> None:
    with made(tmp_path / "log", place, proxy, clock) as ledger:
        admin = ledger.actor("admin")
        proxy.arm(at, marker)

        receipt = ledger.register_unit(admin, "cut-me", **UNIT)
        again = ledger.register_unit(admin, "cut-me", **UNIT)

        assert proxy.cuts == [at]
        assert (READY in proxy.swallowed) == (at == "answer")  # the server had committed, and nobody heard it
        assert receipt == again
        recorded = [entries.parse(raw) for raw in ledger.store.entries()]
        assert [e.index for e in recorded if e.command == "cut-me"] == [receipt.index] == [3]
        assert ledger.size == 4


@pytest.mark.parametrize("at", ["answer", "request"])
def test_the_store_itself_answers_for_what_was_recorded(tmp_path: Path, place: LogPlace, proxy: Proxy, at: str) -> None:
    with made(tmp_path / "log", place, proxy, "system") as ledger:
        unit = Unit("unit/cut")
        unit.register(Cause(ledger.actor("admin"), "cut-me"), **UNIT)
        proxy.arm(at, APPEND)

        ledger._record(
            [ledger._decided(Decision(unit), ledger.actor("admin"), "cut-me", b"f" * 32, Grounds(START, "9999"))]
        )

        assert proxy.cuts == [at]
        assert ledger.size == 4


def waiting_for_the_head(postgres: Postgres, number: int) -> None:
    """Wait until so many sessions of this database wait for a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with psycopg.connect(postgres.superuser, autocommit=True) as connection:
        end = time.monotonic() + 10
        while connection.execute(query).fetchall()[0][0] < number:
            assert time.monotonic() < end, f"there are never {number} waiting"
            time.sleep(0.01)


def test_a_lost_call_that_still_runs_and_its_repetition_record_one_entry(
    tmp_path: Path, place: LogPlace, proxy: Proxy, postgres: Postgres
) -> None:
    receipts: list[Receipt] = []
    with made(tmp_path / "log", place, proxy, "system") as ledger, psycopg.connect(place.service) as blocker:
        admin = ledger.actor("admin")
        blocker.execute(f"SELECT {place.schema}.lock_head()".encode())
        proxy.arm("ghost", APPEND)
        client = threading.Thread(target=lambda: receipts.append(ledger.register_unit(admin, "cut-me", **UNIT)))
        client.start()
        waiting_for_the_head(postgres, 2)  # the ghost and the repetition
        blocker.rollback()
        client.join()

        assert proxy.cuts == ["ghost"]
        recorded = [entries.parse(raw) for raw in ledger.store.entries()]
        assert [e.index for e in recorded if e.command == "cut-me"] == [receipts[0].index]
        assert ledger.size == 4


def test_a_session_that_an_administrator_ends_is_replaced(
    tmp_path: Path, place: LogPlace, proxy: Proxy, postgres: Postgres
) -> None:
    with made(tmp_path / "log", place, proxy, "system") as ledger:
        admin = ledger.actor("admin")
        with psycopg.connect(postgres.superuser, autocommit=True) as connection:
            query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s"
            ended = connection.execute(query, (f"{postgres.tag}_service",)).fetchall()

        receipt = ledger.register_unit(admin, "after", **UNIT)

        assert ended
        assert receipt.index == 3


def test_a_server_that_stays_away_is_unavailable_and_nothing_is_acknowledged(
    tmp_path: Path, place: LogPlace, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_connections, "PATIENCE", 0.2)
    with made(tmp_path / "log", place, proxy, "system") as ledger:
        admin = ledger.actor("admin")
        proxy.__exit__(None, None, None)

        with pytest.raises(Unavailable, match="ask again with the same command id"):
            ledger.register_unit(admin, "cut-me", **UNIT)


def test_a_server_that_comes_back_as_an_older_copy_is_refused(tmp_path: Path) -> None:
    with own_server() as (_, postgres):
        place = postgres.place()

        def swap(*statements: str) -> None:
            end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{postgres.tag}'"
            with psycopg.connect(postgres.superuser, dbname="postgres", autocommit=True) as connection:
                for statement in (end, *statements):
                    connection.execute(statement.encode())

        with (
            Ledger.create(
                tmp_path / "log", "ledger.example/1", unit="220100", unit_name="商务局", store=place.store
            ) as ledger,
            Ledger.open(tmp_path / "log") as reader,
        ):
            admin = ledger.actor("admin")
            swap(f"CREATE DATABASE older TEMPLATE {postgres.tag}")
            assert ledger.register_unit(admin, "acknowledged", **UNIT).index == 3
            assert reader.size == 4

            swap(f"ALTER DATABASE {postgres.tag} RENAME TO newer", f"ALTER DATABASE older RENAME TO {postgres.tag}")
            with pytest.raises(Unavailable, match="has lost entry 3, which was acknowledged"):
                ledger.register_unit(admin, "next", **{**UNIT, "unit": "next"})
            assert reader.size == 3  # it saw no receipt, and nothing was published yet

            swap(f"ALTER DATABASE {postgres.tag} RENAME TO older", f"ALTER DATABASE newer RENAME TO {postgres.tag}")
            ledger.publish_checkpoint()
            swap(f"ALTER DATABASE {postgres.tag} RENAME TO newer", f"ALTER DATABASE older RENAME TO {postgres.tag}")
            with pytest.raises(Unavailable, match="is older than the checkpoint of 4"):
                reader.register_unit(admin, "next", **{**UNIT, "unit": "next"})
