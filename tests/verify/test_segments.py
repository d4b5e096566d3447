"""Segments: however a log is cut, its lines are those of a plain reader, its trees join, and its roots are those of a twin."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twins import tree as twin
from verify import segments
from verify.heads import Heads
from verify.links import Links

LENGTH, PIECE, LINE, SKIPPED = 4, 32, 20, 96


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    for name, value in {"LENGTH": LENGTH, "PIECE": PIECE, "LINE": LINE, "SKIPPED": SKIPPED}.items():
        monkeypatch.setattr(segments, name, value)


def plain_lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Read line by line, as a person would write it down: where each line begins, and of a long one the beginning."""
    file = BytesIO(content)
    while line := file.readline():
        start = file.tell() - len(line)
        text = line.removesuffix(b"\n")
        yield start, text[:LINE]
        if len(text) > LINE + SKIPPED:
            return


def read_in_segments(path: Path) -> list[tuple[int, bytes]]:
    found = []
    with path.open("rb") as file:
        for number, segment in enumerate(segments.cut(file.fileno())):
            assert segment.first == number * LENGTH
            lines = []
            for block in segments.blocks(file.fileno(), segment):
                start = block.start
                for line in block.lines:
                    lines.append((start, line))
                    start += len(line) + 1
            assert len(lines) == segment.count <= LENGTH
            found += lines
    return found


texts = st.one_of(st.binary(max_size=12), st.just(b""), st.binary(min_size=15, max_size=80))


@given(st.lists(texts.map(lambda text: text.replace(b"\n", b"-")), max_size=20), st.booleans())
def test_the_lines_of_all_segments_are_those_of_a_plain_reader(tmp_path_factory, lines, ended):
    content = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    path = tmp_path_factory.mktemp("lines") / "entries"
    path.write_bytes(content)

    assert read_in_segments(path) == list(plain_lines(content))


def test_a_line_whose_end_does_not_come_is_the_last_one(tmp_path):
    path = tmp_path / "entries"
    path.write_bytes(b"a\n" + b"x" * 1000 + b"\nb\n")

    assert read_in_segments(path) == [(0, b"a"), (2, b"x" * LINE)]


def test_a_file_that_became_shorter_is_no_log_any_more(tmp_path):
    path = tmp_path / "entries"
    path.write_bytes(b"abc\n" * 3)
    with path.open("r+b") as file:
        (segment,) = segments.cut(file.fileno())
        file.truncate(0)
        with pytest.raises(segments.Changed):
            list(segments.blocks(file.fileno(), segment))


@pytest.mark.parametrize("count", range(1, 24))
def test_the_trees_of_the_segments_join_to_the_roots_of_the_twin(count: int):
    lines = [b"%064d entry %d" % (number, number) for number in range(count)]
    leaves = [hashlib.sha256(b"\x00" + line).digest() for line in lines]
    heads = Heads()
    for start in range(0, count, LENGTH):
        links = Links()
        for line in lines[start : start + LENGTH]:
            links.take([line])
        heads.take(links.leaves, links.subtrees())

    roots = heads.roots(range(count + 3))

    assert list(heads.leaves) == leaves
    assert roots == {size: twin.mth(leaves[:size]) for size in range(count + 1)}


@pytest.mark.parametrize("wrong", range(1, 9))
@pytest.mark.parametrize("at_once", [1, 2, 9])
def test_a_broken_link_is_found_wherever_it_stands(wrong: int, at_once: int):
    lines, prev = [], "0" * 64
    for number in range(9):
        stated = "f" * 64 if number == wrong else prev
        lines.append(b'{"prev":"%s","index":%d}' % (stated.encode(), number))
        prev = hashlib.sha256(b"\x00" + lines[-1]).hexdigest()
    links = Links()
    for start in range(0, 9, at_once):
        links.take(lines[start : start + at_once])

    assert links.broken == [(wrong, b"f" * 64)]
    assert links.first == b"0" * 64
