"""Tools that nobody here wrote read our log, from the service, from a folder and from an export, and find that it holds."""

import base64
import hashlib
import http.client
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from api.exporting import export
from api.publishing import Publisher
from api.receipts import receipt
from domain.ledger import Ledger
from tests.foreign.environment import HERE, Missing, installed, python
from tests.growing import grow
from tests.running import served
from tests.story import tell
from verify import checkpoint, note, proof
from verify.fsck import fsck
from verify.given import policy_of
from verify.receipt import check
from verify.tree import consistency_path, leaf_hash, root

STEP, SIZE = 50, 1320
"""Every 50th entry and every 50th head of a log of five full tiles and a part."""
WITNESS = "witness.foreign.example/w1"


def tools(name: str) -> Path:
    try:
        return installed(name)
    except Missing as missing:
        pytest.skip(str(missing))


@dataclass
class Asked:
    """A log at its places, and what is asked of it: every 50th entry, and every 50th head that was signed."""

    places: dict[str, str]
    vkey: str
    entries: dict[int, str]
    notes: dict[int, bytes]
    receipts: dict[int, bytes]
    leaves: list[bytes]

    def of(self, place: str) -> dict[str, Any]:
        heads = {size: checkpoint.parse(signed)[0].root.hex() for size, signed in self.notes.items()}
        return {"log": self.places[place], "vkey": self.vkey, "entries": self.entries, "heads": heads}


@pytest.fixture(scope="module")
def asked(tmp_path_factory) -> Iterator[Asked]:
    place = tmp_path_factory.mktemp("foreign")
    story = tell(place / "log")
    ledger, notes = story.ledger, {}
    publisher = Publisher(ledger, place / "static")
    for size in range(-(-ledger.size // STEP) * STEP, SIZE, STEP):
        grow(ledger, size)
        notes[size] = ledger.publish_checkpoint()
        publisher.publish()
    grow(ledger, SIZE)
    publisher.publish()
    export(ledger, place / "export")
    leaves, picked = list(ledger.leaves()), range(0, SIZE, STEP)
    raws = list(ledger.store.entries())
    entries = {index: hashlib.sha256(raws[index]).hexdigest() for index in picked}
    held = {index: made for index in picked if (made := receipt(ledger, index))}
    vkey = ledger.vkey
    ledger.close()
    with served(place, "--dir", place / "log") as service:
        places = {"service": f"http://127.0.0.1:{service.port}/"}
        places |= {name: str(place / name) for name in ("static", "export")}
        yield Asked(places, vkey, entries, notes, held, leaves)


def driven(name: str, question: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    command = [str(tools(name) / "python"), "-I", str(HERE / "driver.py"), name]
    return subprocess.run(command, input=json.dumps(question), capture_output=True, text=True, check=False)


@pytest.mark.parametrize("place", ["service", "static", "export"])
@pytest.mark.parametrize("name", ["scales", "aics"])
def test_every_50th_entry_is_included_and_every_50th_head_is_a_beginning(asked, name, place):
    done = driven(name, asked.of(place))

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told == {"inclusions": len(range(0, SIZE, STEP)), "consistencies": len(asked.notes)}
    assert told["inclusions"] == 27
    assert told["consistencies"] > 20


FAULTS = {
    "an entry": "tile/entries/002",
    "a leaf": "tile/0/003",
    "a tile above": "tile/1/000.p/5",
    "the checkpoint": "checkpoint",
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", ["scales", "aics"])
def test_a_planted_fault_is_found_by_them_too(asked, tmp_path, name, fault):
    folder = tmp_path / "static"
    shutil.copytree(asked.places["static"], folder)
    raw = bytearray((folder / FAULTS[fault]).read_bytes())
    for at in range(40, len(raw), 64):  # whichever hash or entry of the file they look at
        raw[at] ^= 1
    (folder / FAULTS[fault]).write_bytes(raw)

    done = driven(name, {**asked.of("static"), "log": str(folder)})

    assert done.returncode != 0
    assert fsck(folder, note.parse_vkey(asked.vkey)).exit == 1


def test_a_receipt_made_by_a_foreign_program_is_ours_but_for_the_entry_in_it(asked, tmp_path):
    program = tools("scales") / "tlog-tiles"
    for index in (0, 650, SIZE - 20):
        command = [str(program), "gen-proof", asked.places["static"], str(index)]
        made = subprocess.run(command, capture_output=True, check=True).stdout

        ours = proof.parse(asked.receipts[index])
        assert proof.Proof(index, ours.path, ours.note).to_bytes() == made
        (tmp_path / "held").write_bytes(
            made.replace(b"\nindex", b"\nextra " + base64.b64encode(ours.extra) + b"\nindex", 1)
        )
        assert check(str(tmp_path / "held"), note.parse_vkey(asked.vkey)).exit == 0


@pytest.mark.parametrize("place", ["service", "static"])
def test_the_command_lines_of_both_say_the_same(asked, tmp_path, place):
    log, old = asked.places[place], tmp_path / "old"
    old.write_bytes(asked.notes[600])
    leaf = subprocess.run(
        [str(tools("scales") / "tlog-tiles"), "get-leaf", "--check", log, "650"], capture_output=True, check=True
    ).stdout
    assert hashlib.sha256(leaf).hexdigest() == asked.entries[650]

    program = str(tools("aics") / "aics-tlog")
    for words in (
        ["verify-checkpoint"],
        ["verify-inclusion", "--index", "650"],
        ["verify-consistency", "--old-checkpoint", str(old)],
    ):
        command = [program, *words, "--tiles", log, "--log-key", asked.vkey]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def witness(folder: Path, origin: str, vkey: str) -> Iterator[tuple[int, str]]:
    """Run the foreign witness; yield its port and its key."""
    program, config = str(tools("aics") / "aics-witness"), str(folder / "witness.json")

    def run(*words: str) -> str:
        return subprocess.run([program, *words, "--config", config], capture_output=True, text=True, check=True).stdout

    listen = f"127.0.0.1:{_free_port()}"
    key = run("init", "--name", WITNESS).strip().splitlines()[-1]
    run("add-log", "--origin", origin, "--vkey", vkey)
    process = subprocess.Popen(
        [program, "serve", "--config", config, "--listen", listen], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    port = int(listen.rpartition(":")[2])
    try:
        deadline = time.monotonic() + 30
        while _ask(port, "GET", "/healthz")[0] != 200:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield port, key
    finally:
        process.terminate()
        process.wait(30)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body)
        response = connection.getresponse()
        return response.status, response.read()
    except ConnectionRefusedError:
        return 0, b""
    finally:
        connection.close()


def add(port: int, old: int, path: list[bytes], signed: bytes) -> tuple[int, bytes]:
    lines = b"".join(base64.b64encode(each) + b"\n" for each in path)
    return _ask(port, "POST", "/add-checkpoint", b"old %d\n%s\n%s" % (old, lines, signed))


def test_a_foreign_witness_cosigns_every_head_and_refuses_a_fork(asked, tmp_path):
    log = note.parse_vkey(asked.vkey)
    with witness(tmp_path, log.name, asked.vkey) as (port, key):
        old = 0
        for size, signed in asked.notes.items():
            status, line = add(port, old, consistency_path(asked.leaves, old, size) if old else [], signed)
            assert (size, status) == (size, 200)
            cosigned, old = signed + line, size
            _, verified = note.open_note(cosigned, [log, note.parse_vkey(key)])
            assert [each.name for each in verified] == [log.name, WITNESS]
        last, first = asked.notes[max(asked.notes)], asked.notes[min(asked.notes)]
        assert add(port, 0, [], last)[0] == 409
        assert add(port, old, [], first)[0] == 400
        assert add(port, old, [bytes(32)], cosigned.replace(b"\n%d\n" % old, b"\n%d\n" % (old + 1)))[0] == 403

    published = tmp_path / "static"
    shutil.copytree(asked.places["static"], published)
    (published / "checkpoint").write_bytes(cosigned)
    assert checkpoint.parse(cosigned)[0].root == root(asked.leaves[:old])
    policy = tmp_path / "policy"
    policy.write_text(f"log {asked.vkey}\nwitness w {key}\nquorum w\n")
    report = fsck(published, None, policy_of(str(policy)))
    assert report.exit == 0, list(report.lines())
    assert "policy" in {each.check for each in report.findings}


def test_a_fork_with_the_real_key_is_refused_by_the_foreign_witness(tmp_path):
    """The log's own key signs two histories of one size: the witness cosigns the first it saw, and no other."""
    story = tell(tmp_path / "log")
    ledger: Ledger = story.ledger
    grow(ledger, 200)
    honest, leaves = ledger.checkpoint(), list(ledger.leaves())
    forged = [*leaves[:199], leaf_hash(b"another last entry")]
    head = checkpoint.Checkpoint(ledger.origin, 200, root(forged))
    with witness(tmp_path, ledger.origin, ledger.vkey) as (port, _):
        assert add(port, 0, [], honest)[0] == 200
        key = load_pem_private_key((ledger.folder / "signer" / "key.pem").read_bytes(), None)
        line = note.format_signature(ledger.origin, note.parse_vkey(ledger.vkey).key_id, key.sign(head.text()))
        signed = head.text() + b"\n" + line
        assert checkpoint.open_checkpoint(signed, note.parse_vkey(ledger.vkey)) == head
        assert add(port, 200, [], signed)[0] in (409, 422)
    ledger.close()


def test_where_no_python_is_new_enough_the_reason_is_said():
    with pytest.raises(Missing, match=r"no Python 9\.9 or newer"):
        python((9, 9))
