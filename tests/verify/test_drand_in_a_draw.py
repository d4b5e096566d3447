"""A drand beacon inside a draw: the round is the one named by the freeze, and its signature is checked, or UNCHECKED."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from verify import beacon, bls, seed
from verify.ceremony import Draw
from verify.checks.seeds import check_beacons
from verify.entries import Entry
from verify.findings import Outcome

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "draw" / "drand-rounds.json"
ROUND = next(
    each
    for each in json.loads(VECTORS.read_text(encoding="utf-8"))
    if each["chain"] == "quicknet" and each["expect_valid"] and len(each["signature"]) == 96
)
DELTA = 600


def entry(index: int, kind: str, data: dict[str, Any]) -> Entry:
    actor = {"account": "market", "role": "organiser", "unit": "220100.market"}
    at = "2026-03-02T09:00:00.000+08:00"
    return Entry(b"", "00" * 32, index, at, "draw/220100-2026-0001", index + 1, kind, actor, f"c-{index}", data)


def draw(signature: str) -> Draw:
    """Return a draw whose freeze names one drand round, recorded with `signature`."""
    chain = beacon.QUICKNET
    until = chain.time_of(ROUND["round"]) - DELTA
    named = {"kind": "drand", "chain_hash": chain.hash().hex(), "round": ROUND["round"]}
    freeze = {"beacons": [named], "t_reveal": until, "delta": DELTA}
    try:
        b = seed.beacon_hash_drand(chain.hash(), ROUND["round"], bytes.fromhex(signature)).hex()
    except ValueError:
        b = "00" * 32
    recorded = {"position": 0, "signature": signature, "b": b}
    return Draw(
        "draw/220100-2026-0001",
        [
            entry(0, "draw.opened", {}),
            entry(1, "draw.frozen", {"freeze": freeze}),
            entry(2, "draw.beacon-recorded", recorded),
        ],
    )


def test_the_round_that_was_named_holds():
    checked = draw(ROUND["signature"])

    findings = list(check_beacons(checked))

    assert findings == []
    assert len(checked.beacons) == 1


def test_the_signature_of_another_round_is_broken():
    other = next(
        each["signature"]
        for each in json.loads(VECTORS.read_text(encoding="utf-8"))
        if each["chain"] == "quicknet" and each["expect_valid"] and each["round"] != ROUND["round"]
    )

    (finding,) = check_beacons(draw(other))

    assert (finding.check, finding.outcome) == ("V5", Outcome.BROKEN)
    assert f"not the signature of drand round {ROUND['round']}" in finding.en


def test_a_signature_of_another_length_is_broken():
    (finding,) = check_beacons(draw(ROUND["signature"] + "00"))

    assert (finding.check, finding.outcome) == ("V5", Outcome.BROKEN)


def test_without_the_pairing_library_the_round_is_unchecked(monkeypatch: pytest.MonkeyPatch):
    def missing() -> Any:
        raise bls.BlsMissing("not here")

    monkeypatch.setattr(bls, "_library", missing)

    (finding,) = check_beacons(draw(ROUND["signature"]))

    assert (finding.check, finding.outcome) == ("V5", Outcome.UNCHECKED)
