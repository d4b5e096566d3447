"""Two verifiers, one written from the other's specification, give the same verdict: on honest, forged and mutated logs."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from api.exporting import export
from tests.asking import answer
from tests.browser.javascript import Verifier, broken
from tests.browser.mutations import mutate
from tests.cheats import on_ceremonies
from tests.cheats.common import Cheat
from tests.forge import Forge, write
from tests.story import Story, inspectors, new_ledger, objects
from tests.test_stamped import CHEATS as STAMPED
from tests.test_stamped import Stamped, stamp_twice
from tests.test_tampering import CASES, Case

MUTATIONS = 300
PORTION = 50


@pytest.fixture(scope="module")
def javascript() -> Iterator[Verifier]:
    with Verifier() as verifier:
        yield verifier


def first(told: dict) -> int | None:
    """Return the least index of an entry that is called BROKEN, or None where none is named."""
    return min((index for _, index in broken(told) if index is not None), default=None)


def test_both_say_of_the_honest_export_that_it_holds(story, javascript, capsys):
    python, other = answer(capsys, str(story.export), "--vkey", story.vkey), javascript.ask(story.export, story.vkey)

    assert (python["exit"], other["exit"]) == (0, 0), other["findings"]
    codes = {each["check"] for each in python["findings"] if each["outcome"] == "HOLDS"}
    assert codes <= {each["check"] for each in other["findings"] if each["outcome"] in ("HOLDS", "NOTED")}


def test_both_say_of_objects_that_stay_without_a_team_that_it_holds(javascript, tmp_path, capsys):
    """Two inspectors are eligible, and one is recused from most objects."""
    told = Story(new_ledger(tmp_path / "log"))
    told.organise()
    plan = told.plan({"CCSW-003": "general"})
    rows, people = objects(60), inspectors(2, ["CCSW-003"])
    people[0]["conflicts"] = [row["id"] for row in rows[3:]]
    told.ceremony(told.freeze(plan, "CCSW-003", told.registries("CCSW-003", rows, people)))
    with told.ledger as ledger:
        ledger.publish_checkpoint()
        export(ledger, tmp_path / "export")
        vkey = ledger.vkey

    python, other = answer(capsys, str(tmp_path / "export"), "--vkey", vkey), javascript.ask(tmp_path / "export", vkey)

    assert b'"unassigned":0' not in (tmp_path / "export" / "entries.jsonl").read_bytes()
    assert (python["exit"], other["exit"]) == (0, 0), other["findings"]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_both_name_the_cheat(case: Case, story, javascript, tmp_path, capsys):
    forged = write(case.cheat(Forge(story.export, story.key_pem)), tmp_path / "forged")

    python, other = answer(capsys, str(forged), "--vkey", story.vkey), javascript.ask(forged, story.vkey)

    assert other["exit"] == python["exit"], other["findings"]
    assert any((each["check"], each["outcome"]) == (case.check, case.outcome) for each in other["findings"])
    assert first(other) == first(python), (broken(python), broken(other))
    assert all(each["reason_zh"] and each["reason"] for each in other["findings"])


LOTTERY = {"kind": "lottery", "name": "示例3D", "issue": "2026001", "ordered": [True]}
TERMS = {
    "no beacon": {"beacons": []},
    "an unknown drand network": {"beacons": [{"kind": "drand", "chain_hash": "ab" * 32, "round": 5}]},
    "two lotteries": {"beacons": [LOTTERY, LOTTERY | {"issue": "2026002"}]},
    "a quorum of nobody": {"quorum": {"threshold": 1, "cosigners": []}},
    "a ladder of caps": {"cap": 1, "fallback": [{"cap": 2}, {"cap": None}]},
    "no cap at the first rung": {"cap": 0},
}


@pytest.mark.parametrize("terms", TERMS.values(), ids=TERMS.keys())
def test_both_say_the_same_of_other_terms(terms: dict, story, javascript, tmp_path, capsys):
    forged = write(on_ceremonies.terms(**terms)(Forge(story.export, story.key_pem)), tmp_path / "forged")

    python, other = answer(capsys, str(forged), "--vkey", story.vkey), javascript.ask(forged, story.vkey)

    assert other["exit"] == python["exit"], other["findings"]
    assert first(other) == first(python)


@pytest.fixture(scope="module")
def stamped(tmp_path_factory) -> Stamped:
    return stamp_twice(tmp_path_factory.mktemp("stamped"))


@pytest.mark.parametrize("cheat", [None, *(cheat for cheat, _, _ in STAMPED.values())], ids=["honest", *STAMPED])
def test_both_say_the_same_of_time_stamps(cheat: Cheat | None, stamped, javascript, tmp_path, capsys):
    """Without the authority's certificate: what only that shows is UNCHECKED with both."""
    files = Forge(stamped.export, stamped.pem).honest if cheat is None else cheat(Forge(stamped.export, stamped.pem))
    folder = write(files, tmp_path / "f")

    python, other = answer(capsys, str(folder), "--vkey", stamped.vkey), javascript.ask(folder, stamped.vkey)

    assert other["exit"] == python["exit"]
    assert broken(other) == broken(python)


@pytest.mark.parametrize("portion", range(MUTATIONS // PORTION))
def test_both_say_the_same_of_mutated_exports(portion: int, story, javascript, tmp_path, capsys):
    verdicts, places, caught = [], [], 0
    for number in range(portion * PORTION, (portion + 1) * PORTION):
        said, files = mutate(Forge(story.export, story.key_pem), number)
        mutated = write(files, tmp_path / str(number))

        python, other = answer(capsys, str(mutated), "--vkey", story.vkey), javascript.ask(mutated, story.vkey)

        caught += python["exit"] == 1
        told = (number, said, sorted(broken(python) ^ broken(other), key=json.dumps))
        if python["exit"] != other["exit"]:
            verdicts.append(told)
        elif first(python) != first(other):
            places.append(told)

    assert not verdicts
    # Where a fact that others rest on cannot be read, the first thing said about the rest may differ.
    assert len(places) <= 1, places
    assert caught > PORTION * 0.9
