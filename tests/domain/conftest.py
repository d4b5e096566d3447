"""A ledger in a folder of its own, on a stepped clock, with its units, accounts and calendar."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.story import Story, new_ledger


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Story]:
    story = Story(new_ledger(tmp_path / "log"))
    story.organise()
    yield story
    story.ledger.close()
