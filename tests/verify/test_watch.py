"""The watcher follows an honest log and verifies what is new only, and finds in what is new whatever the whole verifier finds."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.ledger import Ledger
from tests.cheats.common import LATE, first_round
from tests.conftest import Told
from tests.forge import Forge, write
from tests.installing import program
from tests.running import Clients, Running, served
from tests.test_tampering import CASES
from tests.watching import Folder, log, serving, told, watch
from verify.__main__ import main, verify
from verify.checkpoint import parse
from verify.findings import Outcome
from verify.note import parse_vkey

__all__ = ["log"]

ROOT = Path(__file__).resolve().parents[2]
ABOUT_FILES = (
    "an entry is dropped",
    "two entries are swapped",
    "an entry is edited",
    "the last entry is edited",
    "the tail is cut off",
    "an entry is added after the signature",
    "a tile is altered",
    "a bundle is missing",
    "a file too many",
    "the tail is cut off everywhere",
    "the checkpoint is of another log",
    "the checkpoint is missing",
    "a retired key goes on",
    "a false line of the new key",
    "the old key stated after its retirement",
)
"""Cheats on the files of an export: who is served tiles and bundles meets them in other forms (`test_watch_faults`)."""


def test_an_honest_log_that_grows_is_followed_and_only_what_is_new_is_fetched(log: Folder, tmp_path: Path):
    log.publish(100)
    first = watch(tmp_path / "w", log.url, log.forge.key)
    assert (first.whole, first.size) == (True, 100)
    log.asked.clear()

    answers = []
    for size in (*range(101, log.size), log.size):
        log.publish(size)
        answers.append(watch(tmp_path / "w", log.url, log.forge.key))

    assert [each.new for each in answers] == [1] * (log.size - 100)
    assert not any(each.whole or told(each, "BROKEN", "UNCHECKED") for each in answers)
    assert {"/" + name for name in ("tile/entries/000.p/168", "tile/0/000.p/168")} <= set(log.asked)
    # the checkpoint, one bundle and one tile, for a draw once more; and of the documents each at most once
    documents = [path for path in log.asked if path.startswith("/documents/")]
    assert len(documents) == len(set(documents))
    assert len(log.asked) - len(documents) <= 4 * len(answers)
    for answer in answers:
        assert answer.state < 6_000


def test_a_round_without_new_entries_costs_one_file(log: Folder, tmp_path: Path):
    log.publish()
    watch(tmp_path / "w", log.url, log.forge.key)

    answer = watch(tmp_path / "w", log.url, log.forge.key)

    assert (answer.new, answer.requests, told(answer, "BROKEN", "UNCHECKED", "NOTED")) == (0, 1, [])


@pytest.mark.parametrize("name", [name for name in CASES if name not in ABOUT_FILES])
def test_what_the_whole_verifier_finds_the_watcher_finds_when_it_is_new(name: str, story: Told, tmp_path: Path):
    forge = Forge(story.export, story.key_pem)
    files = CASES[name].cheat(forge)
    with serving(Folder(forge, tmp_path / "served", files)) as log:
        whole = write({**files, "checkpoint": log.head(log.size)}, tmp_path / "export")
        due = {
            (each.check, each.index, each.outcome)
            for each in verify(str(whole), forge.key).findings
            if each.outcome in (Outcome.BROKEN, Outcome.UNCHECKED)
        }
        assert due or CASES[name].outcome == "NOTED"

        found = set()
        first = min((index for _, index, _ in due if index), default=log.size // 2)
        sizes = [min(first, log.size - 1)]
        while sizes[-1] < log.size:
            sizes.append(min(2 * sizes[-1], log.size))
        for size in sizes:
            log.publish(size)
            answer = watch(tmp_path / "w", log.url, forge.key)
            assert answer.size == size
            assert answer.whole == (size == sizes[0])
            found |= {(each.check, each.index, each.outcome) for each in answer.findings}

    assert due <= found, due - found


def test_findings_are_told_once_and_full_tells_them_again(story: Told, tmp_path: Path):
    forge = Forge(story.export, story.key_pem)
    with serving(Folder(forge, tmp_path / "served", CASES["a role that may not"].cheat(forge))) as log:
        rounds = []
        for size in (20, 30, 50, 80, log.size):
            log.publish(size)
            rounds += told(watch(tmp_path / "w", log.url, forge.key), "BROKEN")
        full = watch(tmp_path / "w", log.url, forge.key, full=True)

    assert rounds
    assert len(rounds) == len(set(rounds))
    assert full.whole
    assert set(rounds) == set(told(full, "BROKEN"))


def test_a_live_service_is_followed_while_it_works(tmp_path: Path):
    with Ledger.create(tmp_path / "log", "ledger.example/220100", unit="220100", unit_name="商务局") as ledger:
        token, key = ledger.private.issue_token("admin"), parse_vkey(ledger.vkey)
    with served(tmp_path, "--dir", tmp_path / "log") as service, Clients(service, "", token, number=2) as clients:
        url = f"http://127.0.0.1:{service.port}"
        answers, size = [], 20
        for _ in range(4):
            size = published(service, size)
            answers.append(watch(tmp_path / "w", url, key))
            size = answers[-1].size + 1

    assert not any(told(each, "BROKEN", "UNCHECKED") for each in answers), answers
    sizes = [each.size for each in answers]
    assert sizes == sorted(sizes)
    assert sizes[-1] > sizes[0] > 0
    assert answers[0].whole
    assert clients.receipts[0]["index"] < sizes[-1]


def test_a_folder_behind_nginx_is_followed_though_it_is_packed(log: Folder, tmp_path: Path):
    with nginx(log.folder, tmp_path / "nginx") as url:
        answers = []
        for size in (90, 130, log.size):
            log.publish(size)
            answers.append(watch(tmp_path / "w", url, log.forge.key))

    assert [(each.size, each.whole) for each in answers] == [(90, True), (130, False), (log.size, False)]
    assert not any(told(each, "BROKEN", "UNCHECKED") for each in answers)
    assert answers[0].bytes < sum(map(len, log.lines[:90]))  # tiles and documents besides: what came was packed


@contextmanager
def nginx(folder: Path, place: Path) -> Iterator[str]:
    """Serve a folder by an nginx of its own that packs what it sends."""
    server = program("nginx", "nginx")
    place.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    paths = "".join(
        f"{each}_temp_path {place}/{each}; " for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (place / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {place}/pid; error_log {place}/errors; events {{}} "
        f"http {{ access_log off; gzip on; gzip_types *; gzip_min_length 1; {paths}"
        f"server {{ listen 127.0.0.1:{port}; root {folder}; }} }}"
    )
    with subprocess.Popen(
        [server, "-p", str(place), "-c", str(place / "nginx.conf")], stderr=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                assert process.poll() is None, (place / "errors").read_text()
                time.sleep(0.05)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def published(service: Running, least: int) -> int:
    """Wait until the service has published so many entries; return how many it has."""
    deadline = time.monotonic() + 60
    while True:
        status, head = service.ask("GET", "/checkpoint")
        if status == 200 and (size := parse(head)[0].size) >= least:
            return size
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_command_tells_json_and_a_page_without_a_script(log: Folder, tmp_path: Path, capsys):
    log.publish(120)
    arguments = asked(log, tmp_path / "w")[3:]
    assert main([*arguments, "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    log.publish()

    code = main([*arguments, "--page", str(tmp_path / "page.html")])

    text, page = capsys.readouterr().out, (tmp_path / "page.html").read_text()
    assert (code, first["size"], first["whole"], first["outcome"]) == (0, 120, True, "HOLDS")
    assert {"time", "url", "root", "new", "fetched", "state", "told", "findings", "exit"} <= first.keys()
    assert "结论：全部成立。 Verdict: All holds." in text
    assert not any(each in page for each in ("<script", "http-equiv", "src=", "javascript:"))
    assert all(each in page for each in ("全部成立。", log.forge.key.name))


def asked(log: Folder, state: Path) -> list[str]:
    """Return how the watcher is called as a process of its own."""
    key = log.files["log.vkey"].decode().strip()
    return [sys.executable, "-m", "verify", "watch", log.url, "--state", str(state), "--vkey", key]


def test_it_goes_on_round_after_round_until_it_is_interrupted(log: Folder, tmp_path: Path):
    log.publish(100)
    command = asked(log, tmp_path / "w")
    with subprocess.Popen([*command, "--every", "0.2", "--json"], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        log.publish()
        later = first
        while later["size"] < log.size:
            later = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        process.stdout.read()

    assert (first["size"], first["whole"]) == (100, True)
    assert (later["new"], later["whole"], later["exit"]) == (log.size - 100, False, 0)
    assert process.returncode == 130


def test_killed_at_any_moment_it_goes_on_from_a_whole_state(log: Folder, tmp_path: Path):
    log.publish(100)
    watch(tmp_path / "w", log.url, log.forge.key)
    command = asked(log, tmp_path / "w")
    killed = 0
    for number, size in enumerate((110, 122, 130, 141, 152, 160, log.size)):
        log.publish(size)
        log.delay = 0.3  # so that it is under way for a second, however fast the machine is
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.25 + 0.05 * number)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
        log.delay = 0.0

        answer = watch(tmp_path / "w", log.url, log.forge.key)

        assert (answer.size, answer.whole) == (size, False)
        assert not told(answer, "BROKEN", "UNCHECKED")
    assert killed


def test_inspectors_are_remembered_where_their_registry_is_only_referred_to(story: Told, tmp_path: Path):
    forge = Forge(story.export, story.key_pem)
    first_round(forge)
    at = forge.first("inspection.completed", 8)
    created = {"type": "objects", "title": "新库", "unit": "220100.market", "item": "CCSW-009"}
    first = forge.add(at, "registry/objects-new", "registry.created", "market", created)
    forge.add(first, "registry/objects-new", "registry.paired", "market", {"inspectors": "registry/inspectors"})
    with serving(Folder(forge, tmp_path / "served", forge.settle(LATE))) as log:
        rounds = []
        for size in (forge.at(at) // 2, forge.at(at) - 3, forge.at(at) + 6, log.size):
            log.publish(size)
            rounds.append(watch(tmp_path / "w", log.url, forge.key))

    assert [each.whole for each in rounds] == [True, False, False, False]
    assert not [finding for each in rounds for finding in told(each, "BROKEN", "UNCHECKED")]


def test_a_calendar_that_is_recorded_asks_for_a_full_run_until_there_is_one(story: Told, tmp_path: Path):
    forge = Forge(story.export, story.key_pem)
    first_round(forge)
    recorded = forge.first("calendar.recorded")
    at = forge.first("inspection.completed", 3)
    again = forge.add(at, recorded["stream"], "calendar.recorded", "admin", recorded["data"])
    with serving(Folder(forge, tmp_path / "served", forge.settle(LATE))) as log:
        rounds = []
        for size, full in (
            (forge.at(again), False),
            (forge.at(again) + 2, False),
            (forge.at(again) + 4, False),
            (log.size, True),
        ):
            log.publish(size)
            rounds.append(watch(tmp_path / "w", log.url, forge.key, full=full))

    assert [told(each, "UNCHECKED") for each in rounds] == [[], [("F15", None)], [("F15", None)], []]
    assert [each.whole for each in rounds] == [True, False, False, True]
