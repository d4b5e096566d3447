"""How the tests run, and the honest log they start from.

Property tests have no deadline, and in CI they repeat the same examples on every run.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from api.exporting import export
from tests.forge import Forge
from tests.postgres import Postgres, server
from tests.story import tell

settings.register_profile("local", deadline=None, max_examples=60)
settings.register_profile("ci", deadline=None, max_examples=60, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@dataclass(frozen=True)
class Told:
    """An honest log after a whole round: its export, its keys, and a checkpoint from before the second draw."""

    export: Path
    vkey: str
    key_pem: bytes
    older_checkpoint: bytes
    folder: Path


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Run the whole round once and export it; nobody may change what it returns."""
    folder = tmp_path_factory.mktemp("story")
    told = tell(folder / "log")
    with told.ledger as ledger:
        ledger.publish_checkpoint()
        with ledger.store.reading() as connection:
            (older,) = connection.execute("SELECT note FROM checkpoints ORDER BY size LIMIT 1 OFFSET 4").fetchone()
        export(ledger, folder / "export")
        key = (folder / "log" / "signer" / "key.pem").read_bytes()
        return Told(folder / "export", ledger.vkey, key, bytes(older), folder / "log")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Start one PostgreSQL for the whole run, in the moment a test first asks for it."""
    with server() as found:
        yield found


@pytest.fixture
def forge(story: Told) -> Forge:
    """What forges the log of the story."""
    return Forge(story.export, story.key_pem)
