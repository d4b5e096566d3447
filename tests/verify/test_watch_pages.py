"""The pages hold what a plain dictionary would, survive an interruption, and no byte of them can change unnoticed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.watch.pages import BUFFER, EMPTY, Damaged, Pages, Shelf
from verify.watch.register import Register

BATCHES = st.lists(st.dictionaries(st.integers(0, 400).map(str), st.binary(max_size=300), max_size=60), max_size=6)


@given(BATCHES)
def test_a_map_of_pages_holds_what_a_dictionary_holds(tmp_path_factory: pytest.TempPathFactory, batches):
    path = tmp_path_factory.mktemp("pages") / "pages"
    twin: dict[str, bytes] = {}
    root, end, live = EMPTY, 0, 0
    for batch in batches:
        with closing(Shelf(path, end)) as shelf:
            pages = Pages(shelf, root, live)
            for key, value in batch.items():
                pages.put(key, value)
            twin |= batch
            assert all(pages.get(key) == value for key, value in twin.items())
            root = pages.settle()
            shelf.commit()
            end, live = shelf.end, pages.live
    with closing(Shelf(path, end)) as shelf, closing(Shelf(path.with_name("copy"))) as other:
        pages = Pages(shelf, root, live)
        copy = pages.copied(other)
        for key in map(str, range(401)):
            assert pages.get(key) == copy.get(key) == twin.get(key)
        assert copy.live == live
        other.commit()
        assert other.end == live


def test_one_set_of_keys_has_one_shape_whatever_the_order(tmp_path: Path):
    values = {str(n): bytes([n % 256]) * 40 for n in range(500)}
    lives = []
    for name, order in (("a", list(values)), ("b", list(values)[::-1])):
        with closing(Shelf(tmp_path / name)) as shelf:
            pages = Pages(shelf)
            for number, key in enumerate(order):
                pages.put(key, values[key])
                if name == "a" and number % 50 == 0:
                    pages.settle()
            pages.settle()
            lives.append(pages.live)

    assert lives[0] == lives[1]


def test_no_byte_of_a_page_changes_unnoticed(tmp_path: Path):
    path = tmp_path / "pages"
    with closing(Shelf(path)) as shelf:
        pages = Pages(shelf)
        for n in range(60):
            pages.put(str(n), b"v" * n)
        root = pages.settle()
        shelf.commit()
        end, live = shelf.end, pages.live
    honest = path.read_bytes()
    assert end == live == len(honest)
    for at in range(end):
        path.write_bytes(honest[:at] + bytes([honest[at] ^ 1]) + honest[at + 1 :])
        with closing(Shelf(path, end)) as shelf, pytest.raises(Damaged):
            read_all(Pages(shelf, root))
    path.write_bytes(honest[:-1])
    with pytest.raises(Damaged):
        Shelf(path, end)


def read_all(pages: Pages) -> list[bytes | None]:
    return [pages.get(str(n)) for n in range(60)]


def test_what_an_interrupted_watcher_left_behind_is_cut_off(tmp_path: Path):
    path = tmp_path / "pages"
    with closing(Shelf(path)) as shelf:
        pages = Pages(shelf)
        pages.put("a", b"1")
        root = pages.settle()
        shelf.commit()
        end = shelf.end
        pages.put("a", b"2")
        pages.settle()
        shelf.commit()  # and killed before the state that names it
        assert shelf.end > end

    with closing(Shelf(path, end)) as shelf:
        assert Pages(shelf, root).get("a") == b"1"
        assert path.stat().st_size == end


def test_a_file_of_mostly_old_pages_is_called_wasteful(tmp_path: Path):
    with closing(Shelf(tmp_path / "pages")) as shelf:
        pages = Pages(shelf)
        pages.put("a", b"1" * 100)
        pages.settle()
        assert not pages.wasteful
        for n in range(BUFFER // 50_000):
            pages.put("a", bytes([n % 256]) * 100_000)
            pages.settle()
        shelf.commit()
        assert pages.wasteful


def test_lists_and_streams_of_any_length_come_back_in_order(tmp_path: Path):
    with closing(Shelf(tmp_path / "pages")) as shelf:
        register = Register(Pages(shelf))
        names: list[str] = []
        for n in range(100):
            assert list(register.listed("x")) == names
            assert list(register.listed("x", 3)) == names[:3]
            names.append(f"n{n}")
            register.append("x", names[-1])
            if n % 7 == 0:
                register.pages.settle()
        register.remind("2026-03-01", "draw/1")
        register.remind("2026-03-01", "draw/1")
        assert list(register.due("2026-03-01")) == ["draw/1"]
        assert list(register.due("2026-03-02")) == []
