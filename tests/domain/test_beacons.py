"""Beacons that nobody simulates: a published drand round and a lottery, mixed into one seed and checked again by a stranger."""

import json
from pathlib import Path
from typing import Any

import pytest

from api.exporting import export
from domain.clock import SteppedClock, after
from domain.errors import Conflict, Invalid
from tests.story import Story, entry_data, inspectors, new_ledger, objects
from verify import seed
from verify.__main__ import main
from verify.beacon import QUICKNET

CODE = "CCSW-003"
ROUNDS = json.loads((Path(__file__).parents[1] / "vectors" / "draw" / "drand-rounds.json").read_text("utf-8"))
ROUND = next(row for row in ROUNDS if row["chain"] == "quicknet" and row["round"] > 1000)
LOTTERY = {"kind": "lottery", "name": "双色球", "issue": "2023107", "ordered": [False, False]}


@pytest.fixture
def before_the_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A draw whose seed waits for a round that was really published, and for a lottery."""
    appears = QUICKNET.time_of(ROUND["round"])
    start = after("1970-01-01T08:00:00.000+08:00", appears - 3600)
    monkeypatch.setattr(SteppedClock.__init__, "__defaults__", (start,))
    with new_ledger(tmp_path / "log") as ledger:
        told = Story(ledger, year=2023)
        told.organise()
        registries = told.registries(CODE, objects(60), inspectors(20, [CODE]))
        plan = told.plan({CODE: "general"})
        facts = {"plan": plan, "item": CODE, "objects": registries[0], "inspectors": registries[1]}
        draw = told.do("market", "open_draw", **facts).stream
        told.do("discipline", "check_in", draw=draw, phase="freeze")
        terms: dict[str, Any] = {
            "parties": [
                {"id": "discipline", "role": "discipline", "account": "discipline", "key": None},
                {"id": "organiser", "role": "organiser", "account": "market", "key": None},
            ],
            "t_commit": appears - 1800,
            "t_reveal": appears - 600,
            "delta": 600,
            "beacons": [{"kind": "drand", "chain_hash": QUICKNET.hash().hex()}, LOTTERY],
            "waivers": dict.fromkeys(ledger.preview_freeze(draw)["waivers_needed"], "不足五户"),
            "cap": None,
            "fallback": [],
        }
        told.do("market", "freeze", draw=draw, **terms)
        told.commit_and_reveal(draw)
        yield told, draw, tmp_path


def test_the_round_is_computed_from_the_deadline_and_its_signature_becomes_part_of_the_seed(
    before_the_round: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    told, draw, folder = before_the_round
    told.ledger.advance_clock(3600)
    told.do("discipline", "check_in", draw=draw, phase="beacon")

    drand = told.do("market", "record_beacon", draw=draw, position=0, signature=ROUND["signature"])
    told.do("market", "record_beacon", draw=draw, position=1, key_string="3.7.12.19.28.31./9./")
    told.finish(draw)

    expected = seed.beacon_hash_drand(QUICKNET.hash(), ROUND["round"], bytes.fromhex(ROUND["signature"]))
    assert entry_data(told.ledger, drand.index)["b"] == expected.hex()
    told.ledger.publish_checkpoint()
    export(told.ledger, folder / "export")
    assert main([str(folder / "export"), "--vkey", told.ledger.vkey]) == 0, capsys.readouterr().out


def test_another_signature_is_refused(before_the_round: Any) -> None:
    told, draw, _ = before_the_round
    told.ledger.advance_clock(3600)
    told.do("discipline", "check_in", draw=draw, phase="beacon")
    other = next(row for row in ROUNDS if row["chain"] == "quicknet" and row is not ROUND)

    with pytest.raises(Invalid, match="not the signature of round"):
        told.do("market", "record_beacon", draw=draw, position=0, signature=other["signature"])


def test_a_96_byte_signature_of_another_network_is_refused(before_the_round: Any) -> None:
    told, draw, _ = before_the_round
    told.ledger.advance_clock(3600)
    told.do("discipline", "check_in", draw=draw, phase="beacon")
    chained = next(row for row in ROUNDS if row["chain"] == "default")

    with pytest.raises(Invalid, match="48"):
        told.do("market", "record_beacon", draw=draw, position=0, signature=chained["signature"])


def test_a_beacon_before_its_time_is_refused(before_the_round: Any) -> None:
    told, draw, _ = before_the_round
    told.do("discipline", "check_in", draw=draw, phase="beacon")

    with pytest.raises(Conflict, match="too early"):
        told.do("market", "record_beacon", draw=draw, position=0, signature=ROUND["signature"])


def test_an_unsorted_lottery_is_refused(before_the_round: Any) -> None:
    told, draw, _ = before_the_round
    told.ledger.advance_clock(3600)
    told.do("discipline", "check_in", draw=draw, phase="beacon")
    told.do("market", "record_beacon", draw=draw, position=0, signature=ROUND["signature"])

    with pytest.raises(Invalid, match="a lottery is written as"):
        told.do("market", "record_beacon", draw=draw, position=1, key_string="7.3.12.19.28.31./9./")


def test_no_seed_without_every_beacon_of_the_list(before_the_round: Any) -> None:
    told, draw, _ = before_the_round
    told.ledger.advance_clock(3600)
    told.do("discipline", "check_in", draw=draw, phase="beacon")
    told.do("market", "record_beacon", draw=draw, position=0, signature=ROUND["signature"])

    with pytest.raises(Conflict, match="needs beacon"):
        told.do("market", "derive_seed", draw=draw)
