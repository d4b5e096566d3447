"""Which store a log lives in: a small file says so, and one that cannot be understood is not guessed at."""

from pathlib import Path

import pytest

from domain.errors import Conflict, Invalid, Unavailable
from domain.ledger import Ledger
from domain.store.choice import Choice
from tests.story import new_ledger

POSTGRES = {"store": "postgres", "dsn": "host=db", "schema": "log_1"}
WRONG = {
    "another store": {"store": "paper"},
    "no store": {},
    "no schema": {"store": "postgres", "dsn": "host=db"},
    "a schema that needs quoting": {**POSTGRES, "schema": 'log"; DROP'},
    "a key nobody knows": {**POSTGRES, "password": "x"},
    "a number": {**POSTGRES, "dsn": 5},
    "a place for sqlite": {"store": "sqlite", "dsn": "x"},
}


@pytest.mark.parametrize("settings", WRONG.values(), ids=WRONG.keys())
def test_settings_that_name_no_store_are_refused(settings: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        Choice.of(settings)


def test_a_choice_comes_back_from_its_folder_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    Choice.of(POSTGRES).settle(tmp_path)
    Choice.of(POSTGRES).settle(tmp_path)

    assert Choice.read(tmp_path) == Choice.of(POSTGRES)
    assert (tmp_path / "store.json").stat().st_mode & 0o777 == 0o600
    with pytest.raises(Conflict, match="another store"):
        Choice().settle(tmp_path)


def test_without_a_file_a_log_lives_in_sqlite_and_stays_there(tmp_path: Path) -> None:
    with new_ledger(tmp_path / "log", store={"store": "sqlite"}) as ledger:
        assert not ledger.store.shared
    assert not (tmp_path / "log" / "store.json").exists()

    with pytest.raises(Conflict, match="another store"):
        new_ledger(tmp_path / "log", store=POSTGRES)


@pytest.mark.parametrize("text", ["", "[]", '{"store":"paper"}', "\udcff"])
def test_a_log_whose_choice_cannot_be_read_is_not_opened(tmp_path: Path, text: str) -> None:
    new_ledger(tmp_path / "log").close()
    (tmp_path / "log" / "store.json").write_bytes(text.encode("utf-8", "surrogateescape"))

    with pytest.raises(Unavailable, match=r"store.json cannot be read"):
        Ledger.open(tmp_path / "log")
