"""The vectors that are made in `tests/vectors` are the committed ones, byte for byte, on every machine."""

import pytest

from tests.twins.vectors import FOLDER
from tests.vectors.make import FILES, made


@pytest.mark.parametrize("name", FILES)
def test_the_vectors_come_out_as_they_were_committed(name: str):
    assert made(name) == (FOLDER / f"{name}.json").read_text(encoding="utf-8")
