"""The whole round on PostgreSQL: its export says the same to a verifier as the one from SQLite."""

import importlib.util
from pathlib import Path

import pytest

from api.exporting import export
from tests.asking import answer
from tests.postgres import Cluster, NoPostgres, Postgres
from tests.story import tell
from verify import entries


def shape(folder: Path) -> list[tuple[object, ...]]:
    """What two logs of one story have in common: everything but keys, salts and what is derived from them."""
    recorded = [entries.parse(line) for line in (folder / "entries.jsonl").read_bytes().splitlines()]
    return [(e.index, e.stream, e.version, e.kind, e.actor, e.command, e.at) for e in recorded if e.noun != "inspection"]


def test_the_whole_round_on_postgresql_verifies_like_the_one_on_sqlite(
    story, postgres: Postgres, tmp_path: Path, capsys
) -> None:
    told = tell(tmp_path / "log", postgres.place().store)
    with told.ledger as ledger:
        export(ledger, tmp_path / "export")
        vkey = ledger.vkey

    one = answer(capsys, str(tmp_path / "export"), "--vkey", vkey)
    other = answer(capsys, str(story.export), "--vkey", story.vkey)

    found, expected = (
        sorted((each["check"], each["outcome"]) for each in findings["findings"] if each["check"] != "V9")
        for findings in (one, other)  # V9 also notes the recusals of whoever was drawn, which is chance
    )
    assert (one["exit"], one["outcome"]) == (0, "HOLDS")
    assert found == expected
    assert shape(tmp_path / "export") == shape(story.export)


def test_without_any_postgresql_the_tests_fail_and_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(NoPostgres, match="set FAIRDRAW_TEST_PG to the address of a superuser, install Debian's package"):
        Cluster()
