"""A crew of processes: in order, and gone when it is over, however it ends; a fault of its own is never an answer."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.biglog import filings, grow
from tests.forge import Forge
from verify import segments
from verify.__main__ import main
from verify.checks import chain
from verify.crew import WorkerFailed, in_order

ROOT = Path(__file__).resolve().parents[2]


def slow_at_first(number: int) -> tuple[int, int]:
    time.sleep(0.05 if number == 0 else 0)
    return number, os.getpid()


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("processes", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 2, 30])
def test_the_results_come_in_the_order_of_the_tasks(processes: int, count: int):
    results = list(in_order(slow_at_first, range(count), processes))

    assert [number for number, _ in results] == list(range(count))
    workers = {process for _, process in results} - {os.getpid()}
    assert (not workers) if processes == 1 else len(workers) <= processes
    assert not any(map(alive, workers))


def test_who_has_seen_enough_leaves_no_process_behind():
    with closing(in_order(slow_at_first, iter(range(10**9)), 3)) as results:
        workers = {next(results)[1] for _ in range(10)}

    assert workers
    assert not any(map(alive, workers))


def test_a_worker_that_fails_says_so():
    with pytest.raises(WorkerFailed, match="ZeroDivisionError"):
        list(in_order(lambda number: 1 // number, [2, 1, 0], 2))


@pytest.mark.parametrize("how", [os._exit, lambda _: os.kill(os.getpid(), signal.SIGKILL)])
def test_a_worker_that_dies_is_noticed(how: Callable[[int], None]):
    with pytest.raises(WorkerFailed, match="died"):
        list(in_order(lambda number: how(3) if number == 4 else number, range(40), 2))


@pytest.fixture
def in_processes(monkeypatch) -> None:
    monkeypatch.setattr(chain, "ALONE", 0)
    monkeypatch.setattr(segments, "LENGTH", 8)


def test_a_dead_worker_is_a_fault_of_the_verifier_and_no_answer(story, in_processes, monkeypatch, capsys):
    monkeypatch.setattr(chain, "read", lambda *_, **__: os._exit(1))

    code = main([str(story.export), "--vkey", story.vkey, "--processes", "2"])

    output = capsys.readouterr()
    assert (code, output.out) == (70, "")
    assert "WorkerFailed" in output.err


def altered(path: Path) -> None:
    """Alter one letter of a reference to a draw, deep in the log, and leave the length as it was."""
    content = path.read_bytes()
    place = content.rindex(b'"channel":"') + 30
    path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])


def touched(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"{}\n")


@pytest.mark.parametrize("change", [altered, touched, lambda path: os.truncate(path, 5000)])
@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_log_that_changes_after_it_was_followed_gets_no_answer(
    change: Callable[[Path], None], processes: str, story, in_processes, tmp_path, monkeypatch, capsys
):
    export = tmp_path / "export"
    shutil.copytree(story.export, export)
    follow, changed = chain.follow, []

    def and_then_change(*arguments, **more):
        yield from follow(*arguments, **more)
        kept = (export / "entries.jsonl").stat()
        change(export / "entries.jsonl")
        if change is altered:  # not even its age tells
            os.utime(export / "entries.jsonl", ns=(kept.st_atime_ns, kept.st_mtime_ns))
        changed.append(change)

    monkeypatch.setattr(chain, "follow", and_then_change)

    code = main([str(export), "--vkey", story.vkey, "--processes", processes])

    output = capsys.readouterr()
    assert changed
    assert (code, output.out) == (70, "")
    assert "Changed" in output.err or "EntryError" in output.err


@pytest.fixture(scope="module")
def big(story, tmp_path_factory) -> Path:
    forge = Forge(story.export, story.key_pem)
    return grow(forge, filings(forge), 60_000, tmp_path_factory.mktemp("big") / "export")


def children(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(each) for each in listed.split()]


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_whoever_interrupts_it_leaves_no_process_behind(sign: signal.Signals, big: Path, story):
    command = [sys.executable, "-m", "verify", str(big), "--vkey", story.vkey, "--processes", "2"]
    run = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    workers: list[int] = []
    until = time.monotonic() + 20
    while len(workers) < 2 and time.monotonic() < until:
        workers = children(run.pid) if run.poll() is None else workers
    run.send_signal(sign)
    out, err = run.communicate(timeout=20)

    assert len(workers) == 2
    if sign == signal.SIGINT:
        assert (run.returncode, out) == (130, "")
        assert "no verdict" in err
        assert "Traceback" not in err
    until = time.monotonic() + 20
    while any(map(alive, workers)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(alive, workers))


def test_a_big_log_that_is_honest_holds_whoever_reads_it(big: Path, story, capsys):
    assert main([str(big), "--vkey", story.vkey, "--processes", "2"]) == 0
    assert "全部成立" in capsys.readouterr().out


def test_the_verifier_copied_alone_reads_a_big_log_with_processes_of_its_own(big: Path, story, tmp_path):
    shutil.copytree(ROOT / "verify", tmp_path / "verify", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-S", "-m", "verify", str(big), "--vkey", story.vkey, "--chain", "--processes", "2"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)

    assert (done.returncode, done.stderr) == (2, "")
    assert "60000 entries names the hash of the one before it" in done.stdout
