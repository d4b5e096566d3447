"""The check of a static log names every file that is altered, missing or foreign, and lets pass what a publisher may leave."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from api.publishing import Publisher
from tests.forge import write
from tests.growing import grow
from tests.story import tell
from verify import __main__ as verifier
from verify import note, tiles
from verify.findings import Finding, Outcome
from verify.fsck import fsck

SIZE = 530


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    place = tmp_path_factory.mktemp("fsck")
    story = tell(place / "log")
    grow(story.ledger, SIZE)
    Publisher(story.ledger, place / "static").publish()
    vkey = story.ledger.vkey
    story.ledger.close()
    return place / "static", vkey


@pytest.fixture
def folder(published, tmp_path) -> Path:
    shutil.copytree(published[0], tmp_path / "static")
    return tmp_path / "static"


def found(folder: Path, vkey: str, outcome: Outcome = Outcome.BROKEN) -> list[Finding]:
    return [each for each in fsck(folder, note.parse_vkey(vkey)).findings if each.outcome is outcome]


def flip(name: str) -> Callable[[Path], str]:
    def edit(folder: Path) -> str:
        raw = bytearray((folder / name).read_bytes())
        raw[len(raw) // 2] ^= 1
        (folder / name).write_bytes(raw)
        return name

    return edit


def remove(name: str) -> Callable[[Path], str]:
    def edit(folder: Path) -> str:
        (folder / name).unlink()
        return name

    return edit


def cut(name: str) -> Callable[[Path], str]:
    def edit(folder: Path) -> str:
        (folder / name).write_bytes((folder / name).read_bytes()[:-1])
        return name

    return edit


def put(name: str, content: bytes) -> Callable[[Path], str]:
    def edit(folder: Path) -> str:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        return name

    return edit


def on_a_document(edit: Callable[[str], Callable[[Path], str]]) -> Callable[[Path], str]:
    return lambda folder: edit(f"documents/{sorted(path.name for path in (folder / 'documents').iterdir())[0]}")(folder)


def change_an_entry(folder: Path) -> str:
    """Edit an entry and repair bundle and leaf tile after it, as somebody with write access would."""
    bundle, tile = folder / "tile/entries/001", folder / "tile/0/001"
    raws = tiles.decode_bundle(bundle.read_bytes())
    raws[3] = raws[3].replace("单位".encode(), "另外".encode())
    bundle.write_bytes(tiles.encode_bundle(raws))
    leaves = bytearray(tile.read_bytes())
    leaves[96:128] = hashlib.sha256(b"\0" + raws[3]).digest()
    tile.write_bytes(leaves)
    return "tile/1/000.p/2"


def at_the_top(folder: Path) -> str:
    """Put a file at the top that is called like a document."""
    name = sorted(path.name for path in (folder / "documents").iterdir())[0]
    return put(name, b"x")(folder)


FAULTS = {
    "a foreign file called like a document": at_the_top,
    "a bundle is altered": flip("tile/entries/000"),
    "the last bundle is altered": flip("tile/entries/002.p/18"),
    "a leaf tile is altered": flip("tile/0/000"),
    "a tile above is altered": flip("tile/1/000.p/2"),
    "a document is altered": on_a_document(flip),
    "a bundle is cut": cut("tile/entries/001"),
    "a leaf tile is cut": cut("tile/0/002.p/18"),
    "a document is cut": on_a_document(cut),
    "a bundle is missing": remove("tile/entries/001"),
    "a leaf tile is missing": remove("tile/0/001"),
    "a tile above is missing": remove("tile/1/000.p/2"),
    "a document is missing": on_a_document(remove),
    "the key is missing": remove("log.vkey"),
    "an entry is altered and hashed again": change_an_entry,
    "a foreign file": put("thesis.txt", b"years of work"),
    "a foreign file among the tiles": put("tile/0/thesis", b"years of work"),
    "a document that is not what it is named": put(f"documents/{'0' * 64}", b"x"),
    "a name that is no hash": put("documents/readme", b"x"),
    "an older part that is no beginning": put("tile/0/002.p/7", bytes(7 * 32)),
    "an older part that is too short": put("tile/0/002.p/7", b"x"),
    "an older part of a bundle that is none": put("tile/entries/002.p/7", b"\0\1x"),
    "a part that goes on otherwise": put("tile/0/002.p/30", bytes(30 * 32)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_broken_and_its_file_is_named(folder, published, fault):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    name = FAULTS[fault](folder)

    assert before != {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert any(name in each.en for each in found(folder, published[1]))


def test_the_honest_folder_holds(folder, published):
    report = fsck(folder, note.parse_vkey(published[1]))

    assert report.exit == 0
    assert report.size == SIZE
    assert {each.check for each in report.findings} == {"checkpoint", "whose", "tree", "documents", "folder"}


def test_without_a_key_whose_log_it_is_stays_unchecked(folder):
    assert fsck(folder).exit == 2


def test_a_document_that_is_named_with_two_lengths_is_broken(forge, tmp_path):
    """Whoever holds the key can name it a second time: one of both names is false, whatever lies there."""
    entry = forge.add(forge.entries[-1], "calendar/2027", "calendar.recorded", "admin", {"year": 2027})
    named = dict(forge.first("registry.imported")["data"]["document"])
    entry["data"]["document"] = named | {"bytes": named["bytes"] + 1}
    entry |= {"version": 1, "index": len(forge.entries) - 1}
    folder = write(forge.resign(), tmp_path / "log")

    (told,) = found(folder, note.format_vkey(forge.key.name, forge.key.public))

    assert (told.check, told.index) == ("documents", entry["index"])
    assert all(
        f"{length} bytes" in told.en or f"{length} in entry" in told.en
        for length in (named["bytes"], named["bytes"] + 1)
    )


def test_another_key_and_another_checkpoint_are_broken(folder, published):
    raw = (folder / "checkpoint").read_bytes()
    (folder / "checkpoint").write_bytes(raw.replace(b"\n530\n", b"\n529\n"))
    assert {"checkpoint", "tree"} <= {each.check for each in found(folder, published[1])}

    other = note.format_vkey("demo.other.example/1", bytes(31) + b"\x07")
    assert "whose" in {each.check for each in found(folder, other)}


def test_a_checkpoint_of_a_monstrous_size_costs_nothing(folder, published):
    raw = (folder / "checkpoint").read_bytes()
    (folder / "checkpoint").write_bytes(raw.replace(b"\n530\n", b"\n9000000000000000000\n"))

    assert any("tile/entries/002" in each.en for each in found(folder, published[1]))


def test_older_parts_and_files_that_are_ahead_are_no_faults(folder, published):
    whole = (folder / "tile/0/000").read_bytes()
    put("tile/0/000.p/9", whole[: 9 * 32])(folder)
    put("tile/0/003.p/1", bytes(32))(folder)
    put(".unfinished", b"half a ti")(folder)
    document = b"of an entry that is not published yet\n"
    put(f"documents/{hashlib.sha256(document).hexdigest()}", document)(folder)

    assert found(folder, published[1]) == []
    assert ["2 files" in each.en for each in found(folder, published[1], Outcome.NOTED)] == [True]


def test_an_export_holds_too_and_its_entries_are_left_to_the_whole_verification(folder, published):
    put("entries.jsonl", b"whatever")(folder)

    assert found(folder, published[1]) == []
    assert ["entries.jsonl" in each.en for each in found(folder, published[1], Outcome.NOTED)] == [True]


def test_a_part_may_be_gone_once_its_whole_is_there(folder, published):
    """A publisher that died behind the tiles: the checkpoint still speaks of a part whose whole is published."""
    whole = folder / "tile/0/002"
    whole.write_bytes((folder / "tile/0/002.p/18").read_bytes() + bytes(238 * 32))
    bundle = tiles.decode_bundle((folder / "tile/entries/002.p/18").read_bytes())
    (folder / "tile/entries/002").write_bytes(tiles.encode_bundle(bundle + [b"ahead"] * 238))
    for part in ("tile/0/002.p", "tile/entries/002.p"):
        shutil.rmtree(folder / part)

    assert found(folder, published[1]) == []


def test_a_bare_python_checks_a_static_log(folder, published):
    root = Path(verifier.__file__).parents[1]
    command = [sys.executable, "-S", "-m", "verify", "fsck", str(folder), "--vkey", published[1], "--json"]

    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)

    assert done.returncode == 2, done.stderr
    told = json.loads(done.stdout)
    assert [each["check"] for each in told["findings"] if each["outcome"] == "UNCHECKED"] == ["checkpoint"]


def test_a_policy_that_asks_for_witnesses_is_asked(folder, published, tmp_path, capsys):
    policy = tmp_path / "policy"
    witness = note.format_vkey("witness.example", bytes(31) + b"\x07", note.COSIGNATURE)
    policy.write_text(f"log {published[1]}\nwitness w {witness}\nquorum w\n")

    assert verifier.main(["fsck", str(folder), "--policy", str(policy), "--json"]) == 1
    assert [
        each["check"] for each in json.loads(capsys.readouterr().out)["findings"] if each["outcome"] == "BROKEN"
    ] == ["policy"]


def test_options_of_a_whole_verification_are_refused(folder, capsys):
    assert verifier.main(["fsck", str(folder), "--chain"]) == verifier.WRONG_USAGE
    assert verifier.main(["fsck", "--help"]) == 0
