"""A database that is put back from a backup does not start: what was signed since is missing, and it says what and how much.

The signer's memory lies beside the database, not in it. Where both are put back together only those can tell who have seen the
later checkpoint: witnesses, and everybody who kept one (`--since`).
"""

import shutil
import sqlite3
from pathlib import Path

import pytest

from domain.errors import Unavailable
from domain.ledger import Ledger
from tests.story import Story, inspectors, new_ledger, objects

BACKUPS = 20


class Backups:
    """Copies the files of a database while nobody writes, as an operator does with the service at rest."""

    def __init__(self, folder: Path) -> None:
        self.log, self.kept = folder / "log", folder / "backups"
        self.sizes: list[int] = []

    def take(self, ledger: Ledger) -> None:
        place = self.kept / str(len(self.sizes))
        place.mkdir(parents=True)
        for file in self.log.glob("ledger.db*"):
            shutil.copy2(file, place)
        self.sizes.append(ledger.size)

    def put_back(self, number: int) -> None:
        for file in self.log.glob("ledger.db*"):
            file.unlink()
        for file in (self.kept / str(number)).iterdir():
            shutil.copy2(file, self.log)


@pytest.fixture(scope="module")
def backups(tmp_path_factory: pytest.TempPathFactory) -> Backups:
    """Tell a round, with backups at twenty moments of it and one at its end."""
    folder = tmp_path_factory.mktemp("backups")
    taken = Backups(folder)
    with new_ledger(folder / "log") as ledger:
        story = Story(ledger)
        do, done = story.do, 0

        def watched(*given, **facts):
            nonlocal done
            receipt = do(*given, **facts)
            done += 1
            if done % 4 == 1 and len(taken.sizes) < BACKUPS:
                taken.take(ledger)
            return receipt

        story.do = watched  # type: ignore[method-assign]
        story.organise()
        plan = story.plan({"CCSW-001": "general"})
        draw = story.freeze(plan, "CCSW-001", story.registries("CCSW-001", objects(60), inspectors(20, ["CCSW-001"])))
        story.ceremony(draw)
        story.inspect(draw)
        ledger.publish_checkpoint()
        taken.take(ledger)
    return taken


def test_twenty_backups_were_taken_at_twenty_moments(backups: Backups) -> None:
    assert len(set(backups.sizes)) == BACKUPS + 1
    assert backups.sizes == sorted(backups.sizes)


@pytest.mark.parametrize("number", range(BACKUPS))
def test_a_database_from_a_backup_is_refused_and_told_what_it_lacks(backups: Backups, number: int) -> None:
    backups.put_back(number)
    before, last = backups.sizes[number], backups.sizes[-1]
    with sqlite3.connect(backups.log / "ledger.db") as connection:
        assert connection.execute("SELECT count(*) FROM entries").fetchone() == (before,)
    connection.close()

    with pytest.raises(
        Unavailable, match=f"database with {before} entries is older than the checkpoint of {last} "
    ) as refused:
        Ledger.open(backups.log)

    assert f"落后于已公布的检查点（{last} 条）" in refused.value.zh
    assert "fairdraw recover" in refused.value.en


def test_the_newest_one_starts_and_goes_on(backups: Backups) -> None:
    backups.put_back(BACKUPS)

    with Ledger.open(backups.log) as ledger:
        assert ledger.size == backups.sizes[-1]
        ledger.register_unit(
            ledger.actor("admin"), "after", unit="220100.after", name="处", kind="office", parent="220100"
        )
        ledger.publish_checkpoint()
        assert ledger.published_size == backups.sizes[-1] + 1


def test_a_backup_is_refused_after_every_other_attempt_too(backups: Backups) -> None:
    """The refusal leaves nothing behind that would let the second attempt pass."""
    backups.put_back(3)
    for _ in range(3):
        with pytest.raises(Unavailable, match="is older than the checkpoint"):
            Ledger.open(backups.log)
