"""A split view is refused by a witness at every size, and the two signed heads prove it; two honest heads prove nothing."""

import json
from pathlib import Path

import pytest

from tests.forge import Forge
from tests.witnessing import ask, serving, url_of, watching
from verify import note
from verify.__main__ import main
from verify.checkpoint import Checkpoint
from verify.evidence import Proof, judge
from verify.findings import Outcome
from verify.tree import EMPTY_ROOT, consistency_path, leaf_hash, root
from verify.witness.client import add_checkpoint
from verify.witness.request import Request, spell
from verify.witness.state import Memory

SIZES = range(1, 101)
LEAVES = [leaf_hash(b"%d" % n) for n in range(40)]
FORGED = [*LEAVES[:5], leaf_hash(b"forged"), *LEAVES[6:]]


def head(leaves: list[bytes], size: int, origin: str = "ledger.example/1") -> Checkpoint:
    return Checkpoint(origin, size, root(leaves[:size]))


class Fork:
    """A log whose operator holds its real key: the honest history, and another one that parts from it at any size."""

    def __init__(self, forge: Forge) -> None:
        self.forge = forge
        self.lines = forge.files["entries.jsonl"].splitlines()
        self.leaves = [leaf_hash(line) for line in self.lines]

    def lines_at(self, size: int) -> list[bytes]:
        """Return the entries of the history whose entry number `size` - 1 is another one."""
        altered = self.lines[size - 1].replace(b'"at":"2026', b'"at":"2027')
        assert altered != self.lines[size - 1]
        return [*self.lines[: size - 1], altered, *self.lines[size:]]

    def signed(self, leaves: list[bytes], size: int) -> bytes:
        text = Checkpoint(self.forge.key.name, size, root(leaves[:size])).text()
        signature = self.forge.private.sign(text)
        return text + b"\n" + note.format_signature(self.forge.key.name, self.forge.key.key_id, signature)


@pytest.fixture
def fork(story) -> Fork:
    return Fork(Forge(story.export, story.key_pem))


def verdict(capsys: pytest.CaptureFixture[str], vkey: str, *arguments: str | Path) -> tuple[int, dict[str, str]]:
    code = main(["evidence", *map(str, arguments), "--vkey", vkey, "--json"])
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def test_a_fork_at_each_of_a_hundred_sizes_is_refused_and_proved(story, fork: Fork, tmp_path: Path, capsys) -> None:
    witness = watching(tmp_path / "witness", "witness.example/a", [story.vkey])
    refused, proved, last = 0, 0, 0
    with serving(witness) as server:
        for size in SIZES:
            honest, ahead = fork.signed(fork.leaves, size), size + 7
            step = spell(Request(last, consistency_path(fork.leaves, last, size), honest))
            assert add_checkpoint(url_of(server), step, 30).status == 200
            last = size
            other = [leaf_hash(line) for line in fork.lines_at(size)]
            # The operator does his best: the proof is a right one, of the other history.
            for new in (size, ahead):
                body = spell(Request(size, consistency_path(other, size, new), fork.signed(other, new)))
                answer = add_checkpoint(url_of(server), body, 30)
                refused += answer.status == 422
                kept = (
                    Memory.of(witness.folder, fork.forge.key.name).folder
                    / "refused"
                    / f"{new}-{root(other[:new]).hex()}"
                )
                cosigned = kept.with_name(f"{kept.name}.cosigned")
                assert (kept.read_bytes(), note.split(cosigned.read_bytes())[0]) == (body, note.split(honest)[0])
                more: list[str | Path] = []
                if new != size and size & (size - 1) == 0:  # the proof does not hold the smaller root
                    (tmp_path / "root").write_text(
                        json.dumps(
                            {
                                "path": [each.hex() for each in consistency_path(other, size, new)],
                                "old_root": root(other[:size]).hex(),
                            }
                        )
                    )
                    assert verdict(capsys, story.vkey, cosigned, kept)[0] == 2
                    more = ["--proof", tmp_path / "root"]
                code, found = verdict(capsys, story.vkey, cosigned, kept, *more)
                assert (code, found["check"], found["outcome"]) == (1, "fork", "BROKEN"), (size, new, found)
                proved += 1
        status, _, shown = ask(
            server, "GET", f"/{Memory.of(witness.folder, fork.forge.key.name).folder.name}/checkpoint"
        )

    assert (refused, proved) == (200, 200)
    assert (status, note.split(shown)[0]) == (200, note.split(fork.signed(fork.leaves, 100))[0])


@pytest.mark.parametrize("size", [1, 2, 3, 64, 99, 100])
def test_the_entries_of_the_larger_tree_prove_it_too(story, fork: Fork, tmp_path: Path, capsys, size: int) -> None:
    lines = fork.lines_at(size)
    other = [leaf_hash(line) for line in lines]
    (tmp_path / "entries.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    (tmp_path / "honest").write_bytes(fork.signed(fork.leaves, size))
    (tmp_path / "forged").write_bytes(fork.signed(other, 150))
    arguments = (tmp_path / "forged", tmp_path / "honest", "--entries", tmp_path)

    assert verdict(capsys, story.vkey, *arguments[:2])[0] == 2
    assert verdict(capsys, story.vkey, *arguments)[0] == 1
    # Other entries than those that were signed prove nothing.
    assert verdict(capsys, story.vkey, *arguments[:3], story.export)[0] == 2


@pytest.mark.parametrize("old", [0, 1, 2, 7, 8, 31, 32])
@pytest.mark.parametrize("new", [32, 33, 40])
def test_two_honest_heads_are_never_evidence(old: int, new: int) -> None:
    small, large = head(LEAVES, old) if old else Checkpoint("ledger.example/1", 0, EMPTY_ROOT), head(LEAVES, new)
    right = Proof(consistency_path(LEAVES, old, new))
    wrong = [
        Proof([]),
        Proof(consistency_path(FORGED, old, new)),
        Proof(consistency_path(FORGED, old, new), root(FORGED[:old])),
        Proof(right.path, root(FORGED[:old])),
        Proof([*right.path, bytes(32)]),
        Proof([bytes(32) for _ in right.path]),
        Proof([bytes(31) for _ in right.path]),
    ]
    for given in ([right], [*wrong, right], wrong, []):
        for leaves in (None, LEAVES, FORGED, LEAVES[: new - 1], []):
            for one, other in ((small, large), (large, small)):
                assert judge(one, other, given, leaves).outcome is not Outcome.BROKEN, (old, new, given, leaves)
    assert judge(small, large, [right], None).outcome is Outcome.HOLDS
    assert judge(small, large, [], LEAVES).outcome is Outcome.HOLDS


def test_an_empty_tree_has_one_root() -> None:
    empty = Checkpoint("ledger.example/1", 0, bytes(32))

    assert judge(empty, head(LEAVES, 32), [], None).outcome is Outcome.BROKEN


@pytest.mark.parametrize("old", [6, 7, 8, 16, 31])
def test_a_head_of_another_history_is_proved_by_either_side(old: int) -> None:
    for mine, theirs in ((LEAVES, FORGED), (FORGED, LEAVES)):
        small, large = head(mine, old), head(theirs, 40)
        path = consistency_path(theirs, old, 40)
        proofs = [Proof(path, root(theirs[:old]))]

        assert judge(small, large, proofs, None).outcome is Outcome.BROKEN
        assert judge(small, large, [], theirs).outcome is Outcome.BROKEN
        assert judge(small, large, [], mine).outcome is Outcome.UNCHECKED
        alone = Outcome.UNCHECKED if old & (old - 1) == 0 else Outcome.BROKEN
        assert judge(small, large, [Proof(path)], None).outcome is alone


def test_what_the_log_did_not_sign_is_no_evidence(story, fork: Fork, tmp_path: Path, capsys) -> None:
    (tmp_path / "honest").write_bytes(fork.signed(fork.leaves, 9))
    forged = fork.signed(fork.leaves, 9).replace(b"\n9\n", b"\n8\n")
    (tmp_path / "unsigned").write_bytes(forged)

    code, found = verdict(capsys, story.vkey, tmp_path / "honest", tmp_path / "unsigned")

    assert (code, found["check"]) == (2, "checkpoint")


def test_heads_of_two_logs_tell_nothing() -> None:
    assert judge(head(LEAVES, 9), head(FORGED, 9, "other.example"), [], None).outcome is Outcome.UNCHECKED


def test_wrong_usage_is_named(story, tmp_path: Path, capsys) -> None:
    (tmp_path / "proof").write_text("[]")
    (tmp_path / "request").write_text("old a\n\n")
    checkpoint = str(story.export / "checkpoint")
    for arguments in (
        [checkpoint],
        [checkpoint, checkpoint, "--vkey", "nobody"],
        [checkpoint, str(tmp_path / "missing"), "--vkey", story.vkey],
        [checkpoint, str(tmp_path / "request"), "--vkey", story.vkey],
        [checkpoint, checkpoint, "--vkey", story.vkey, "--proof", str(tmp_path / "proof")],
    ):
        assert main(["evidence", *arguments]) == 64
        assert "evidence --help" in capsys.readouterr().err
    assert main(["evidence", checkpoint, checkpoint, "--vkey", story.vkey]) == 0
