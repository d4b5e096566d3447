"""Checkpoints are shown to the witnesses of a log's policy; without their quorum draws stop, and nothing else does."""

import base64
import json
from pathlib import Path

import pytest

from api.exporting import export
from domain.errors import Conflict, Refusal, Unavailable
from domain.ledger import Ledger
from tests.asking import answer, of
from tests.domain.cheating import CODE
from tests.domain.commission import NAMES, Commission
from tests.story import Story, inspectors, objects
from tests.witnessing import ask, key_of, url_of
from verify import entries, note
from verify.checkpoint import open_checkpoint, parse
from verify.witness.state import Memory, name_of


def opened(story: Story) -> str:
    plan = story.plan({CODE: "general"})
    return story.freeze(plan, CODE, story.registries(CODE, objects(60), inspectors(20, [CODE])))


def test_every_witness_signs_what_is_published(commission: Commission) -> None:
    signed = commission.ledger.publish_cosigned()

    assert commission.cosigners(signed) == list(NAMES)
    assert commission.ledger.checkpoint() == signed
    assert commission.sizes() == dict.fromkeys(NAMES, commission.ledger.size)
    shown = ask(commission.servers["a.example"], "GET", f"/{name_of(commission.ledger.origin)}/checkpoint")[2]
    assert open_checkpoint(shown, note.parse_vkey(commission.ledger.vkey)).size == commission.ledger.size
    state = commission.cosigning.state(commission.ledger.published_size)
    assert (state["missing"], state["cosigned"], state["refusals"]) == (False, commission.ledger.size, 0)


def test_a_draw_with_its_cosigners_is_verified_to_the_end(commission: Commission, tmp_path: Path, capsys) -> None:
    draw = opened(commission.story)
    commission.story.ceremony(draw)
    export(commission.ledger, tmp_path / "export")
    lines = [f"log {commission.ledger.vkey}", *commission.lines(), "group two 2 a.example b.example c.example"]
    (tmp_path / "policy").write_text("\n".join([*lines, "quorum two"]), "utf-8")

    told = answer(capsys, str(tmp_path / "export"), "--policy", str(tmp_path / "policy"))

    assert told["exit"] == 0, of(told, "BROKEN") + of(told, "UNCHECKED")
    assert {"cosigned", "policy"} <= {each["check"] for each in of(told, "HOLDS")}
    recorded = [entries.parse(raw) for raw in commission.ledger.store.entries()]
    frozen = next(each for each in recorded if each.kind == "draw.frozen").data["freeze"]
    assert frozen["quorum"] == {"threshold": 2, "cosigners": [key_of(name).vkey for name in NAMES]}
    anchored = [each for each in recorded if "covered" in each.data]
    assert len(anchored) == 5
    assert all(len(each.data["covered"]["cosignatures"]) >= 2 for each in anchored)


def test_without_the_quorum_a_draw_is_suspended_and_all_else_goes_on(commission: Commission, tmp_path, capsys) -> None:
    draw = opened(commission.story)
    commission.stop("b.example", "c.example")
    commission.story.do("discipline", "check_in", draw=draw, phase="commit")
    commission.ledger.publish_cosigned()
    before = commission.ledger.size

    with pytest.raises(Unavailable) as caught:
        commission.story.do("discipline", "commit", draw=draw, party="discipline", commitment="ab" * 32)

    assert (caught.value.rule, "2 of a.example, b.example, c.example" in caught.value.en) == ("LEDGER 7", True)
    assert commission.ledger.size == before
    commission.story.do("admin", "register_unit", unit="220103", name="另一局", kind="county", parent="220100")
    signed = commission.ledger.publish_cosigned()
    assert commission.ledger.checkpoint() == signed
    assert (parse(signed)[0].size, commission.cosigners(signed)) == (before + 1, ["a.example"])
    state = commission.cosigning.state(commission.ledger.published_size)
    assert state["missing"]
    assert [bool(each["fault"]) for each in state["witnesses"]] == [False, True, True]

    commission.start("b.example")
    commission.story.do("discipline", "commit", draw=draw, party="discipline", commitment="ab" * 32)

    assert commission.cosigners(commission.ledger.checkpoint()) == ["a.example", "b.example"]
    assert not commission.cosigning.state(commission.ledger.published_size)["missing"]


def test_a_draw_that_named_cosigners_does_not_go_on_without_them_when_the_policy_is_taken_away(
    commission: Commission,
) -> None:
    draw = opened(commission.story)
    commission.story.do("discipline", "check_in", draw=draw, phase="commit")
    (commission.ledger.folder / "policy.txt").unlink()
    commission.reopen()

    with pytest.raises(Unavailable, match="not yet cosigned by 2 of"):
        commission.story.do("discipline", "commit", draw=draw, party="discipline", commitment="ab" * 32)

    assert commission.ledger.checkpoint() == commission.ledger.store.checkpoint()


@pytest.mark.parametrize("late", [False, True])
def test_the_reveals_are_cosigned_before_the_time_of_the_beacon_on_a_real_clock(
    commission: Commission, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    draw = opened(commission.story)
    frozen = entries.parse(next(commission.ledger.store.entries(commission.story.did[-1].index))).data["freeze"]
    beacon_at = frozen["t_reveal"] + frozen["delta"]
    commission.seconds = beacon_at - 1
    commission.story.commit_and_reveal(draw)
    commission.seconds = beacon_at if late else beacon_at - 1
    commission.ledger.publish_cosigned()
    commission.ledger.advance_clock(1800)
    commission.story.do("discipline", "check_in", draw=draw, phase="beacon")
    commission.seconds = beacon_at + 600
    commission.ledger.publish_cosigned()
    monkeypatch.setattr("domain.commands.draws.SteppedClock", int)  # so that this clock counts as a real one
    size, key = commission.ledger.size, "/".join([".".join("1234567890")] * 4) + "/"

    if late:
        with pytest.raises(Conflict, match="before the time of the beacon"):
            commission.story.do("market", "record_beacon", draw=draw, position=0, key_string=key)
        assert commission.ledger.size == size
    else:
        receipt = commission.story.do("market", "record_beacon", draw=draw, position=0, key_string=key)
        covered = entries.parse(next(commission.ledger.store.entries(receipt.index))).data["covered"]
        assert covered["size"] == size - 1  # the head of the reveals' close, not the one after the check-in


def test_a_restarted_service_learns_what_a_witness_has_and_shows_no_older_head(commission: Commission) -> None:
    signed = commission.ledger.publish_cosigned()
    commission.story.do("admin", "register_unit", unit="220103", name="另一局", kind="county", parent="220100")
    plain = commission.ledger.publish_checkpoint()
    assert commission.ledger.checkpoint() == signed  # nobody was asked about the new one yet

    commission.reopen()

    assert commission.ledger.checkpoint() == plain  # the old one may be behind what somebody was shown
    assert commission.cosigners(commission.ledger.publish_cosigned()) == list(NAMES)
    assert commission.sizes() == dict.fromkeys(NAMES, commission.ledger.size)


def test_a_log_that_was_put_back_is_refused_and_the_refusal_is_evidence(commission: Commission, tmp_path: Path) -> None:
    """The witnesses have cosigned another history of this log: what the operator's own signer would let pass they refuse."""
    commission.ledger.publish_cosigned()
    head = Memory.of(tmp_path / "a.example", commission.ledger.origin)
    text = (head.note() or b"").replace(b"\n%d\n" % commission.ledger.size, b"\n%d\n" % (commission.ledger.size - 1))
    head.put(text)  # as if it had cosigned this root at another size

    commission.story.do("admin", "register_unit", unit="220103", name="另一局", kind="county", parent="220100")
    signed = commission.ledger.publish_cosigned()

    (refused,) = commission.cosigning.kept.refusals()
    assert (refused["witness"], refused["status"]) == ("a.example", 422)
    assert base64.b64decode(refused["request"]).startswith(b"old %d\n" % (commission.ledger.size - 2))
    assert commission.cosigners(signed) == ["b.example", "c.example"]


UNUSABLE = {
    "no policy": ["trust me"],
    "groups of groups": ["group x 1 a.example", "group y 1 x", "quorum y"],
    "a quorum that cannot be asked": ["quorum a.example"],
    "another log's": [f"log {note.format_vkey('other.example', key_of('o').public)}", "quorum none"],
}


@pytest.mark.parametrize("lines", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_policy_that_cannot_be_followed_stops_the_start(commission: Commission, lines: list[str]) -> None:
    folder = commission.ledger.folder
    commission.ledger.close()
    (folder / "policy.txt").write_text("\n".join([f"witness a.example {key_of('a.example').vkey}", *lines]), "utf-8")

    with pytest.raises(Unavailable, match=r"policy\.txt cannot be used"):
        Ledger.open(folder)

    (folder / "policy.txt").unlink()
    commission.story.ledger = Ledger.open(folder)


def test_a_witness_that_left_the_policy_is_not_forgotten(commission: Commission) -> None:
    """A draw that was frozen with it still rests on what it signed."""
    commission.ledger.publish_cosigned()
    commission.reopen(commission.lines()[1], "quorum b.example")

    signed = commission.ledger.publish_cosigned()

    assert commission.cosigners(signed) == ["b.example", "a.example", "c.example"]


def test_cosigners_who_are_not_needed_do_not_hold_a_draw_up(commission: Commission) -> None:
    commission.reopen(*commission.lines(), "quorum none")
    commission.stop(*NAMES)
    draw = opened(commission.story)
    commission.story.do("discipline", "check_in", draw=draw, phase="commit")

    receipt = commission.story.do("discipline", "commit", draw=draw, party="discipline", commitment="ab" * 32)

    covered = entries.parse(next(commission.ledger.store.entries(receipt.index))).data["covered"]
    assert "cosignatures" not in covered
    assert json.loads(json.dumps(commission.cosigning.state(1)))["missing"] is False


def test_who_may_not_commit_makes_nobody_ask(commission: Commission) -> None:
    draw = opened(commission.story)
    commission.story.do("discipline", "check_in", draw=draw, phase="commit")

    with pytest.raises(Refusal):
        commission.story.do("clerk", "commit", draw=draw, party="discipline", commitment="ab" * 32)

    assert commission.sizes() == dict.fromkeys(NAMES, 0)
    assert url_of(commission.servers["a.example"]).startswith("http://127.0.0.1")
