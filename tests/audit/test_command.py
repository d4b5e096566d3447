"""`fairdraw audit` on real exports: it reads what is there, is the same every time, and is silent of a log that is broken."""

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from api.cli import main
from api.exporting import export
from tests.conftest import Told
from tests.forge import Forge, write
from tests.story import Story, entry_data, inspectors, new_ledger, objects
from verify import seed
from verify.audit.asked import FAMILIES
from verify.audit.words import FAMILIES as TOLD
from verify.audit.words import METHODS

ITEMS = ("CCSW-001", "CCSW-002", "CCSW-003", "CCSW-004")
HIDDEN = "91220101YY0000005X"


@pytest.fixture(scope="module")
def hiding(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A log in which one business is closed in the registry a day before each freeze and open again a day after it."""
    folder = tmp_path_factory.mktemp("hiding")
    story = Story(new_ledger(folder / "log", "demo.fairdraw.example/220200"))
    story.organise()
    plan = story.plan(dict.fromkeys(ITEMS, "key"))
    rows = objects(40)
    (shown,) = (row for row in rows if row["id"] == HIDDEN)
    for code in ITEMS:
        registries = story.registries(code, rows, inspectors(20, list(ITEMS)))
        story.ledger.advance_clock(30 * 86_400)
        told = {"registry": registries[0], "mode": "merge", "source": b"-"}
        story.do("market", "import_rows", rows=[{**shown, "status": "closed"}], **told)
        story.ledger.advance_clock(86_400)
        draw = story.freeze(plan, code, registries)
        story.ceremony(draw, code)
        story.ledger.advance_clock(86_400)
        story.do("market", "import_rows", rows=[shown], **told)
    with story.ledger as ledger:
        ledger.publish_checkpoint()
        export(ledger, folder / "export")
        return Told(folder / "export", ledger.vkey, b"", b"", folder / "log")


def audit(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main(["audit", *map(str, words)])
    out, err = capsys.readouterr()
    return code, out, err


def asked(capsys: pytest.CaptureFixture[str], *words: object) -> dict:
    code, out, err = audit(capsys, *words, "--json")
    assert code == 0, err
    return json.loads(out)


def test_a_business_that_hides_at_each_freeze_is_named_and_the_account_counted(hiding: Told, capsys):
    told = asked(capsys, hiding.export, "--vkey", hiding.vkey, "--samples", 19)

    (found,) = (each for each in told["asked"] if each["worth_asking"])
    assert (found["family"], found["subject"], found["cases"], found["seen"]) == ("away", HIDDEN, 4, 4)
    (removed,) = (each for each in told["asked"] if each["subject"].endswith("removed before a freeze"))
    assert removed["cases"] == 4
    (churn,) = told["churn"].values()
    assert churn["changed before a freeze"] == churn["changed else"] == 4  # it left before, it came back after
    ((near, others),) = told["days"].values()
    assert near == 4 * 11
    assert others > 60
    assert told["notes"] == []


def test_its_numbers_are_those_of_the_published_lists(story: Told, forge: Forge, capsys):
    told = asked(capsys, story.export, "--vkey", story.vkey, "--samples", 19)

    lists = [forge.rows(each["data"]["document"]) for each in forge.all("draw.objects-drawn")]
    pools = [forge.rows(each["data"]["documents"]["objects"]) for each in forge.all("draw.frozen")]
    due = {
        line["id"]: sum(each["id"] == line["id"] for rows in lists for each in rows)
        for pool in pools
        for line in pool
        if "excluded" not in line
    }
    assert told["draws"] == len(lists) == 2
    assert {each["subject"]: each["seen"] for each in told["asked"] if each["family"] == "selection"} == due


def test_the_same_export_gives_the_same_bytes(hiding: Told, tmp_path: Path, capsys):
    words = [hiding.export, "--vkey", hiding.vkey, "--samples", 50, "--page", tmp_path / "page.html"]

    first, page = audit(capsys, *words), (tmp_path / "page.html").read_bytes()
    second = audit(capsys, *words)

    assert first == second
    assert page == (tmp_path / "page.html").read_bytes()
    text = page.decode()
    assert HIDDEN in text
    assert not any(word in text for word in ("http", "src=", "href", "url(", "<script"))


def test_several_counties_are_asked_together(story: Told, hiding: Told, capsys):
    both = asked(capsys, story.export, hiding.export, "--vkey", hiding.vkey, "--vkey", story.vkey, "--samples", 19)
    alone = [asked(capsys, each.export, "--vkey", each.vkey, "--samples", 19) for each in (story, hiding)]

    def seen(told: dict) -> Counter[str]:
        return Counter({each["subject"]: each["seen"] for each in told["asked"] if each["family"] == "selection"})

    assert both["draws"] == 6
    assert both["notes"] == []
    assert seen(both) == seen(alone[0]) + seen(alone[1])
    assert len([each for each in both["asked"] if each["family"] == "teams"]) == 6


def test_nothing_is_counted_twice(story: Told, capsys):
    code, _, err = audit(capsys, story.export, story.export)

    assert code == 64
    assert "两次" in err


def test_of_a_log_that_does_not_hold_nothing_is_said(forge: Forge, tmp_path: Path, capsys):
    entry = forge.first("draw.objects-drawn")
    forge.edit_rows(entry, lambda rows: rows[1:])
    write(forge.rehash(), tmp_path / "export")

    code, out, err = audit(capsys, tmp_path / "export", "--vkey", forge.files["log.vkey"].decode().strip())

    assert code == 1
    assert out == ""
    assert "不作统计" in err


def test_without_its_library_it_says_how_to_get_it(story: Told, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.stats", None)

    code, out, err = audit(capsys, story.export)

    assert (code, out) == (64, "")
    assert "pip install scipy" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("words", [["--since", "tomorrow"], ["--samples", "0"], ["--samples", "x"], ["--what"]])
def test_wrong_usage_is_told(words, story: Told, capsys):
    code, out, _ = audit(capsys, story.export, *words)

    assert (code, out) == (64, "")


def test_draws_before_a_day_are_not_counted(hiding: Told, capsys):
    told = asked(capsys, hiding.export, "--since", "2099-01-01")

    assert told["draws"] == 0
    assert told["asked"] == []


def test_every_family_has_its_words():
    assert tuple(each.name for each in TOLD) == tuple(METHODS) == FAMILIES


def test_a_withheld_reveal_counts_for_the_account_that_withheld(tmp_path: Path, capsys):
    story = Story(new_ledger(tmp_path / "log"))
    story.organise()
    plan = story.plan({"CCSW-001": "key"})
    draw = story.freeze(plan, "CCSW-001", story.registries("CCSW-001", objects(20), inspectors(9, ["CCSW-001"])))
    (frozen,) = (each for each in story.did if each.kind == "draw.frozen")
    c0, secret = bytes.fromhex(entry_data(story.ledger, frozen.index)["c0"]), bytes(32)
    story.do("discipline", "check_in", draw=draw, phase="commit")
    for party, account in (("discipline", "discipline"), ("organiser", "market")):
        story.do(account, "commit", draw=draw, party=party, commitment=seed.commitment(c0, party, secret).hex())
    story.do("market", "close_commitments", draw=draw)
    story.do("discipline", "check_in", draw=draw, phase="reveal")
    story.do("discipline", "reveal", draw=draw, party="discipline", secret=secret.hex())
    story.ledger.advance_clock(1201)
    story.do("market", "withhold", draw=draw, party="organiser")
    with story.ledger as ledger:
        ledger.publish_checkpoint()
        export(ledger, tmp_path / "export")

        told = asked(capsys, tmp_path / "export", "--vkey", ledger.vkey)

    counts = {who.split()[-1]: each for who, each in told["conduct"].items()}
    assert counts["market"] == {"contributions": 1, "frozen": 1, "withheld": 1}
    assert counts["discipline"] == {"contributions": 1}
    assert {(each["subject"].split()[-2], each["p"]) for each in told["asked"]} == {
        ("market:", 0.5),
        ("discipline:", 1.0),
    }
