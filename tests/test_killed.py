"""kill -9 in the middle of writes: what was acknowledged is in the export, and no command was carried out twice.

The client's own journal says what was under way when the process died: a command that was sent and has no receipt.
"""

import contextlib
import csv
import io
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from api.demo.client import read_journal
from api.demo.materials import SHIPPED
from verify import entries

KILLS = 20
STEPS = (
    "freeze-{}",
    "commit-{}-discipline",
    "close-commitments-{}",
    "reveal-{}-organiser",
    "close-reveals-{}",
    "beacon-{}",
    "seed-{}",
    "objects-{}",
    "assign-{}",
    "sign-off-{}",
)
TAGS = {"洗染": "CCSW-011", "家庭服务": "CCSW-013", "直销": "CCSW-022", "家电维修": "CCSW-014"}


def materials(folder: Path) -> list[str]:
    """Write a part of the shipped data, so that a round is short, and return the options that name it."""
    rows = list(csv.reader(io.StringIO(SHIPPED["objects"].read_text("utf-8"))))
    tag = rows[0].index("commerce_tag")
    with (folder / "objects.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([rows[0], *(row for row in rows[1:] if row[tag] in TAGS)])
    items = [item for item in json.loads(SHIPPED["items"].read_text("utf-8")) if item["id"] in TAGS.values()]
    (folder / "items.json").write_text(json.dumps(items, ensure_ascii=False), "utf-8")
    return ["--objects", str(folder / "objects.csv"), "--items", str(folder / "items.json")]


def targets(chance: random.Random) -> list[str]:
    """Return where to strike, in the order of a round: every import, and some steps of every draw, at random."""
    chosen = ["import-inspectors"]
    for code in sorted(TAGS.values()):
        some = sorted(chance.sample(range(len(STEPS)), 6))
        chosen += [f"import-objects-{code}", *(STEPS[number].format(code) for number in some)]
    return chosen


def under_way(client: Path) -> str | None:
    """Return the command that was sent and never acknowledged, None where there is none."""
    sent = [line["command"] for line in read_journal(client / "sent.jsonl")]
    acknowledged = {line["command"] for line in read_journal(client / "acknowledged.jsonl")}
    return sent[-1] if sent and sent[-1] not in acknowledged else None


def kill_during(process: "subprocess.Popen[bytes]", client: Path, target: str, chance: random.Random) -> str | None:
    """Kill the run while the target is under way, or soon after; return what was under way at its death."""
    journal, seen = client / "sent.jsonl", 0
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        size = journal.stat().st_size if journal.is_file() else 0
        if size > seen:
            with journal.open("rb") as file:
                file.seek(seen)
                fresh = file.read()
            if f'"demo-{target}"'.encode() in fresh:
                time.sleep(chance.random() * 0.003)
                break
            seen = size
        time.sleep(0.0005)
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL)
    process.wait()
    return under_way(client)


def test_acknowledged_commands_survive_twenty_kills_and_none_happens_twice(tmp_path: Path) -> None:
    options = materials(tmp_path)
    folder, chance = tmp_path / "run", random.Random(20190725)
    command = [sys.executable, "-m", "api.cli", "demo", "--once", "--dir", str(folder), *options]
    client, hits = folder / "client", list[str]()

    for target in targets(chance):
        if len(hits) == KILLS:
            break
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        hit = kill_during(process, client, target, chance)
        if process.returncode == -signal.SIGKILL and hit is not None:
            hits.append(hit)
    finished = subprocess.run(command, capture_output=True, text=True, check=False)

    assert len(hits) == KILLS, hits
    assert any(hit.startswith("demo-import-") for hit in hits), hits
    assert finished.returncode == 0, finished.stdout + finished.stderr
    exported = [entries.parse(line) for line in (folder / "export" / "entries.jsonl").read_bytes().splitlines()]
    receipts = read_journal(client / "acknowledged.jsonl")
    assert receipts
    for receipt in receipts:
        entry = exported[receipt["index"]]
        assert (entry.leaf.hex(), entry.command) == (receipt["leaf"], receipt["command"])
    done = Counter((entry.actor["account"], entry.command) for entry in exported)
    assert [command for command, times in done.items() if times > 1] == []
    print(f"{KILLS} kills while under way: {', '.join(hits)}; {len(receipts)} receipts found")
