"""Several workers on one port: what they acknowledge is recorded once, and whoever is killed is replaced."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from api.cli import main
from domain.ledger import Ledger
from tests.postgres import Postgres
from tests.running import Clients, Running, all_is_well, served
from tests.story import new_ledger
from verify import checkpoint


def founded(folder: Path, postgres: Postgres, origin: str = "ledger.example/220100") -> str:
    """Make a log on PostgreSQL with a real clock, and return the token of its administrator."""
    store = postgres.place().store
    with Ledger.create(folder, origin, unit="220100", unit_name="商务局", store=store) as ledger:
        return ledger.private.issue_token("admin")


def wait_until(happened: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def published(service: Running) -> int:
    status, note = service.ask("GET", "/checkpoint")
    return checkpoint.parse(note)[0].size if status == 200 else 0


def stop_in_the_middle(service: Running, worker: int) -> None:
    """Stop a worker while a client waits for its answer."""
    deadline = time.monotonic() + 30
    os.kill(worker, signal.SIGSTOP)
    time.sleep(0.05)  # a client that had its whole answer has closed the connection by now
    while not connected(service, worker):
        assert time.monotonic() < deadline
        os.kill(worker, signal.SIGCONT)
        time.sleep(0.005)
        os.kill(worker, signal.SIGSTOP)
        time.sleep(0.05)


def connected(service: Running, worker: int) -> bool:
    """Whether a client is connected with a worker, and neither has closed the connection."""
    held = {os.readlink(each) for each in Path(f"/proc/{worker}/fd").iterdir()}
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inodes = {row[9] for row in rows if row[1].endswith(f":{service.port:04X}") and row[3] == "01"}
    return any(f"socket:[{inode}]" in held for inode in inodes)


def test_several_workers_on_sqlite_are_refused_by_name(tmp_path: Path, capsys) -> None:
    new_ledger(tmp_path / "log").close()

    assert main(["serve", "--workers", "2", "--port", "0", "--dir", str(tmp_path / "log")]) == 1

    said = capsys.readouterr().err
    assert "SQLite" in said
    assert "PostgreSQL" in said
    assert main(["serve", "--workers", "0"]) == 64


def test_what_no_worker_could_serve_is_told_once_before_any_is_started(
    tmp_path: Path, postgres: Postgres, capsys
) -> None:
    founded(tmp_path / "log", postgres)
    settings = tmp_path / "log" / "store.json"
    settings.write_text(settings.read_text().replace("log_", "gone_"))

    assert main(["serve", "--workers", "2", "--port", "0", "--dir", str(tmp_path / "log")]) == 1

    assert capsys.readouterr().err.count("`fairdraw migrate`") == 1


def test_a_worker_that_is_killed_loses_nothing_repeats_nothing_and_is_replaced(
    tmp_path: Path, postgres: Postgres
) -> None:
    token = founded(tmp_path / "log", postgres)

    with (
        served(tmp_path, "--workers", "2", "--dir", tmp_path / "log") as service,
        Clients(service, "", token) as clients,
    ):
        clients.wait_for(50)
        crew = service.workers()
        elected = tmp_path / "log" / "keeper"
        wait_until(lambda: elected.is_file() and elected.read_text().strip() in map(str, crew))
        keeper = int(elected.read_text())
        assert len(crew) == 2
        stop_in_the_middle(service, keeper)
        os.kill(keeper, signal.SIGKILL)
        clients.wait_for(50)
        wait_until(lambda: len(set(service.workers()) - {keeper}) == 2)
        killed_at = clients.receipts[-1]["index"]
        wait_until(lambda: published(service) > killed_at)
        after = service.workers()

    assert set(crew) & set(after) == set(crew) - {keeper}
    assert service.said.read_text().count("a worker died") == 1
    assert clients.lost  # somebody was in the middle of something
    assert clients.refused == []
    with Ledger.open(tmp_path / "log") as ledger:
        all_is_well(list(ledger.store.entries()), clients)
        assert ledger.published_size == ledger.size  # whoever kept last published the rest


def test_the_workers_leave_with_their_crew(tmp_path: Path, postgres: Postgres) -> None:
    founded(tmp_path / "log", postgres)

    with served(tmp_path, "--workers", "2", "--dir", tmp_path / "log") as service:
        crew = service.workers()
        service.process.kill()
        service.process.wait()
        wait_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in crew))
        service.process.returncode = 0

    assert len(crew) == 2
