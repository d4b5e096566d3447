"""A published checkpoint is stamped by an authority outside, and the verifier says whether the log's times can be true."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import anchoring
from api.anchoring import Anchorer, Schedule, anchor, over_http
from api.app import create_app
from api.cli import main
from api.exporting import export
from domain.errors import Invalid, Unavailable
from domain.ledger import Ledger
from tests.asking import answer, of
from tests.timestamping import Authority
from verify import entries


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.create(tmp_path / "log", "ledger.example/220100", unit="220100", unit_name="市商务局") as made:
        yield made


def more(ledger: Ledger, unit: str) -> None:
    ledger.register_unit(ledger.actor("admin"), f"c-{unit}", unit=unit, name="示例单位", kind="office", parent=None)


def test_a_stamped_checkpoint_holds_with_the_authoritys_certificate(
    ledger: Ledger, authority: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger.publish_checkpoint()
    receipt = anchor(ledger, authority.reply)
    export(ledger, tmp_path / "export")
    (tmp_path / "root.pem").write_bytes(authority.root)
    other = Authority(tmp_path / "other", "另一机构")
    (tmp_path / "other.pem").write_bytes(other.root)

    asked = ["--vkey", ledger.vkey]
    held = answer(capsys, str(tmp_path / "export"), *asked, "--tsa", str(tmp_path / "root.pem"))
    alone = answer(capsys, str(tmp_path / "export"), *asked)
    elsewhere = answer(capsys, str(tmp_path / "export"), *asked, "--tsa", str(tmp_path / "other.pem"))

    assert receipt is not None
    entry = entries.parse(next(ledger.store.entries(receipt.index)))
    assert (entry.kind, entry.actor["account"], entry.data["covered"]["size"]) == ("checkpoint.anchored", "system", 3)
    assert [each["check"] for each in of(held, "BROKEN")] == []
    assert [each["reason"] for each in of(held, "HOLDS") if each["check"] == "anchors"] == [
        "1 checkpoints were stamped by this authority, the last one over 3 entries."
    ]
    assert "no certificate of the authority" in reasons(alone, "UNCHECKED")[0]
    assert alone["exit"] == 2
    assert "does not hold" in reasons(elsewhere, "BROKEN")[0]


def reasons(told: dict[str, list[dict[str, str]]], outcome: str) -> list[str]:
    return [each["reason"] for each in of(told, outcome) if each["check"] == "anchors"]


def test_nothing_is_stamped_twice_and_a_stamp_asks_for_no_other(ledger: Ledger, authority: Authority) -> None:
    ledger.publish_checkpoint()

    first, second = anchor(ledger, authority.reply), anchor(ledger, authority.reply)
    more(ledger, "220199")
    ledger.publish_checkpoint()
    third, fourth = anchor(ledger, authority.reply), anchor(ledger, authority.reply)

    assert first is not None
    assert third is not None
    assert (second, fourth) == (None, None)
    assert third.index == first.index + 2


def test_an_authority_that_answers_otherwise_leaves_no_entry(ledger: Ledger, authority: Authority) -> None:
    ledger.publish_checkpoint()
    kept: list[bytes] = []

    def keeping(query: bytes) -> bytes:
        kept.append(authority.reply(query))
        raise OSError("gone")

    def down(_: bytes) -> bytes:
        raise OSError("no route")

    with pytest.raises(Unavailable, match="gone"):
        anchor(ledger, keeping)
    for fetch, words in (
        (down, "no route"),
        (lambda _: b"<html>", "no usable"),
        (lambda _: kept[0], "another query"),
        (lambda query: b"".join([authority.reply(query), b"\0"]), "no usable"),
    ):
        with pytest.raises(Unavailable, match=words):
            anchor(ledger, fetch)
    more(ledger, "220199")
    ledger.publish_checkpoint()
    with pytest.raises(Unavailable, match="something else"):
        anchor(ledger, lambda _: kept[0])

    assert all(entries.parse(raw).kind != "checkpoint.anchored" for raw in ledger.store.entries())


def test_the_command_line_asks_an_authority_over_http(
    ledger: Ledger, authority: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "log")
    ledger.close()
    with authority.serving() as url:
        codes = [main(["anchor", "--dir", folder, "--url", url]) for _ in range(2)]
        told = capsys.readouterr().out
        assert main(["anchor", "--dir", folder, "--url", url, "--every", "3600"]) == 0
        refused = main(["anchor", "--dir", folder, "--url", "file:///etc/passwd"])
        often = main(["anchor", "--dir", folder, "--url", url, "--every", "1"])

    assert codes == [0, 0]
    assert "recorded as entry 3" in told
    assert "nothing is new" in told
    assert json.loads((tmp_path / "log" / "anchor.json").read_text()) == {"url": url, "seconds": 3600}
    assert (refused, often) == (1, 1)


def test_a_service_asks_by_its_schedule_and_goes_on_without_an_answer(
    ledger: Ledger, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchoring, "LEAST", 0)
    monkeypatch.setattr(Schedule, "__post_init__", lambda _: None)
    monkeypatch.setattr(anchoring, "AGAIN", 0.05)
    monkeypatch.setattr(anchoring, "SOON", 0.05)
    with authority.serving() as url:
        (ledger.folder / "anchor.json").write_text(json.dumps({"url": url, "seconds": 0.05}))
        with TestClient(create_app(ledger)) as client:
            until = time.monotonic() + 30
            while client.get("/checkpoint").text.split("\n")[1:2] != ["4"]:
                assert time.monotonic() < until
                time.sleep(0.05)
    gone = Anchorer(ledger, Schedule(url, 3600))
    more(ledger, "220198")
    ledger.publish_checkpoint()

    assert gone.tend() == 0.05
    more(ledger, "220199")
    assert entries.parse(next(ledger.store.entries(3))).kind == "checkpoint.anchored"


def test_a_service_that_is_often_restarted_asks_one_interval_after_the_last_stamp(
    ledger: Ledger, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    def stopped(_: threading.Event, seconds: float) -> bool:
        waited.append(seconds)
        return True

    monkeypatch.setattr(threading.Event, "wait", stopped)

    for _ in range(2):
        ledger.publish_checkpoint()
        Anchorer(ledger, Schedule("http://127.0.0.1:9/", 3600))._run()
        anchor(ledger, authority.reply)

    assert waited[0] == anchoring.SOON
    assert 3500 < waited[1] <= 3600


def test_only_one_worker_asks(ledger: Ledger, authority: Authority) -> None:
    from domain.lockfile import LockFile

    ledger.publish_checkpoint()
    held = LockFile(ledger.folder / "anchorer")

    assert Anchorer(ledger, Schedule("http://127.0.0.1:9/", 3600), authority.reply).tend() == 3600
    assert ledger.size == 3
    held.release()
    assert Anchorer(ledger, Schedule("http://127.0.0.1:9/", 3600), authority.reply).tend() == 3600
    assert ledger.size == 4


def test_a_schedule_that_is_none_stops_the_service_at_its_start(ledger: Ledger) -> None:
    (ledger.folder / "anchor.json").write_text("[]")

    with pytest.raises(Unavailable, match=r"anchor\.json cannot be read"):
        Schedule.read(ledger.folder)
    with pytest.raises(Invalid):
        Schedule("ftp://x/", 3600)
    assert callable(over_http("http://127.0.0.1:9/"))
