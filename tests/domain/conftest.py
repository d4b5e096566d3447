"""A ledger in a folder of its own, on a stepped clock, with its units, accounts and calendar."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain import cosigning
from tests.domain.commission import NAMES, Commission
from tests.story import Story, new_ledger


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Story]:
    story = Story(new_ledger(tmp_path / "log"))
    story.organise()
    yield story
    story.ledger.close()


@pytest.fixture
def commission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Commission]:
    monkeypatch.setattr(cosigning, "WAIT", 2.0)
    made = Commission(tmp_path, Story(new_ledger(tmp_path / "log")))
    made.story.organise()
    made.start(*NAMES)
    made.reopen(*made.lines(), "group quorum-of-two 2 a.example b.example c.example", "quorum quorum-of-two")
    yield made
    made.stop(*list(made.running))
    made.ledger.close()
