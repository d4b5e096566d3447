"""The stores that the contract is tested on: a fixture `told` that gives a log in each of them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.postgres import Postgres
from tests.story import Story, new_ledger

START, FOREVER = "2026-03-02T09:00:00.000+08:00", "9999-01-01T00:00:00.000+08:00"
UNIT = {"name": "单位", "kind": "office", "parent": "220100"}


class Sqlite:
    """The log in a file; the writer's own connection is the mightiest there is."""

    settings: dict[str, str] | None = None

    def master(self, told: Story) -> AbstractContextManager[Any]:
        return told.ledger.store.writing()


class OnPostgres:
    """The log in a schema; its owner is mightier than the service."""

    def __init__(self, postgres: Postgres) -> None:
        self.place = postgres.place()
        self.settings: dict[str, str] | None = self.place.store

    @contextmanager
    def master(self, told: Story) -> Iterator[Any]:
        with psycopg.connect(self.place.owner, options=f"-c search_path={self.place.schema}") as connection:
            yield connection
            connection.rollback()


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Any:
    return OnPostgres(request.getfixturevalue("postgres")) if request.param == "postgres" else Sqlite()


@pytest.fixture
def told(tmp_path: Path, store: Any) -> Iterator[Story]:
    story = Story(new_ledger(tmp_path / "log", store=store.settings))
    story.organise()
    yield story
    story.ledger.close()
