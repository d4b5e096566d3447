"""A static log at three sizes, and a disk on which its publisher dies at any step that a test names."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from api.publishing import Publisher
from domain.ledger import Ledger
from tests.growing import grow
from tests.story import tell
from verify import note
from verify.findings import Outcome
from verify.fsck import fsck

STAGES = (0, 250, 530)
"""The folder grows from one of these sizes to the next: from nothing, and over two full tiles."""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def broken(folder: Path, ledger: Ledger) -> list[str]:
    report = fsck(folder, note.parse_vkey(ledger.vkey))
    return [each.en for each in report.findings if each.outcome is Outcome.BROKEN]


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, list[Path]]]:
    """Return the ledger at the last size, and the folder as a publisher left it at each size, the first one empty."""
    place = tmp_path_factory.mktemp("stages")
    story = tell(place / "log")
    folders = [place / str(size) for size in STAGES]
    folders[0].mkdir()
    for before, folder, size in zip(folders, folders[1:], STAGES[1:], strict=False):
        shutil.copytree(before, folder)
        grow(story.ledger, size)
        assert Publisher(story.ledger, folder).publish() == size
    yield story.ledger, folders
    story.ledger.close()


class Died(BaseException):
    """The process is gone at this point: nothing behind it runs."""


class Disk:
    """Counts what a publisher does to the disk, and dies before or after the step with the number `last`."""

    def __init__(self, last: int = -1, after: bool = False) -> None:
        self.last, self.after, self.steps = last, after, 0

    @contextmanager
    def step(self, tear: int | None = None) -> Iterator[None]:
        number, self.steps = self.steps, self.steps + 1
        if number == self.last and not self.after:
            if tear is not None:
                os.ftruncate(tear, os.fstat(tear).st_size // 2)
            raise Died
        yield
        if number == self.last:
            raise Died

    def fsync(self, descriptor: int) -> None:
        with self.step(descriptor if os.path.isfile(f"/proc/self/fd/{descriptor}") else None):
            pass


@contextmanager
def on(disk: Disk, patch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """Let every write, name, new folder, removal and flush of a publisher be a step of this disk."""
    replace, mkdir, rmtree = Path.replace, Path.mkdir, shutil.rmtree

    def counted(act: Callable[..., Any]) -> Callable[..., Any]:
        def acted(*given: Any, **named: Any) -> Any:
            with disk.step():
                return act(*given, **named)

        return acted

    with patch.context() as patched:
        patched.setattr(os, "fsync", disk.fsync)
        patched.setattr(Path, "replace", counted(replace))
        patched.setattr(Path, "mkdir", counted(mkdir))
        patched.setattr(shutil, "rmtree", counted(rmtree))
        yield disk
