"""The one-file verifier as the service hands it out: its bytes, its hash in the log, and the page that names it."""

from __future__ import annotations

import hashlib

import pytest

from api.cli import main
from domain.ledger import Ledger
from tests.api.conftest import Doors
from tests.story import new_ledger
from verify import entries
from verify.program import NAME, program, release


def last(ledger: Ledger) -> entries.Entry:
    return entries.parse(next(ledger.store.entries(ledger.size - 1, ledger.size)))


def test_the_service_hands_out_the_program_that_it_runs(doors: Doors):
    answer = doors.get(f"/{NAME}")

    assert (answer.status_code, answer.content) == (200, program())
    assert answer.headers["content-type"] == "application/zip"
    assert doors.http.head(f"/{NAME}").headers["content-length"] == str(len(program()))


def test_its_hash_is_recorded_by_an_administrator_and_shown_to_everybody(doors: Doors):
    before = doors.http.get("/").text
    receipt = doors.post("/verifier", key="r-1")
    page = doors.http.get("/").text

    served = hashlib.sha256(doors.get(f"/{NAME}").content).hexdigest()
    assert receipt.status_code == 201, receipt.text
    assert (last(doors.ledger).kind, last(doors.ledger).data) == ("log.verifier-released", release().as_data())
    assert last(doors.ledger).data["sha256"] == served
    assert served in page
    assert served not in before
    assert [row["sha256"] for row in doors.get("/api/v1/verifier", "admin").json()["items"]] == [served]


def test_it_is_recorded_once_and_the_same_command_again_is_the_same_receipt(doors: Doors):
    first, again = doors.post("/verifier", key="r-1"), doors.post("/verifier", key="r-1")
    other = doors.post("/verifier", key="r-2")

    assert first.json() == again.json()
    assert other.status_code == 409
    assert "公布校验程序" in other.text


def test_nobody_but_an_administrator_releases_it(doors: Doors):
    doors.post("/units", {"unit": "220100.market", "name": "市场处", "kind": "office", "parent": "220100"})
    doors.post("/accounts", {"account": "market", "role": "organiser", "unit": "220100.market"})

    assert doors.post("/verifier", account=None).status_code == 401
    assert doors.post("/verifier", account="market").status_code == 403


def test_the_command_line_builds_it_and_releases_it(tmp_path, capsys: pytest.CaptureFixture[str]):
    with new_ledger(tmp_path / "log"):
        pass

    built = main(["build-verifier", str(tmp_path / NAME)])
    said = capsys.readouterr().out
    recorded = main(["release-verifier", "--dir", str(tmp_path / "log")])
    again = main(["release-verifier", "--dir", str(tmp_path / "log")])

    assert (built, recorded, again) == (0, 0, 0)  # the second is the first command again, which is no fault
    assert (tmp_path / NAME).read_bytes() == program()
    assert said.split()[0] == release().sha256
    with Ledger.open(tmp_path / "log") as ledger:
        assert last(ledger).data["sha256"] == release().sha256
        assert ledger.published_size == ledger.size
        assert sum(entries.parse(raw).kind == "log.verifier-released" for raw in ledger.store.entries()) == 1
