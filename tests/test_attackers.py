"""Five attackers, twelve edits: all are caught by whoever kept something from before, and the entry is named.

What a stranger catches with the log's key alone is said too: a table that this test prints.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import attackers
from tests.asking import answer, of
from tests.attackers import EDITS, LEVELS, Before
from tests.forge import write
from verify.__main__ import main

ATTACKS = [(level, edit) for level in LEVELS for edit in EDITS]
WITHOUT_KEY = ("edits bytes", "re-hashes everything")
Found = list[dict[str, Any]]
TABLE: dict[tuple[str, str], dict[str, Found]] = {}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Before:
    """The honest log, and in its folder what strangers kept: its checkpoint, its export, two policies."""
    made = attackers.before(tmp_path_factory.mktemp("attacked"))
    for quorum in (2, 3):
        (made.folder / f"policy-{quorum}").write_text(attackers.policy(made.vkey, quorum), encoding="utf-8")
    for copy in ("honest", "early"):
        assert main([str(made.folder / copy), "--keep", str(made.folder / f"kept-{copy}")]) == 2  # no key was given
    return made


def kept(known: Before, what: str, copy: str) -> list[str]:
    return {
        "key alone": [],
        "older checkpoint": ["--since", str(known.folder / copy / "checkpoint")],
        "kept by --keep": ["--since", str(known.folder / f"kept-{copy}")],
        "older export": ["--since", str(known.folder / copy)],
        "policy, 2 of 3": ["--policy", str(known.folder / "policy-2")],
        "policy, 3 of 3": ["--policy", str(known.folder / "policy-3")],
    }[what]


KEPT = ("key alone", "older checkpoint", "kept by --keep", "older export", "policy, 2 of 3", "policy, 3 of 3")
WITH_LEAVES = ("kept by --keep", "older export")


def ask(known: Before, target: Path, copy: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Found]:
    """Ask the verifier with each thing that a stranger may have kept; return what is BROKEN."""
    own = ["--vkey", known.vkey, "--tsa", str(known.folder / "root.pem")]
    asked = ((what, [*own, *kept(known, what, copy)]) for what in KEPT)
    return {what: of(answer(capsys, str(target), *arguments), "BROKEN") for what, arguments in asked}


def test_the_honest_log_holds_with_everything_that_was_kept(known: Before, capsys):
    honest = known.folder / "honest"
    signed = write({**known.forge().files, "checkpoint": known.cosigned}, known.folder / "signed")

    assert not any(ask(known, signed, "honest", capsys).values())
    assert not any(ask(known, signed, "early", capsys).values())
    assert ask(known, honest, "honest", capsys)["policy, 3 of 3"]  # the same without the witnesses' lines


@pytest.mark.parametrize(("level", "edit"), ATTACKS, ids=[f"{level}: {edit}" for level, edit in ATTACKS])
def test_the_attack_is_caught_and_the_entry_named(level: str, edit: str, known: Before, tmp_path, capsys):
    files = LEVELS[level](known, EDITS[edit])
    place = attackers.first_other(known, files)

    said = TABLE[level, edit] = ask(known, write(files, tmp_path / "attacked"), attackers.kept_of(EDITS[edit]), capsys)

    checks = {what: {each["check"] for each in found} for what, found in said.items()}
    assert "since" in checks["older checkpoint"]
    for what in WITH_LEAVES:
        assert [each["index"] for each in said[what] if each["check"] == "since"][-1] == place
    assert "policy" in checks["policy, 3 of 3"]
    if level in WITHOUT_KEY:
        assert said["key alone"]
    else:  # not one signature of the log is wrong: who has its key needs no flaw
        assert not {"checkpoint", "tree", "F01", "whose"} & checks["key alone"]
    if level == "replays a time stamp" and EDITS[edit] is not attackers.tail_cut:
        replayed = [each for each in said["key alone"] if each["check"] == "anchors"]
        assert replayed
        assert all("it was replayed" in each["reason"] for each in replayed)
    if level == "owns all but one witness":
        assert "policy" not in checks["policy, 2 of 3"]  # a quorum that leaves one out is a quorum he reaches


def test_what_is_caught_by_whom_is_printed(capsys):
    if len(TABLE) < len(ATTACKS):
        pytest.skip("the table needs all attacks of this file in one process")
    lines = [
        "",
        f"| attacker | {' | '.join(f'{what} ({len(EDITS)} edits)' for what in KEPT)} |",
        "|---" * (1 + len(KEPT)) + "|",
    ]
    for level in LEVELS:
        cells = []
        for what in KEPT:
            found = [TABLE[level, edit][what] for edit in EDITS]
            caught = [each for each in found if each]
            named = sum(any(each["index"] is not None for each in one) for one in caught)
            cells.append(f"{len(caught)} caught, {named} with an entry")
        lines.append(f"| {level} | {' | '.join(cells)} |")
    unseen = [edit for edit in EDITS if not TABLE["has the log key", edit]["key alone"]]
    lines.append(f"With the key of the log and nothing kept, nobody sees: {'; '.join(unseen)}.")
    with capsys.disabled():
        print("\n".join(lines))

    assert len(unseen) > 0  # else this table would say that nothing need be kept
    for what in WITH_LEAVES:
        assert all(any(each["index"] is not None for each in TABLE[attack][what]) for attack in ATTACKS)
