"""A log is handed over from one key to the next: whoever was given either key sees the other coming, and nothing breaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.anchoring import anchor
from api.exporting import export
from domain.errors import Conflict, Forbidden, Invalid, Unavailable
from domain.ledger import Ledger
from domain.signer import Signer
from domain.signing import keys as signing_keys
from tests.asking import answer, of
from tests.cheats import common, on_keys
from tests.forge import Forge, write
from tests.postgres import Postgres
from tests.story import Story, inspectors, new_ledger, objects
from tests.timestamping import Authority
from verify import checkpoint, note


@dataclass
class Rotated:
    """A log in the middle of a rotation, and after it: exports `before`, `both` and `after`, and the two keys."""

    folder: Path
    old: str
    new: str


@pytest.fixture(scope="module")
def rotated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rotated]:
    folder = tmp_path_factory.mktemp("rotated")
    with new_ledger(folder / "log") as ledger:
        story = Story(ledger)
        story.organise()
        export(ledger, folder / "before")
        old, new = ledger.vkey, Signer(folder / "log" / "signer").add_key()
        plan = story.plan({"CCSW-003": "general", "CCSW-004": "general"})
        filled = {
            code: story.registries(code, objects(60), inspectors(8, ["CCSW-003", "CCSW-004"]))
            for code in ("CCSW-003", "CCSW-004")
        }
        draw = story.freeze(plan, "CCSW-003", filled["CCSW-003"])
        ledger.announce_key(ledger.actor("admin"), "announce", vkey=new)
        story.ceremony(draw)  # its parts rest on heads that both keys signed
        export(ledger, folder / "both")
        ledger.retire_key(ledger.actor("admin"), "retire", vkey=old)
        story.ceremony(story.freeze(plan, "CCSW-004", filled["CCSW-004"]))  # and these on heads of the new one
        export(ledger, folder / "after")
        yield Rotated(folder, old, new)


def lines_of(export_: Path, *vkeys: str) -> list[str]:
    raw = (export_ / "checkpoint").read_bytes()
    return [note.format_vkey(key.name, key.public) for key in note.open_note(raw, list(map(note.parse_vkey, vkeys)))[1]]


def test_both_keys_sign_meanwhile_and_each_alone_before_and_after(rotated: Rotated) -> None:
    keys = rotated.old, rotated.new

    assert lines_of(rotated.folder / "before", *keys) == [rotated.old]
    assert lines_of(rotated.folder / "both", *keys) == [rotated.old, rotated.new]
    assert lines_of(rotated.folder / "after", *keys) == [rotated.new]
    stated = [(rotated.folder / name / "log.vkey").read_text().strip() for name in ("before", "both", "after")]
    assert stated == [rotated.old, rotated.old, rotated.new]


@pytest.mark.parametrize("which", ["old", "new"])
@pytest.mark.parametrize("name", ["both", "after"])
def test_the_verifier_accepts_either_key(
    rotated: Rotated, name: str, which: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = answer(capsys, str(rotated.folder / name), "--vkey", getattr(rotated, which))

    assert of(told, "BROKEN") == []
    assert "whose" in {each["check"] for each in of(told, "HOLDS")}
    assert "keys" in {each["check"] for each in of(told, "HOLDS")}
    assert any(each["check"] == "keys" for each in of(told, "NOTED")) is (name == "both")


@pytest.mark.parametrize("which", ["old", "new"])
def test_an_older_checkpoint_and_a_policy_stay_good(
    rotated: Rotated, which: str, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = rotated.folder / f"policy-{which}"
    policy.write_text(f"log {getattr(rotated, which)}\nquorum none\n")
    for older in ("before", "both"):
        since = str(rotated.folder / older / "checkpoint")
        told = answer(capsys, str(rotated.folder / "after"), "--policy", str(policy), "--since", since)

        assert of(told, "BROKEN") == []
        assert {"since", "policy", "whose"} <= {each["check"] for each in of(told, "HOLDS")}


def test_the_chain_alone_does_not_follow_a_handover_and_says_so(
    rotated: Rotated, capsys: pytest.CaptureFixture[str]
) -> None:
    followed = answer(capsys, str(rotated.folder / "after"), "--chain", "--vkey", rotated.new)
    asked = answer(capsys, str(rotated.folder / "after"), "--chain", "--vkey", rotated.old)
    stranger = answer(
        capsys, str(rotated.folder / "after"), "--chain", "--vkey", on_keys.vkey_of(on_keys.NEW, "x.example")
    )

    assert [told["exit"] for told in (followed, asked, stranger)] == [2, 2, 1]
    assert "whether keys were handed over" in next(
        each["reason"] for each in of(asked, "UNCHECKED") if each["check"] == "whose"
    )


def test_a_log_that_announces_a_key_and_cannot_sign_with_it_is_not_that_keys(
    story, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Anybody can announce the key of another log of this name: it is public."""
    forge = Forge(story.export, story.key_pem)
    common.first_draw(forge)
    on_keys.announced(forge)
    export_ = str(write(on_keys.signed_by(forge, forge.private), tmp_path / "early"))

    new = answer(capsys, export_, "--vkey", on_keys.new_key(forge))
    old = answer(capsys, export_, "--vkey", story.vkey)

    assert new["exit"] == 1
    assert any("no known key signed" in each["reason"] for each in of(new, "BROKEN") if each["check"] == "checkpoint")
    assert old["exit"] == 0


@pytest.mark.parametrize("honest", [on_keys.both_sign, on_keys.handed_over])
def test_a_forger_who_hands_over_as_it_should_be_is_not_named(
    honest, story, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So it is the handover that is found in the table of cheats, not the forger's hand."""
    files = honest(Forge(story.export, story.key_pem))

    told = answer(capsys, str(write(files, tmp_path / "f")), "--vkey", story.vkey)

    assert told["exit"] == 0, of(told, "BROKEN") + of(told, "UNCHECKED")


def added_by_hand(folder: Path) -> str:
    """Give a signer one more key behind its back."""
    signing_keys.make_missing(folder, {"file": "by-hand.pem"})
    signing_keys.write_sources(folder, [*signing_keys.sources(folder), {"file": "by-hand.pem"}])
    return Signer(folder).vkeys[-1]


def test_the_ledger_refuses_what_would_break_the_handover(tmp_path: Path) -> None:
    with new_ledger(tmp_path / "log") as ledger:
        Story(ledger).organise()
        admin, own = ledger.actor("admin"), Signer(tmp_path / "log" / "signer")
        old, new = ledger.vkey, own.add_key()
        elsewhere = note.format_vkey("ledger.example/2", bytes(31) + b"\x09")
        unheld = note.format_vkey(ledger.origin, bytes(31) + b"\x09")

        with pytest.raises(Forbidden):
            ledger.announce_key(ledger.actor("market"), "a-1", vkey=new)
        with pytest.raises(Invalid, match="no Ed25519 key of"):
            ledger.announce_key(admin, "a-2", vkey=elsewhere)
        with pytest.raises(Invalid, match="no verifier key"):
            ledger.announce_key(admin, "a-3", vkey="x")
        with pytest.raises(Conflict, match="does not have this key"):
            ledger.announce_key(admin, "a-4", vkey=unheld)
        with pytest.raises(Conflict):
            ledger.announce_key(admin, "a-5", vkey=old)
        with pytest.raises(Conflict):
            ledger.retire_key(admin, "r-1", vkey=old)
        ledger.announce_key(admin, "a-6", vkey=new)
        with pytest.raises(Conflict, match="a rotation is not over") as refused:
            own.add_key()
        assert (refused.value.rule, own.vkeys) == ("LEDGER 7", [old, new])
        third = added_by_hand(tmp_path / "log" / "signer")
        with pytest.raises(Conflict):
            ledger.announce_key(admin, "a-7", vkey=third)
        own.drop_key(third)
        with pytest.raises(Conflict):
            ledger.retire_key(admin, "r-2", vkey=new)
        receipt = ledger.retire_key(admin, "r-3", vkey=old)
        assert ledger.retire_key(admin, "r-3", vkey=old) == receipt
        head = checkpoint.parse(ledger.publish_checkpoint())[0]
        assert ledger.vkey == new
        own.drop_key(old)
        assert head.size == ledger.size

    with Ledger.open(tmp_path / "log") as ledger:
        assert ledger.vkey == new
        ledger.publish_checkpoint()


def test_a_signer_that_lost_a_key_of_the_log_is_refused(tmp_path: Path) -> None:
    with new_ledger(tmp_path / "log") as ledger:
        own = Signer(tmp_path / "log" / "signer")
        new = own.add_key()
        ledger.announce_key(ledger.actor("admin"), "a", vkey=new)
        own.drop_key(new)
        with pytest.raises(Unavailable, match="does not have the key"):
            ledger.publish_checkpoint()

    with pytest.raises(Unavailable, match="lacks the keys"):
        Ledger.open(tmp_path / "log")


def test_two_workers_on_postgresql_hand_over_together(
    postgres: Postgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What one of them announces, the other signs with; a stamp of either is seen by both."""
    authority = Authority(tmp_path / "tsa")
    with new_ledger(tmp_path / "log", store=postgres.place().store) as one, Ledger.open(tmp_path / "log") as other:
        old, new = one.vkey, Signer(tmp_path / "log" / "signer").add_key()
        one.announce_key(one.actor("admin"), "a", vkey=new)
        note_of_both = other.publish_checkpoint()
        other.retire_key(other.actor("admin"), "r", vkey=old)
        one.publish_checkpoint()
        anchored = anchor(one, authority.reply)

        assert len(note.split(note_of_both)[1]) == 2
        assert (one.vkey, other.vkey) == (new, new)
        assert anchored is not None
        assert anchor(other, authority.reply) is None
        export(other, tmp_path / "export")
    (tmp_path / "root.pem").write_bytes(authority.root)
    told = answer(capsys, str(tmp_path / "export"), "--vkey", old, "--tsa", str(tmp_path / "root.pem"))
    assert of(told, "BROKEN") == []
    assert {"anchors", "keys", "whose"} <= {each["check"] for each in of(told, "HOLDS")}
