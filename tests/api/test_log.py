"""The log as strangers read it: what is published, byte for byte, and nothing that is private."""

import io
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

from starlette.testclient import TestClient

import verify
from api.app import create_app
from api.exporting import program
from api.keeper import Keeper, Pace
from api.settings import Settings
from domain.errors import Unavailable
from tests.asking import unpack
from verify import checkpoint, documents, entries, note, tiles
from verify.digest import verifier_digest
from verify.tree import leaf_hash, root, verify_consistency, verify_inclusion


def test_before_the_first_checkpoint_nothing_of_the_log_is_served(doors):
    assert doors.get("/checkpoint").status_code == 404
    assert doors.get("/tile/0/000.p/1").status_code == 404


def test_the_checkpoint_is_signed_by_the_key_that_is_served(finished):
    answer = finished.get("/checkpoint")

    key = note.parse_vkey(finished.get("/log.vkey").text.strip())
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "max-age=1" in answer.headers["Cache-Control"]
    assert checkpoint.open_checkpoint(answer.content, key).size == finished.ledger.size


def test_the_tiles_and_bundles_of_the_checkpoint_are_served_and_give_its_root(finished):
    head = checkpoint.parse(finished.get("/checkpoint").content)[0]
    raw = []
    for index, width in tiles.bundles_of(head.size):
        answer = finished.get("/" + tiles.entries_path(index, width))
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "immutable" in answer.headers["Cache-Control"]
        raw += tiles.decode_bundle(answer.content)

    leaves = [leaf_hash(each) for each in raw]

    assert root(leaves) == head.root
    for level, index, width in tiles.tiles_of(head.size):
        answer = finished.get("/" + tiles.tile_path(level, index, width))
        assert answer.content == tiles.tile_bytes(level, index, width, leaves)


def test_a_bundle_is_packed_for_whoever_accepts_it_and_has_the_same_bytes(finished):
    path = "/" + tiles.entries_path(0, finished.ledger.published_size)
    asked = {
        each: finished.http.get(path, headers={"Accept-Encoding": each}) for each in ("gzip, identity", "identity")
    }
    refused = finished.http.get(path, headers={"Accept-Encoding": "br, gzip;q=0"})

    packed, plain = asked.values()
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers.keys() | refused.headers.keys()
    assert packed.content == plain.content == refused.content
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2
    assert all(each.headers["Vary"] == "Accept-Encoding" for each in (packed, plain))
    assert all(each.headers["Content-Type"] == "application/octet-stream" for each in (packed, plain))


def test_a_part_of_a_tile_is_still_served_when_the_log_has_grown_beyond_it(finished):
    size = finished.ledger.published_size
    parts = [finished.get("/" + tiles.tile_path(0, 0, width)) for width in (1, size - 1, size)]

    assert [len(each.content) for each in parts] == [32, 32 * (size - 1), 32 * size]
    assert all(parts[-1].content.startswith(each.content) for each in parts)


def test_proofs_are_served_that_a_stranger_can_check(finished):
    head = checkpoint.parse(finished.get("/checkpoint").content)[0]
    leaf, older = list(finished.ledger.leaves())[5], root(list(finished.ledger.leaves(0, 7)))

    one = finished.get("/proof/inclusion", index=5, size=head.size).json()
    grown = finished.get("/proof/consistency", old=7, size=head.size).json()

    verify_inclusion(leaf, 5, head.size, head.root, [bytes.fromhex(each) for each in one["path"]])
    verify_consistency(7, head.size, older, head.root, [bytes.fromhex(each) for each in grown["path"]])
    assert one["root"] == grown["root"] == head.root.hex()
    for index, size in ((head.size, head.size), (0, head.size + 1), (0, 0)):
        assert finished.get("/proof/inclusion", index=index, size=size).status_code == 404
    assert finished.get("/proof/consistency", old=3, size=2).status_code == 404


def test_a_checkpoint_is_due_after_a_thousand_entries_or_a_second():
    pace = Pace(entries=1000, seconds=1.0)

    assert not pace.due(0, 10.0)
    assert not pace.due(1, 20.0)
    assert not pace.due(999, 20.9)
    assert pace.due(999, 21.0)
    assert pace.due(1000, 20.1)
    assert not pace.due(0, 21.1)
    assert not pace.due(5, 50.0)  # the second runs from the first one that waits
    assert pace.due(5, 51.0)


def test_of_two_keepers_one_publishes_and_the_other_follows_when_it_is_gone(doors, monkeypatch):
    published = []
    monkeypatch.setattr(doors.ledger, "publish_checkpoint", lambda: published.append("published"))
    one, other = (Keeper(doors.ledger, Pace(1, 60)) for _ in range(2))

    one.tend()
    other.tend(last=True)
    assert published == ["published"]

    one._office.release()
    other.tend()
    assert published == ["published"] * 2


def test_what_is_not_published_yet_is_not_served(doors):
    doors.ledger.publish_checkpoint()
    doors.post("/units", {"unit": "u1", "name": "处", "kind": "office", "parent": "220100"})

    assert doors.get(f"/{tiles.entries_path(0, 3)}").status_code == 200
    assert doors.get(f"/{tiles.entries_path(0, 4)}").status_code == 404


def test_a_head_request_is_answered_like_a_get_without_the_body(finished):
    document = next(info["sha256"] for info in finished.ledger.store.documents() if info["public"])
    tile = tiles.tile_path(0, 0, 5)
    for path in ("/checkpoint", "/log.vkey", "/export.tar", "/verify.tar", f"/{tile}", f"/documents/{document}"):
        head, got = finished.http.head(path), finished.http.get(path)
        assert head.status_code == 200
        assert head.content == b""
        assert head.headers.get("Content-Length") == got.headers.get("Content-Length")
        assert head.headers["Cache-Control"] == got.headers["Cache-Control"]


def test_a_public_document_is_served_under_its_hash_and_cannot_run(finished):
    info = next(info for info in finished.ledger.store.documents() if info["public"])

    answer = finished.get(f"/documents/{info['sha256']}")

    assert documents.reference(answer.content, info["type"])["sha256"] == info["sha256"]
    assert answer.headers["content-type"].startswith(info["type"])
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_a_private_document_and_one_that_no_entry_names_are_not_served(finished, monkeypatch):
    info = next(info for info in finished.ledger.store.documents() if info["public"])
    finished.ledger.put(b"nobody names me\n")
    unnamed = documents.reference(b"nobody names me\n")["sha256"]
    monkeypatch.setattr(finished.ledger.store, "document_info", lambda sha256: {**info, "public": False})
    assert finished.get(f"/documents/{info['sha256']}").status_code == 404

    monkeypatch.undo()

    assert finished.get(f"/documents/{unnamed}").status_code == 404


def test_the_archive_holds_the_published_log_and_the_same_bytes_every_time(finished):
    first, again = finished.get("/export.tar").content, finished.get("/export.tar").content

    # A reader that has seen the end of the archive closes the pipe: not a byte may follow its last whole record.
    assert len(first) % tarfile.RECORDSIZE == 0
    assert not first.endswith(bytes(tarfile.RECORDSIZE + 2 * tarfile.BLOCKSIZE))
    with tarfile.open(fileobj=io.BytesIO(first)) as archive:
        names = archive.getnames()
        lines = archive.extractfile("export/entries.jsonl").read().splitlines()
    assert first == again
    assert {name.split("/")[1] for name in names} == {"checkpoint", "log.vkey", "entries.jsonl", "tile", "documents"}
    assert len(lines) == finished.ledger.published_size


def test_the_verifier_is_served_whole_and_the_same_bytes_every_time(finished):
    content = finished.get("/verify.tar").content

    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        served = {member.name: archive.extractfile(member).read() for member in archive}
    folder = Path(verify.__file__).parent
    wanted = {path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert set(served) == {f"verify/{path.relative_to(folder).as_posix()}" for path in wanted}
    assert "verify/SPEC.md" in served
    assert content == b"".join(program())
    assert len(content) % tarfile.RECORDSIZE == 0
    assert not content.endswith(bytes(tarfile.RECORDSIZE + 2 * tarfile.BLOCKSIZE))


def test_a_stranger_with_a_bare_python_needs_nothing_but_what_is_served(finished, tmp_path):
    for name in ("verify.tar", "export.tar"):
        unpack(finished.get(f"/{name}").content, tmp_path)

    command = [sys.executable, "-S", "-m", "verify", "export", "--vkey", finished.ledger.vkey]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 2, done.stdout + done.stderr
    assert "UNCHECKED" in done.stdout
    assert verifier_digest(tmp_path / "verify") == verifier_digest()


def test_no_public_byte_names_an_inspector(finished):
    content = finished.get("/export.tar").content

    for entry in map(entries.parse, finished.ledger.store.entries()):
        if entry.kind == "registry.imported":
            assert "检查员0001" not in entry.raw.decode()
    assert "检查员0001".encode() not in content
    assert "示证000001".encode() not in content


def test_every_answer_tells_the_browser_to_be_strict(finished):
    for path in ("/", "/results", "/checkpoint", "/nothing", "/api/v1/me"):
        answer = finished.get(path)

        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]


def test_the_keeper_publishes_what_was_written_and_stops_with_the_service(doors):
    app = create_app(doors.ledger, Settings(publish_seconds=0.01))

    with TestClient(app):
        deadline = time.monotonic() + 10
        while doors.ledger.published_size < doors.ledger.size and time.monotonic() < deadline:
            time.sleep(0.01)
        doors.post("/units", {"unit": "u1", "name": "处", "kind": "office", "parent": "220100"})

    assert doors.ledger.published_size == doors.ledger.size == 4


def test_a_keeper_that_fails_tries_again(doors, monkeypatch):
    calls = []

    def fail_once() -> bytes:
        calls.append(None)
        if len(calls) == 1:
            raise OSError("the disk is full")
        monkeypatch.undo()
        return doors.ledger.publish_checkpoint()

    monkeypatch.setattr(doors.ledger, "publish_checkpoint", fail_once)

    with TestClient(create_app(doors.ledger, Settings(publish_seconds=0.01))):
        deadline = time.monotonic() + 10
        while doors.ledger.published_size < doors.ledger.size and time.monotonic() < deadline:
            time.sleep(0.01)

    assert doors.ledger.published_size == doors.ledger.size


def test_a_fault_that_lasts_is_told_once_and_so_is_its_end(doors, monkeypatch, caplog):
    tried = []

    def gone() -> bytes:
        tried.append(True)
        raise Unavailable("签名器没有应答", "nobody answers at the signer's socket", "LEDGER 7")

    keeper = Keeper(doors.ledger, Pace(1, 0.05))
    monkeypatch.setattr(doors.ledger, "publish_checkpoint", gone)
    keeper.start()
    wait(lambda: len(tried) > 5)
    monkeypatch.undo()
    wait(lambda: "published again" in caplog.text)
    keeper.stop()

    assert caplog.text.count("nobody answers at the signer's socket") == 1
    assert "Traceback" not in caplog.text
    assert doors.ledger.published_size == doors.ledger.size


def wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.01)
