"""A file is the old one or the new one, whatever happens meanwhile, and belongs to whom it is said to belong."""

import os
from pathlib import Path

import pytest

from verify import durable


@pytest.mark.parametrize("dies", ["fsync", "replace"])
def test_a_write_that_dies_leaves_the_file_as_it_was(dies: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path, died = tmp_path / "state", []
    durable.write(path, b"old")

    def die(*_: object) -> None:
        died.append(True)
        raise OSError("the power is gone")

    with monkeypatch.context() as faulty:
        faulty.setattr(os if dies == "fsync" else Path, dies, die)
        with pytest.raises(OSError, match="power"):
            durable.write(path, b"new and longer")
    assert (died, path.read_bytes()) == ([True], b"old")

    durable.write(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["state"]


def test_a_secret_is_never_readable_by_others_not_even_where_a_half_of_it_was_left(tmp_path: Path):
    path = tmp_path / "key"
    (tmp_path / "key.new").write_bytes(b"a half, readable by all")
    (tmp_path / "key.new").chmod(0o644)

    durable.write(path, b"secret", 0o600)

    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"secret", 0o600)
