"""A log on PostgreSQL and its place: fixtures for what is true of that store only."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.postgres import LogPlace, Postgres
from tests.story import Story, new_ledger


@pytest.fixture
def place(postgres: Postgres) -> LogPlace:
    return postgres.place()


@pytest.fixture
def told(tmp_path: Path, place: LogPlace) -> Iterator[Story]:
    story = Story(new_ledger(tmp_path / "log", store=place.store))
    story.organise()
    story.ledger.publish_checkpoint()
    yield story
    story.ledger.close()


def connect(dsn: str, place: LogPlace) -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(dsn, options=f"-c search_path={place.schema}")
