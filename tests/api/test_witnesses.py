"""A service whose checkpoints are cosigned: what strangers read, what operators see, and what goes on without witnesses."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from api.cli import main
from api.keeper import Keeper, Pace
from domain.ledger import Ledger
from tests.api.conftest import Doors
from tests.postgres import Postgres
from tests.running import ROOT, Running, served
from tests.witnessing import key_of, serving, url_of, watching
from verify import note
from verify.checkpoint import parse

ORIGIN = "ledger.example/220100"


@pytest.fixture
def cosigned(doors: Doors, tmp_path: Path) -> Iterator[Doors]:
    """A log with one witness, which is asked for its cosignature and stays."""
    folder = doors.ledger.folder
    with serving(watching(tmp_path / "w", "w.example", [doors.ledger.vkey])) as server:
        (folder / "policy.txt").write_text(f"witness w {key_of('w.example').vkey} {url_of(server)}\nquorum w\n")
        doors.ledger.close()
        with Ledger.open(folder) as ledger:
            yield Doors(ledger)


def test_a_log_without_a_policy_says_so(doors: Doors) -> None:
    doors.ledger.publish_checkpoint()

    told = doors.get("/api/v1/witnesses").json()

    assert told == {
        "quorum": "none",
        "published": doors.ledger.size,
        "cosigned": 0,
        "missing": False,
        "witnesses": [],
        "refusals": 0,
    }
    assert doors.get("/api/v1/witnesses/refusals", "admin").json() == []
    assert doors.get("/api/v1/witnesses/refusals").status_code == 401
    assert "cosigners" not in doors.get("/").text


def test_everybody_sees_how_the_witnesses_stand(cosigned: Doors) -> None:
    cosigned.ledger.publish_cosigned()

    told = cosigned.get("/api/v1/witnesses").json()

    assert (told["missing"], told["cosigned"]) == (False, cosigned.ledger.size)
    assert [(each["name"], each["size"], each["fault"]) for each in told["witnesses"]] == [
        ("w", cosigned.ledger.size, "")
    ]
    assert key_of("w.example").vkey in cosigned.get("/").text
    assert " w.example " in cosigned.get("/checkpoint").text
    assert "suspended" not in cosigned.get("/").text


def test_a_missing_quorum_is_told_on_the_first_page(cosigned: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def refuse(*_: object) -> None:
        asked.append(True)
        raise OSError("unreachable")

    monkeypatch.setattr("domain.witness.add_checkpoint", refuse)
    cosigned.ledger.publish_cosigned()

    assert asked
    assert cosigned.get("/api/v1/witnesses").json()["missing"]
    assert "draws are suspended" in cosigned.get("/").text
    assert "抽取暂停" in cosigned.get("/").text
    assert cosigned.get("/checkpoint").content == cosigned.ledger.store.checkpoint()


def test_the_keeper_has_cosigned_what_it_publishes_and_asks_again(
    cosigned: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = Keeper(cosigned.ledger, Pace(1, 60))
    keeper.tend()
    wait_for(lambda: b" w.example " in (cosigned.ledger.checkpoint() or b""))
    with monkeypatch.context() as patched:
        patched.setattr("domain.witness.add_checkpoint", None)
        cosigned.post("/units", {"unit": "u1", "name": "处", "kind": "office", "parent": "220100"})
        keeper.tend(last=True)
        assert b" w.example " not in (cosigned.ledger.checkpoint() or b"")
    for witness in cosigned.ledger.cosigning.witnesses if cosigned.ledger.cosigning else ():
        witness.not_before = 0.0

    keeper.tend()

    wait_for(lambda: b" w.example " in (cosigned.ledger.checkpoint() or b""))
    keeper.tend(last=True)


def wait_for(happened: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# -- as processes


@contextmanager
def witness_process(folder: Path, vkeys: Sequence[str], port: int = 0) -> Iterator[int]:
    """Run a witness as a commission does; give the port it listens on."""
    command = [sys.executable, "-m", "verify", "witness", "serve", "--state", str(folder)]
    command += ["--listen", f"127.0.0.1:{port}", *(word for vkey in vkeys for word in ("--log", vkey))]
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=said)
    assert process.stdout is not None
    try:
        with process.stdout as output:
            address, _ = output.readline(), output.readline()
        yield int(address.rpartition(":")[2])
        process.terminate()
        assert process.wait(30) == 0, (folder / "said").read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def witness_key(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["verify", "witness", "init", "--state", str(folder), "--name", name]) == 0
    return capsys.readouterr().out.strip()


def cosigners(service: Running, path: str, keys: Sequence[str]) -> tuple[int, set[str]]:
    """Return the size of the checkpoint that is served, and who has signed it."""
    status, signed = service.ask("GET", f"{path}/checkpoint")
    if status != 200:
        return 0, set()
    return parse(signed)[0].size, {
        key.name for key in note.open_note(signed, [note.parse_vkey(key) for key in keys])[1]
    }


def register(service: Running, path: str, token: str, unit: str) -> int:
    body = {"unit": unit, "name": "处", "kind": "office", "parent": "220100"}
    status, receipt = service.ask("POST", f"{path}/api/v1/units", token, body, f"unit-{unit}")
    assert status == 201, receipt
    return int(receipt["index"]) + 1


def _round(service: Running, path: str, token: str, vkey: str, witness: tuple[Path, str, int]) -> None:
    """The witness signs, is taken away, everything goes on and says so, and it is caught up with when it is back."""
    folder, own, port = witness
    with witness_process(folder, [vkey], port):
        size = register(service, path, token, "u1")
        wait_for(lambda: cosigners(service, path, [vkey, own]) == (size, {ORIGIN, "w.example"}))
    size = register(service, path, token, "u2")
    wait_for(lambda: cosigners(service, path, [vkey, own]) == (size, {ORIGIN}))
    wait_for(lambda: service.ask("GET", f"{path}/api/v1/witnesses")[1]["missing"])
    with witness_process(folder, [vkey], port):
        wait_for(lambda: cosigners(service, path, [vkey, own]) == (size, {ORIGIN, "w.example"}), 60)
        assert not service.ask("GET", f"{path}/api/v1/witnesses")[1]["missing"]


def founded(folder: Path, own: str, port: int, store: dict[str, str] | None = None) -> tuple[str, str]:
    with Ledger.create(folder, ORIGIN, unit="220100", unit_name="商务局", store=store) as ledger:
        (folder / "policy.txt").write_text(f"witness w {own} http://127.0.0.1:{port}\nquorum w\n")
        return ledger.private.issue_token("admin"), ledger.vkey


def free_port(folder: Path) -> int:
    with witness_process(folder, [note.format_vkey("any.example", key_of("any").public)]) as port:
        return port


def test_a_service_and_a_witness_as_two_processes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = witness_key(tmp_path / "w", "w.example", capsys)
    port = free_port(tmp_path / "w")
    token, vkey = founded(tmp_path / "log", own, port)

    with served(tmp_path, "--dir", tmp_path / "log") as service:
        _round(service, "", token, vkey, (tmp_path / "w", own, port))


def test_several_workers_on_postgres_and_many_logs(
    tmp_path: Path, postgres: Postgres, capsys: pytest.CaptureFixture[str]
) -> None:
    own = witness_key(tmp_path / "w", "w.example", capsys)
    port = free_port(tmp_path / "w")
    token, vkey = founded(tmp_path / "logs" / "one", own, port, postgres.place().store)

    with served(tmp_path, "--logs", tmp_path / "logs", "--workers", "2") as service:
        _round(service, "/220100", token, vkey, (tmp_path / "w", own, port))


# -- the command line


def test_init_takes_a_policy_that_can_be_followed_and_cosign_tells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = witness_key(tmp_path / "w", "w.example", capsys)
    port = free_port(tmp_path / "w")
    (tmp_path / "bad").write_text(f"witness w {own}\nquorum w\n")
    (tmp_path / "good").write_text(f"witness w {own} http://127.0.0.1:{port}\nquorum w\n")
    made = ["init", "--dir", str(tmp_path / "log"), "--origin", ORIGIN, "--unit", "220100", "--unit-name", "商务局"]

    assert main([*made, "--policy", str(tmp_path / "bad")]) == 1
    assert "only 0 have an address" in capsys.readouterr().err
    assert not (tmp_path / "log").exists()
    assert main([*made, "--policy", str(tmp_path / "good")]) == 0
    assert main(["cosign", "--dir", str(tmp_path / "log")]) == 1
    assert "the quorum is missing" in capsys.readouterr().out
    vkey = (tmp_path / "log" / "log.vkey").read_text().strip()
    with witness_process(tmp_path / "w", [vkey], port):
        assert main(["cosign", "--dir", str(tmp_path / "log")]) == 0
    assert "w: 3 " in capsys.readouterr().out
    (tmp_path / "log" / "policy.txt").unlink()
    assert main(["cosign", "--dir", str(tmp_path / "log")]) == 1
    assert "no witness is named" in capsys.readouterr().err
