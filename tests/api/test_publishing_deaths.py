"""Whoever publishes a static log may die at every single step: what is left verifies, and the next one completes it."""

import shutil

import pytest

from api.publishing import Publisher
from tests.dying import Died, Disk, broken, contents, on, stages

__all__ = ["stages"]


@pytest.mark.parametrize("stage", [0, 1])
@pytest.mark.parametrize("after", [False, True])
def test_a_death_at_every_step_leaves_a_log_that_verifies_and_is_completed(stages, tmp_path, monkeypatch, stage, after):
    ledger, folders = stages
    note_then = (folders[stage + 1] / "checkpoint").read_bytes()
    monkeypatch.setattr(ledger, "checkpoint", lambda: note_then)
    shutil.copytree(folders[stage], tmp_path / "whole")
    with on(Disk(), monkeypatch) as disk:
        Publisher(ledger, tmp_path / "whole").publish()
    assert contents(tmp_path / "whole") == contents(folders[stage + 1])
    assert disk.steps > 30

    for last in range(disk.steps):
        folder = tmp_path / str(last)
        shutil.copytree(folders[stage], folder)
        with on(Disk(last, after), monkeypatch), pytest.raises(Died):
            Publisher(ledger, folder).publish()

        if (folder / "checkpoint").exists():
            assert broken(folder, ledger) == []
        else:
            assert stage == 0
        Publisher(ledger, folder).publish()
        assert broken(folder, ledger) == []
        left, wanted = contents(folder), contents(folders[stage + 1])
        assert wanted.items() <= left.items()
        assert all(".p/" in name for name in left.keys() - wanted.keys())
        shutil.rmtree(folder)
