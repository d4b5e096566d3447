"""A primary and a standby, two real servers: reading from the copy, failing over to it, and refusing a stale one."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from api.cli import main
from api.demo.postgres import Cluster
from domain.errors import Unavailable
from domain.ledger import Ledger
from domain.standby import Standby
from tests.asking import answer
from tests.postgres import PACKAGED, Postgres, own_server
from tests.running import Clients, all_is_well, served
from verify import checkpoint


class Copy(Cluster):
    """A server that follows another one."""

    def __init__(self, primary: Cluster) -> None:
        self._primary = primary
        super().__init__(packaged=PACKAGED)

    def fill(self) -> None:
        """Copy the primary's files, with what is needed to follow it."""
        self.run(
            "pg_basebackup", "-h", str(self._primary.folder), "-U", "postgres", "-D", self.data, "-R", "-c", "fast"
        )

    def promote(self) -> None:
        """Let it become the primary."""
        self.run("pg_ctl", "-D", self.data, "-w", "promote")


def ask(cluster: Cluster, query: str) -> object:
    with psycopg.connect(cluster.superuser, autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()[0][0]


def kill(cluster: Cluster) -> None:
    """Kill the server, as a power cut does: nobody is told."""
    postmaster = int((Path(cluster.data) / "postmaster.pid").read_text().splitlines()[0])
    os.kill(postmaster, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while Path(f"/proc/{postmaster}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with pytest.raises(psycopg.OperationalError):
        ask(cluster, "SELECT 1")


def until(cluster: Cluster, query: str) -> None:
    deadline = time.monotonic() + 30
    while not ask(cluster, query):
        assert time.monotonic() < deadline, query
        time.sleep(0.02)


class Pair:
    """A log on a primary that a standby follows, and how the service connects to whichever may be written."""

    def __init__(self, folder: Path, primary: Cluster, copy: Copy, postgres: Postgres) -> None:
        self.folder, self.primary, self.copy = folder, primary, copy
        place = postgres.place()
        both = make_conninfo(place.service, host=f"{primary.folder},{copy.folder}", target_session_attrs="read-write")
        self.standby_dsn = make_conninfo(place.service, host=str(copy.folder))
        store = {**place.store, "dsn": both}
        with Ledger.create(folder, "ledger.example/1", unit="220100", unit_name="商务局", store=store) as ledger:
            self.token = ledger.private.issue_token("admin")

    def synchronous(self, wanted: bool) -> None:
        """Let every commit wait for the standby, or none."""
        ask(self.primary, "SELECT 1")
        with psycopg.connect(self.primary.superuser, autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{'*' if wanted else ''}'".encode())
            connection.execute("SELECT pg_reload_conf()")
        if wanted:
            until(self.primary, "SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'")


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with own_server() as (primary, postgres):
        copy = Copy(primary)
        try:
            made = Pair(tmp_path / "log", primary, copy, postgres)
            made.synchronous(True)
            yield made
        finally:
            copy.remove()


def test_a_copy_is_read_and_exported_and_takes_no_command(pair: Pair, tmp_path: Path, capsys) -> None:
    unit = {"unit": "u", "name": "处", "kind": "office", "parent": "220100"}
    with pytest.raises(Unavailable, match="nothing is published in it yet"):
        Standby.reading(pair.folder, pair.standby_dsn)
    with served(tmp_path, "--dir", pair.folder) as service:
        assert service.ask("POST", "/api/v1/units", pair.token, unit)[0] == 201
    (pair.folder / "signer").rename(tmp_path / "elsewhere")  # whoever only reads needs no key
    assert ask(pair.copy, "SELECT pg_is_in_recovery()")
    until(pair.primary, "SELECT bool_and(replay_lsn = pg_current_wal_lsn()) FROM pg_stat_replication")

    kill(pair.primary)
    exported = main(["export", "--dir", str(pair.folder), "--dsn", pair.standby_dsn, str(tmp_path / "export")])
    with served(tmp_path, "--dir", pair.folder, "--read-only", "--dsn", pair.standby_dsn) as reader:
        pages = {path: reader.ask("GET", path)[0] for path in ("/", "/results", "/checkpoint", "/export.tar")}
        mine, found = (reader.ask("GET", f"/api/v1/{path}", pair.token) for path in ("me", "units/u"))
        refused = reader.ask("POST", "/api/v1/units", pair.token, {**unit, "unit": "v"})

    capsys.readouterr()
    told = answer(capsys, str(tmp_path / "export"), "--vkey", (pair.folder / "log.vkey").read_text().strip())
    assert (exported, told["exit"]) == (0, 0)
    assert set(pages.values()) == {200}
    assert mine[1]["account"] == "admin"
    assert found[1]["item"]["name"] == "处"
    assert refused[0] == 405
    assert "read-only copy" in refused[1]["detail"]
    with Standby.reading(pair.folder, pair.standby_dsn) as ledger, pytest.raises(Unavailable, match="read-only copy"):
        ledger.register_unit(ledger.actor("admin"), "x", **{**unit, "unit": "v"})


def test_a_copy_of_another_log_is_not_read_as_this_one(pair: Pair, tmp_path: Path) -> None:
    with Ledger.open(pair.folder) as ledger:
        ledger.publish_checkpoint()
    until(pair.primary, "SELECT bool_and(replay_lsn = pg_current_wal_lsn()) FROM pg_stat_replication")
    Standby.reading(pair.folder, pair.standby_dsn).close()
    (pair.folder / "log.vkey").write_text("ledger.example/1+2f5b0b0c+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n")

    with pytest.raises((Unavailable, ValueError)):
        Standby.reading(pair.folder, pair.standby_dsn)


@contextmanager
def promoted_soon(copy: Copy) -> Iterator[None]:
    """Promote the standby beside what is done meanwhile, as an arbiter does who has waited a moment."""

    def later() -> None:
        time.sleep(1)
        copy.promote()

    thread = threading.Thread(target=later)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@pytest.mark.slow
def test_when_the_primary_dies_the_service_goes_on_with_the_synchronous_standby(pair: Pair, tmp_path: Path) -> None:
    with (
        served(tmp_path, "--dir", pair.folder, "--workers", "2") as service,
        Clients(service, "", pair.token) as clients,
    ):
        clients.wait_for(100)
        assert ask(pair.copy, "SELECT pg_is_in_recovery()")
        kill(pair.primary)
        before = len(clients.receipts)
        with promoted_soon(pair.copy):
            clients.wait_for(100)
        assert not ask(pair.copy, "SELECT pg_is_in_recovery()")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            note = service.ask("GET", "/checkpoint")[1]
            if checkpoint.parse(note)[0].size > clients.receipts[before]["index"]:
                break
            time.sleep(0.1)

    assert len(clients.receipts) >= before + 100
    with Ledger.open(pair.folder) as ledger:
        all_is_well(list(ledger.store.entries()), clients)
        assert checkpoint.parse(note)[0].size > clients.receipts[before]["index"]
        assert ledger.published_size == ledger.size


@pytest.mark.slow
def test_a_stale_copy_that_is_promoted_is_refused_by_the_service_and_at_its_start(
    pair: Pair, tmp_path: Path, capsys
) -> None:
    pair.synchronous(False)
    with (
        served(tmp_path, "--dir", pair.folder) as service,
        Clients(service, "", pair.token, number=3) as clients,
    ):
        clients.wait_for(20)
        kill(pair.copy)  # it stands still here …
        clients.wait_for(50)
        kill(pair.primary)
        acknowledged = len(clients.receipts)
        pair.copy.start()  # … and is promoted nevertheless
        pair.copy.promote()
        deadline = time.monotonic() + 40
        while not clients.refused and time.monotonic() < deadline:
            time.sleep(0.05)
        after = len(clients.receipts)
        started = main(["serve", "--port", "0", "--dir", str(pair.folder)])

    has = int(ask_log(pair, "SELECT size FROM head"))
    assert has < max(receipt["index"] for receipt in clients.receipts) + 1  # the copy lacks what was acknowledged
    assert after <= acknowledged + 3  # at most what was under way when the primary died
    assert {status for status, _ in clients.refused} == {503}
    assert any(
        "has lost entry" in problem["detail"] or "is older" in problem["detail"] for _, problem in clients.refused
    )
    assert started == 1
    assert "fairdraw recover" in capsys.readouterr().err


def ask_log(pair: Pair, query: str) -> str:
    schema = json.loads((pair.folder / "store.json").read_text())["schema"]
    with psycopg.connect(pair.standby_dsn, options=f"-c search_path={schema}") as connection:
        return str(connection.execute(query.encode()).fetchall()[0][0])
