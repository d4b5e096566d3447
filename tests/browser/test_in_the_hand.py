"""What a person holds in the hand: a receipt or a self-check that shows nothing is never said to hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.in_the_hand import altered, ask, receipt, self_check
from tests.forge import Forge
from tests.witnessing import key_of
from verify import note


@pytest.fixture
def forge(story) -> Forge:
    return Forge(story.export, story.key_pem)


Edit = Callable[[dict[str, Any], str], object]


def somebody(forge: Forge, listed: bool, excluded: bool = False) -> str:
    """Return the id of a business of the first draw."""
    drawn = {row["id"] for row in forge.rows(forge.first("draw.objects-drawn")["data"]["document"])}
    pool = forge.rows(forge.first("draw.frozen")["data"]["documents"]["objects"])
    return next(row["id"] for row in pool if (row["id"] in drawn) == listed and ("excluded" in row) == excluded)


def test_an_honest_receipt_and_self_checks_hold(forge, story, tmp_path):
    (tmp_path / "r.tlog-proof").write_bytes(receipt(forge.honest, 47))
    assert ask(tmp_path / "r.tlog-proof", story.vkey)["outcome"] == "HOLDS"
    for who in ((True, False), (False, False), (False, True)):
        (tmp_path / "s.json").write_bytes(self_check(forge.honest, somebody(forge, *who)))
        assert ask(tmp_path / "s.json", story.vkey)["outcome"] == "HOLDS"


def test_an_altered_entry_with_an_honest_path_is_refused_without_ed25519_too(forge, story, tmp_path):
    (tmp_path / "r.tlog-proof").write_bytes(altered(receipt(forge.honest, 47)))

    assert ask(tmp_path / "r.tlog-proof", story.vkey, ed25519=False)["outcome"] == "BROKEN"
    assert ask(tmp_path / "r.tlog-proof", story.vkey)["outcome"] == "BROKEN"


def test_without_ed25519_nothing_in_the_hand_is_said_to_hold(forge, story, tmp_path):
    (tmp_path / "r.tlog-proof").write_bytes(receipt(forge.honest, 47))
    (tmp_path / "s.json").write_bytes(self_check(forge.honest, somebody(forge, True)))

    for name in ("r.tlog-proof", "s.json"):
        told = ask(tmp_path / name, story.vkey, ed25519=False)
        assert (told["outcome"], told["exit"]) == ("UNCHECKED", 2)
        assert told["reason"] == "the signatures were not checked: this proves nothing"


def test_a_signature_of_the_wrong_length_needs_no_ed25519_to_be_refused(forge, story, tmp_path):
    head, _, _ = forge.honest["checkpoint"].rpartition(b"\n\n")
    line = note.format_signature(forge.key.name, forge.key.key_id, bytes(65))
    files = forge.honest | {"checkpoint": head + b"\n\n" + line}
    (tmp_path / "s.json").write_bytes(self_check(files, somebody(forge, True)))

    assert ask(tmp_path / "s.json", story.vkey, ed25519=False)["outcome"] == "BROKEN"


def without_the_stratum(data: dict[str, Any], own: str) -> None:
    """The sums are right, so that only the lack can give it away."""
    gone = data["strata"].pop(own)
    _other(data, own)["n"] += gone["n"]
    _other(data, own)["k"] += gone["k"]


def no_threshold(data: dict[str, Any], own: str) -> None:
    data["strata"][own]["threshold"] = None


def no_threshold_elsewhere(data: dict[str, Any], own: str) -> None:
    _other(data, own)["threshold"] = None


def threshold_of_nobody(data: dict[str, Any], own: str) -> None:
    other = _other(data, own)
    _third(data, own)["k"] += other["k"]
    other["k"] = 0


def stratum_of_nobody(data: dict[str, Any], own: str) -> None:
    stratum, other = data["strata"][own], _other(data, own)
    other["n"] += stratum["n"]
    other["k"] += stratum["k"]
    stratum.update(n=0, k=0, threshold=None)


def one_too_many_in_a_stratum(data: dict[str, Any], own: str) -> None:
    _other(data, own)["n"] += 1


def one_too_many_drawn(data: dict[str, Any], own: str) -> None:
    _other(data, own)["k"] += 1


def _other(data: dict[str, Any], own: str) -> dict[str, Any]:
    return next(each for name, each in data["strata"].items() if name != own)


def _third(data: dict[str, Any], own: str) -> dict[str, Any]:
    return [each for name, each in data["strata"].items() if name != own][1]


EDITS: list[Edit] = [
    without_the_stratum,
    no_threshold,
    no_threshold_elsewhere,
    threshold_of_nobody,
    stratum_of_nobody,
    one_too_many_in_a_stratum,
    one_too_many_drawn,
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_strata_that_contradict_the_freeze_or_the_list_are_refused(edit: Edit, forge, story, tmp_path):
    """By whoever holds the key of the log: everything is linked and signed anew."""
    business = somebody(forge, False)
    pool = forge.rows(forge.first("draw.frozen")["data"]["documents"]["objects"])
    edit(forge.first("draw.objects-drawn")["data"], next(row["stratum"] for row in pool if row["id"] == business))
    (tmp_path / "s.json").write_bytes(self_check(forge.resign(), business))

    told = ask(tmp_path / "s.json", story.vkey)

    assert told["outcome"] == "BROKEN"
    assert "stratum" in told["reason"] or "strata" in told["reason"] or "threshold is null" in told["reason"]


def test_a_policy_is_asked_of_what_is_in_the_hand(forge, story, tmp_path):
    """One witness of two cosigned; without Ed25519 nobody can tell."""
    both = [key_of("a.example"), key_of("b.example")]
    text = note.split(forge.honest["checkpoint"])[0]
    cosigned = forge.honest["checkpoint"] + both[0].cosign(text, 1)
    (tmp_path / "r.tlog-proof").write_bytes(receipt(forge.honest | {"checkpoint": cosigned}, 47))
    lines = [f"log {story.vkey}", *(f"witness {key.name} {key.vkey}" for key in both), "group two all a.example b.example"]

    def told(quorum: str, ed25519: bool = True) -> dict[str, Any]:
        (tmp_path / "policy").write_text("\n".join([*lines, f"quorum {quorum}"]))
        return ask(tmp_path / "r.tlog-proof", None, "--policy", str(tmp_path / "policy"), ed25519=ed25519)

    assert (told("a.example")["outcome"], told("a.example")["cosigned"]) == ("HOLDS", ["a.example"])
    assert (told("two")["outcome"], told("two", ed25519=False)["outcome"]) == ("BROKEN", "UNCHECKED")
