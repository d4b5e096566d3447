"""Lists that are written and read line by line: wherever the pieces are cut, it is the same list or the same fault."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twins import tree as twin
from verify import canonical, documents
from verify.library import Absent, Library, Unlike, rows_of
from verify.source import Folder

NAMES = ["a", "b", "é", "第", "第一", "𠮷"]


def lines(*names: str) -> bytes:
    return b"".join(canonical.encode({"id": name, "n": 1}) + b"\n" for name in names)


def root_of(content: bytes) -> bytes:
    return twin.mth([hashlib.sha256(b"\x00" + line).digest() for line in content.split(b"\n")[:-1]])


def cut(content: bytes, size: int) -> Iterator[bytes]:
    return (content[n : n + size] for n in range(0, len(content), size))


@pytest.mark.parametrize("together", [1, 2, documents.TOGETHER])
def test_a_list_is_what_a_bare_loop_makes_of_its_rows(together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "TOGETHER", together)
    rows = [{"id": name, "n": 1} for name in NAMES]

    made = documents.listing(reversed(rows))

    content = lines(*sorted(NAMES, key=str.encode))
    assert b"".join(made.pieces()) == content
    assert (made.count, len(made), list(made)) == (6, 6, rows)
    assert made.root == root_of(content)
    assert made.reference["sha256"] == hashlib.sha256(content).hexdigest()
    assert made.reference["bytes"] == len(content)


def test_a_list_longer_than_the_memory_it_may_take_is_read_from_the_disk_the_same() -> None:
    made = documents.Listing()
    text = "x" * 4000
    for number in range(3 * documents.IN_MEMORY // 4000):
        name = f"{number:06d}"
        made.add(name, canonical.encode({"id": name, "text": text}))

    assert made._spool._rolled  # type: ignore[attr-defined]
    content = b"".join(made.pieces())
    assert hashlib.sha256(content).hexdigest() == made.reference["sha256"]
    assert sum(1 for _ in documents.parse(made.pieces())) == made.count == content.count(b"\n")


@pytest.mark.parametrize(("second", "reason"), [("b", "occurs twice"), ("a", "not after the one before")])
def test_a_list_is_not_written_out_of_order(second: str, reason: str) -> None:
    made = documents.Listing()
    made.add("b", b'{"id":"b"}')

    with pytest.raises(documents.DocumentError, match=reason):
        made.add(second, b"{}")


@given(st.integers(1, 40))
def test_a_list_is_read_the_same_wherever_its_pieces_end(size: int) -> None:
    content = lines(*NAMES)

    read = list(documents.parse(cut(content, size)))

    assert [line for line, _ in read] == content.split(b"\n")[:-1]
    assert [row["id"] for _, row in read] == NAMES
    assert [json.loads(line)["id"] for line in documents.own_lines(cut(content, size))] == NAMES


FAULTY = {
    "out of order": (lines("a", "c", "b"), "line 3: the id 'b' is not after"),
    "an id twice": (lines("a", "b", "b"), "line 3: the id 'b' is not after"),
    "not canonical": (lines("a") + b'{"id": "b"}\n', "line 2: "),
    "no id": (lines("a") + b'{"n":1}\n', "line 2: not an object with an id"),
    "an empty line": (lines("a") + b"\n" + lines("b"), "line 2: "),
    "no line feed at the end": (lines("a", "b")[:-1], "the last line has no line feed"),
}


@pytest.mark.parametrize(("content", "reason"), FAULTY.values(), ids=FAULTY.keys())
def test_a_fault_is_found_wherever_the_pieces_end(content: bytes, reason: str) -> None:
    for size in range(1, len(content) + 1):
        with pytest.raises(documents.DocumentError, match=reason):
            list(documents.parse(cut(content, size)))


def test_a_line_that_never_ends_is_refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "LONGEST", 100)
    taken: list[bytes] = []

    def endless() -> Iterator[bytes]:
        while True:
            taken.append(b"x" * 10)
            yield taken[-1]

    with pytest.raises(documents.DocumentError, match="line 1: longer than 100 bytes"):
        list(documents.parse(endless()))
    assert len(taken) == 11
    with pytest.raises(documents.DocumentError, match="longer than 100 bytes"):
        documents.Listing().add("a", b"x" * 101)


def test_whether_a_list_has_its_count_and_root_is_told_at_its_end() -> None:
    content = lines("a", "b")
    root = root_of(content).hex()

    assert [row["id"] for row in rows_of(documents.parse([content]), 2, root)] == ["a", "b"]
    for count, stated, reason in ((3, root, "3 lines are stated"), (2, "0" * 64, "its root is not")):
        read = rows_of(documents.parse([content]), count, stated)
        assert [next(read)["id"], next(read)["id"]] == ["a", "b"]
        with pytest.raises(Unlike, match=reason):
            next(read)


def exported(folder: Path, content: bytes) -> tuple[Library, dict[str, object], Path]:
    reference = documents.reference(content)
    path = folder / "documents" / reference["sha256"]
    path.parent.mkdir()
    path.write_bytes(content)
    (folder / "checkpoint").touch()
    return Library(Folder(folder)), reference, path


def test_a_document_without_one_of_its_pieces_is_not_here(tmp_path: Path) -> None:
    content = lines("a", "b", "c")
    library, reference, path = exported(tmp_path, content)

    assert b"".join(library.pieces(reference)) == content
    path.write_bytes(content[:11] + content[22:])
    with pytest.raises(Absent):
        next(library.pieces(reference))


def test_a_document_that_changes_while_it_is_read_is_not_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = lines(*(f"{number:05d}" for number in range(1000)))
    library, reference, path = exported(tmp_path, content)
    monkeypatch.setattr("verify.source.PIECE", 1000)
    read = library.pieces(reference)
    next(read)

    path.write_bytes(content[:-8] + b'"n":2}}\n')

    with pytest.raises(Absent):
        list(read)
