"""The witness signs what extends what it signed and nothing else, answers as others expect, and forgets nothing."""

import base64
import hashlib
import json
from pathlib import Path

import pytest

from tests.witnessing import LEAVES, NOW, ORIGIN, VKEY, ask, asked, key_of, serving, signed, watching
from verify import ed25519, note
from verify.checkpoint import Checkpoint, open_checkpoint, parse_text
from verify.tree import EMPTY_ROOT, consistency_path, leaf_hash, root
from verify.witness import key as keys
from verify.witness import server as servers
from verify.witness.request import Request, RequestError, cosignatures, parse, spell
from verify.witness.state import Memory, StateFault, name_of

ROOT = Path(__file__).resolve().parents[2]
VECTORS = json.loads((ROOT / "tests/vectors/tlog/add-checkpoint-sunlight.json").read_text())


@pytest.fixture
def witness(tmp_path: Path) -> servers.Witness:
    return watching(tmp_path / "witness", "witness.example/a", [VKEY])


def test_the_published_requests_are_answered_as_published(tmp_path: Path) -> None:
    public = bytes.fromhex(VECTORS["log_ed25519_pub_hex"])
    log = note.format_vkey(VECTORS["origin"], public)

    with serving(watching(tmp_path, "example.com/witness", [log])) as server:
        answers = [ask(server, "POST", "/add-checkpoint", case["body"].encode()) for case in VECTORS["cases"]]

    assert len(answers) == 11
    for case, (status, media, body) in zip(VECTORS["cases"], answers, strict=True):
        assert (status, case["wantBody"] in body.decode()) == (case["wantCode"], True), (case["name"], status, body)
        assert media == ("text/x.tlog.size" if status == 409 else "text/plain; charset=utf-8")
        assert status != 409 or body.decode() == case["wantBody"]


def test_a_cosignature_is_that_of_the_specification(witness: servers.Witness) -> None:
    answer = witness.add_checkpoint(asked(0, 7), NOW)

    text = Checkpoint(ORIGIN, 7, root(LEAVES[:7])).text()
    line = answer.body.decode().removesuffix("\n")
    dash, name, encoded = line.split(" ")
    raw = base64.b64decode(encoded)
    public = key_of("witness.example/a").public
    assert (answer.status, dash, name, len(raw)) == (200, "—", "witness.example/a", 76)
    assert raw[:4] == hashlib.sha256(name.encode() + b"\n\x04" + public).digest()[:4]
    assert int.from_bytes(raw[4:12], "big") == NOW
    assert ed25519.verify(public, raw[12:], b"cosignature/v1\ntime 1780000000\n" + text)


def test_it_follows_a_log_at_every_size(witness: servers.Witness) -> None:
    for old, new in ((0, 0), (0, 1), *((n, n + 1) for n in range(1, 40)), (40, 40), (40, 64), (64, 130)):
        assert witness.add_checkpoint(asked(old, new), NOW + new).status == 200, (old, new)

    last = Memory.of(witness.folder, ORIGIN).note()
    text, by = note.open_note(last or b"", [note.parse_vkey(VKEY), note.parse_vkey(witness.key.vkey)])
    assert (parse_text(text).size, [key.name for key in by]) == (130, [ORIGIN, "witness.example/a"])


FORGED = [*LEAVES[:5], leaf_hash(b"forged"), *LEAVES[6:]]
OTHER = bytes(32)
REFUSED: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "invalid input"),
    "no blank line": (b"old 20\n", 400, "invalid input"),
    "no old size": (b"new 20\n\n" + asked(20, 20)[8:], 400, "the first line"),
    "an old size with a leading zero": (b"old 020\n\n" + asked(20, 20)[8:], 400, "the first line"),
    "an old size of 2^63": (asked(0, 20).replace(b"old 0", b"old 9223372036854775808"), 400, "the first line"),
    "a negative old size": (asked(0, 20).replace(b"old 0", b"old -1"), 400, "the first line"),
    "64 hashes": (asked(20, 30, path=[OTHER] * 64), 400, "at most 63"),
    "63 hashes": (asked(20, 30, path=[OTHER] * 63), 422, "consistency proof"),
    "a hash of 31 bytes": (asked(20, 30, path=[OTHER[1:]]), 400, "32 bytes"),
    "a hash that is no base64": (asked(20, 30).replace(b"=\n", b"!\n", 1), 400, "not base64"),
    "a note without signatures": (asked(20, 30, note=b"a\n\n"), 400, "invalid input"),
    "a note that is not UTF-8": (asked(20, 30, note=b"\xff\n\n\xe2\x80\x94 a AAAAAAA=\n"), 400, "not UTF-8"),
    "a text that is no checkpoint": (
        asked(20, 30, note=b"a\nb\n\n\xe2\x80\x94 a AAAAAAA=\n"),
        400,
        "invalid checkpoint",
    ),
    "extension lines": (
        asked(20, 30, note=Checkpoint(ORIGIN, 30, OTHER).text() + b"more\n\n\xe2\x80\x94 a AAAAAAA=\n"),
        400,
        "invalid checkpoint",
    ),
    "an old size beyond the new": (asked(20, 19, path=[]), 400, "old size 20"),
    "an old size beyond the new, of an unknown log": (asked(20, 19, path=[], origin="other.example"), 400, "old size"),
    "an unknown log": (asked(0, 30, origin="other.example"), 404, "unknown log"),
    "an unknown log and an old size that is another": (asked(3, 30, origin="other.example"), 404, "unknown log"),
    "the signature of nobody known": (
        asked(20, 30, note=signed(Checkpoint(ORIGIN, 30, root(LEAVES[:30])), b"x" * 32)),
        403,
        "invalid signature",
    ),
    "another name than the log's": (
        asked(20, 30, note=signed(Checkpoint(ORIGIN, 30, root(LEAVES[:30])), name="other.example")),
        403,
        "invalid signature",
    ),
    "a signature of another text": (
        asked(20, 30, note=signed(Checkpoint(ORIGIN, 30, OTHER)).replace(b"\n30\n", b"\n31\n")),
        403,
        "invalid signature",
    ),
    "not signed, and an old size that is another": (
        asked(3, 30, note=signed(Checkpoint(ORIGIN, 30, OTHER), OTHER)),
        403,
        "",
    ),
    "an older size": (asked(19, 30), 409, "20\n"),
    "a larger size": (asked(21, 30), 409, "20\n"),
    "from the beginning": (asked(0, 30), 409, "20\n"),
    "back to a smaller tree": (asked(10, 15), 409, "20\n"),
    "no proof": (asked(20, 30, path=[]), 422, "consistency proof"),
    "a proof of another size": (asked(20, 30, path=consistency_path(LEAVES, 20, 31)), 422, "consistency proof"),
    "a fork": (asked(20, 30, FORGED), 422, "consistency proof"),
    "another root for the size": (asked(20, 20, FORGED), 422, "another root was cosigned"),
    "the same size with a proof": (asked(20, 20, path=[OTHER]), 422, "consistency proof"),
}


@pytest.mark.parametrize(("body", "status", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_an_extension_is_refused_with_its_code(
    witness: servers.Witness, body: bytes, status: int, words: str
) -> None:
    assert witness.add_checkpoint(asked(0, 20), NOW).status == 200
    before = Memory.of(witness.folder, ORIGIN).note()

    answer = witness.add_checkpoint(body, NOW + 1)

    assert (answer.status, words in answer.body.decode()) == (status, True), answer
    assert Memory.of(witness.folder, ORIGIN).note() == before
    assert witness.add_checkpoint(asked(20, 30), NOW + 2).status == 200


NEW = {
    "a proof from nothing": (asked(0, 3, path=[OTHER]), 422),
    "an empty tree with another root": (asked(0, 0, root=OTHER), 422),
    "an empty tree with a proof": (asked(0, 0, path=[OTHER]), 422),
    "an empty tree": (asked(0, 0, root=EMPTY_ROOT), 200),
}


@pytest.mark.parametrize(("body", "status"), NEW.values(), ids=NEW.keys())
def test_the_first_checkpoint_of_a_log(witness: servers.Witness, body: bytes, status: int) -> None:
    assert witness.add_checkpoint(body, NOW).status == status


def test_a_log_whose_key_is_being_replaced_is_known_by_both(tmp_path: Path) -> None:
    second = bytes(reversed(range(32)))
    logs = [VKEY, note.format_vkey(ORIGIN, ed25519.public_of(second))]
    witness = watching(tmp_path, "w.example", logs)
    head = Checkpoint(ORIGIN, 3, root(LEAVES[:3]))
    both = signed(head) + signed(head, second).partition(b"\n\n")[2]

    assert witness.add_checkpoint(spell(Request(0, [], both)), NOW).status == 200
    assert witness.add_checkpoint(spell(Request(3, [], signed(head, second))), NOW).status == 200
    broken = signed(head) + signed(Checkpoint(ORIGIN, 3, OTHER), second).partition(b"\n\n")[2]
    assert witness.add_checkpoint(spell(Request(3, [], broken)), NOW).status == 403


def test_a_request_is_read_as_it_is_spelled() -> None:
    request = Request(5, [b"a" * 32, b"b" * 32], b"text\n\nsignatures\n")

    assert parse(spell(request)) == request
    assert spell(request).startswith(b"old 5\nYWFh")
    with pytest.raises(RequestError):
        parse(spell(request).replace(b"old", b"Old"))


def test_what_others_say_in_an_answer_is_ignored_and_what_fails_is_not(witness: servers.Witness) -> None:
    text = Checkpoint(ORIGIN, 7, root(LEAVES[:7])).text()
    own, other = key_of("witness.example/a"), key_of("witness.example/b")
    known = [note.parse_vkey(own.vkey)]
    post_quantum = note.format_signature(own.name, b"\x06\x06\x06\x06", bytes(8 + 2420))

    held = cosignatures(other.cosign(text, NOW) + post_quantum + own.cosign(text, NOW), text, known)

    assert [signature.name for signature in held] == [own.name]
    with pytest.raises(note.NoteError, match="does not hold"):
        cosignatures(own.cosign(text + b"x", NOW), text, known)


def test_the_last_checkpoint_is_shown_under_the_hash_of_the_origin(witness: servers.Witness) -> None:
    with serving(witness) as server:
        name = hashlib.sha256(ORIGIN.encode()).hexdigest()
        assert ask(server, "GET", f"/{name}/checkpoint")[0] == 404
        assert ask(server, "POST", "/add-checkpoint", asked(0, 9))[0] == 200
        status, media, shown = ask(server, "GET", f"/{name}/checkpoint")

        assert (status, media) == (200, "text/plain; charset=utf-8")
        assert open_checkpoint(shown, note.parse_vkey(VKEY)).size == 9
        assert b"witness.example/a" in shown
        assert ask(server, "HEAD", f"/{name}/checkpoint")[::2] == (200, b"")
        assert ask(server, "GET", f"/{name_of('other.example')}/checkpoint")[0] == 404
        assert ask(server, "GET", "/../key/checkpoint")[0] == 404


def test_what_cannot_be_remembered_is_not_signed(witness: servers.Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = []

    def full(*_: object) -> None:
        failed.append(True)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("verify.durable.write", full)
    with pytest.raises(StateFault, match="No space left"):
        witness.add_checkpoint(asked(0, 20), NOW)
    monkeypatch.undo()

    assert failed
    assert Memory.of(witness.folder, ORIGIN).note() is None


def test_a_damaged_memory_signs_nothing(witness: servers.Witness) -> None:
    assert witness.add_checkpoint(asked(0, 20), NOW).status == 200
    path = Memory.of(witness.folder, ORIGIN).folder / "checkpoint"
    path.write_bytes(path.read_bytes()[:40])

    with serving(witness) as server:
        status, _, body = ask(server, "POST", "/add-checkpoint", asked(20, 30))

    assert (status, b"unable to sign" in body) == (500, True)


def test_a_fork_is_kept_as_evidence_beside_what_was_cosigned(witness: servers.Witness) -> None:
    witness.add_checkpoint(asked(0, 20), NOW)
    request = asked(20, 30, FORGED)

    assert witness.add_checkpoint(request, NOW).status == 422

    refused = Memory.of(witness.folder, ORIGIN).folder / "refused" / f"30-{root(FORGED[:30]).hex()}"
    assert refused.read_bytes() == request
    assert refused.with_name(f"{refused.name}.cosigned").read_bytes() == Memory.of(witness.folder, ORIGIN).note()


def test_a_key_is_made_once_and_nobody_else_reads_it(tmp_path: Path) -> None:
    made = keys.make(tmp_path / "w", "w.example")

    assert keys.make(tmp_path / "w", "w.example") == made == keys.load(tmp_path / "w")
    assert note.parse_vkey(made.vkey).kind == note.COSIGNATURE
    assert (tmp_path / "w" / "key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(keys.KeyFault, match="holds the key of"):
        keys.make(tmp_path / "w", "other.example")
    (tmp_path / "w" / "key").chmod(0o640)
    with pytest.raises(keys.KeyFault, match="by others"):
        keys.load(tmp_path / "w")


def test_a_key_that_is_damaged_or_missing_is_named(tmp_path: Path) -> None:
    text = (keys.make(tmp_path, "w.example"), (tmp_path / "key").read_text())[1]

    for damaged in ("", text.replace("w.example", "v.example"), text[:-9] + "\n", text.replace("+B", "+A")):
        (tmp_path / "key").write_text(damaged)
        with pytest.raises(keys.KeyFault):
            keys.load(tmp_path)
    (tmp_path / "key").unlink()
    with pytest.raises(keys.KeyFault):
        keys.load(tmp_path)
