"""Four processes write one log, are killed, and lose their server: no fork, no gap, nothing lost and nothing twice."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from domain.ledger import Ledger
from tests.postgres import Postgres, own_server
from tests.story import Story
from tests.twins import tree as naive
from verify import entries

HANDS = "wxyz"
ROOT = Path(__file__).resolve().parents[2]
ROUNDS = KILLS = 20


def made(folder: Path, postgres: Postgres) -> Path:
    with Ledger.create(
        folder, "ledger.example/220100", unit="220100", unit_name="商务局", store=postgres.place().store
    ) as ledger:
        Story(ledger).organise()
    return folder


def start(folder: Path, hand: str, count: int) -> subprocess.Popen[bytes]:
    with (folder.parent / f"errors-{hand}").open("ab") as errors:
        command = [sys.executable, "-m", "tests.domain.writer", str(folder), hand, str(count)]
        return subprocess.Popen(command, cwd=ROOT, stdout=errors, stderr=errors)


def finish(folder: Path, writers: dict[str, subprocess.Popen[bytes]]) -> None:
    for hand, writer in writers.items():
        assert writer.wait(300) == 0, (folder.parent / f"errors-{hand}").read_text()


def journal(folder: Path, hand: str) -> list[list[str]]:
    path = folder.parent / f"hand-{hand}"
    text = path.read_text() if path.exists() else ""
    return [line.split(" ") for line in text[: text.rfind("\n") + 1].splitlines()]


def all_is_well(folder: Path, count: int) -> None:
    """The log is one gapless chain that holds every command once, at the place that was acknowledged."""
    with Ledger.open(folder) as ledger:
        ledger.publish_checkpoint()
        recorded = [entries.parse(raw) for raw in ledger.store.entries()]
        leaves = list(ledger.leaves())
        assert ledger.store.root(len(leaves)) == naive.mth(leaves)
        lists = ledger.store.streams("itemlist/")
    previous = entries.genesis("ledger.example/220100")
    for index, entry in enumerate(recorded):
        assert (entry.index, entry.prev, entry.leaf) == (index, previous, leaves[index])
        previous = entry.leaf.hex()
    assert [e.at for e in recorded] == sorted(e.at for e in recorded)
    done = Counter(e.command for e in recorded)
    assert {command for command, times in done.items() if times > 1} == set()
    assert {f"{hand}-{number}" for hand in HANDS for number in range(count)} <= set(done)
    assert sorted(int(name.rpartition("-")[2]) for name in lists) == list(range(1, len(HANDS) * (count // 4) + 1))
    receipts = [line for hand in HANDS for line in journal(folder, hand) if line[0] == "done"]
    assert len({line[1] for line in receipts}) == len(HANDS) * count
    for _, command, place, leaf in receipts:
        assert (recorded[int(place)].command, recorded[int(place)].leaf.hex()) == (command, leaf)


def test_four_processes_write_one_chain(tmp_path: Path, postgres: Postgres) -> None:
    folder = made(tmp_path / "log", postgres)

    finish(folder, {hand: start(folder, hand, 60) for hand in HANDS})

    all_is_well(folder, 60)
    told = [e for hand in HANDS for e in journal(folder, hand)]
    assert ["lost"] not in told


@pytest.mark.slow
def test_writers_that_are_killed_lose_nothing_and_repeat_nothing(tmp_path: Path, postgres: Postgres) -> None:
    folder, chance, count = made(tmp_path / "log", postgres), random.Random(20190725), 8 * KILLS
    writers = {hand: start(folder, hand, count) for hand in HANDS}
    under_way = list[str]()

    end = time.monotonic() + 12 * KILLS
    while len(under_way) < KILLS and time.monotonic() < end:
        time.sleep(chance.random() * 0.2)
        hand = chance.choice(HANDS)
        writer = writers[hand]
        if writer.poll() is not None or not journal(folder, hand):
            writers[hand] = start(folder, hand, count) if writer.poll() is not None else writer
            continue
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        last = journal(folder, hand)[-1]
        if last[0] == "sent":
            under_way.append(last[1])
        writers[hand] = start(folder, hand, count)
    finish(folder, writers)

    assert len(under_way) == KILLS
    all_is_well(folder, count)


@pytest.mark.slow
def test_a_server_that_crashes_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    chance, count = random.Random(20190725), 76 * ROUNDS
    with own_server() as (cluster, postgres):
        folder = made(tmp_path / "log", postgres)
        writers = {hand: start(folder, hand, count) for hand in HANDS}
        crashes = 0
        for _ in range(ROUNDS):
            before, end = {hand: len(journal(folder, hand)) for hand in HANDS}, time.monotonic() + 60
            while any(len(journal(folder, hand)) < before[hand] + 25 for hand in HANDS) and time.monotonic() < end:
                time.sleep(0.01)
            time.sleep(chance.random() * 0.1)
            crashes += all(writer.poll() is None for writer in writers.values())
            cluster.crash()
            cluster.start()
        finish(folder, writers)

        assert crashes == ROUNDS
        lost = [journal(folder, hand).count(["lost"]) for hand in HANDS]
        assert min(lost) >= 1, lost  # every writer stood in the middle of something
        all_is_well(folder, count)
