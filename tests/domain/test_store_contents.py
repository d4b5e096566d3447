"""The contract of every store, second part: documents, checkpoints, what is private, and how it is all read."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from domain.core import Decision
from domain.errors import Unavailable
from domain.organisation import Unit
from domain.roles import Cause
from domain.store.contract import CHUNK, Beside, Grounds
from tests.domain.stores import FOREVER, START, UNIT, store, told
from tests.story import Story
from verify import documents, entries

__all__ = ["store", "told"]


def test_a_document_larger_than_a_chunk_comes_back_whole(told: Story) -> None:
    content = bytes(range(256)) * 10_000

    reference = told.ledger.put(content)
    again = told.ledger.put(content)

    assert b"".join(told.ledger.store.document(reference["sha256"]) or ()) == content
    assert told.ledger.store.document("0" * 64) is None
    assert again == reference
    assert told.ledger.store.document_info(reference["sha256"]) is None
    assert list(told.ledger.store.document(told.ledger.put(b"")["sha256"]) or ["missing"]) == []


def test_a_document_is_the_same_however_its_pieces_come(told: Story) -> None:
    content = bytes(range(256)) * 10_000
    sha256 = hashlib.sha256(content).hexdigest()
    pieces = [content[n : n + 99_991] for n in range(0, len(content), 99_991)]

    told.ledger.store.put_document(sha256, len(content), lambda: pieces)

    kept = list(told.ledger.store.document(sha256) or ())
    assert b"".join(kept) == content
    assert [len(chunk) for chunk in kept] == [CHUNK, CHUNK, len(content) - 2 * CHUNK]


@pytest.mark.parametrize("given", [[b"other"], [b"ri", b"ghtX"], []])
def test_bytes_that_are_not_those_of_the_name_leave_nothing_behind(told: Story, given: list[bytes]) -> None:
    sha256 = hashlib.sha256(b"right").hexdigest()

    with pytest.raises(ValueError, match="are not the document"):
        told.ledger.store.put_document(sha256, 5, lambda: given)
    assert told.ledger.store.document(sha256) is None

    told.ledger.store.put_document(sha256, 5, lambda: [b"right"])
    assert list(told.ledger.store.document(sha256) or ()) == [b"right"]


def test_a_document_whose_pieces_fail_half_way_is_not_there(told: Story) -> None:
    content = bytes(3 * CHUNK)
    sha256 = hashlib.sha256(content).hexdigest()
    given: list[int] = []

    def failing() -> Iterator[bytes]:
        for number in range(3):
            given.append(number)
            if number == 2:
                raise OSError("the disk of the spool is full")
            yield bytes(CHUNK)

    with pytest.raises(OSError, match="spool"):
        told.ledger.store.put_document(sha256, len(content), failing)

    assert given == [0, 1, 2]
    assert told.ledger.store.document(sha256) is None


def test_a_list_that_lost_a_chunk_is_not_read_as_a_shorter_one(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"id": f"{number:06d}", "text": "x" * 500} for number in range(5000)]
    sha256 = told.ledger.put_list(documents.listing(rows))["sha256"]
    kept = list(told.ledger.store.document(sha256) or ())
    assert len(kept) == 3
    assert list(told.ledger.lines(sha256)) == rows

    monkeypatch.setattr(told.ledger.store, "document", lambda _: iter(kept[:1] + kept[2:]))

    with pytest.raises((Unavailable, ValueError), match=r"was altered|Expecting|Unterminated|Invalid"):
        list(told.ledger.lines(sha256))
    monkeypatch.setattr(told.ledger.store, "document", lambda _: iter(kept[:2]))
    with pytest.raises(Unavailable, match="was altered"):
        list(told.ledger.pieces(sha256))


def test_a_document_is_known_by_the_entries_that_name_it(told: Story) -> None:
    size = told.ledger.size

    named = list(told.ledger.store.documents(size))

    assert [info["type"] for info in named] == ["application/json"]
    assert told.ledger.store.document_info(named[0]["sha256"]) == named[0]
    assert list(told.ledger.store.documents(size - 1)) == []


def test_the_largest_checkpoint_is_the_published_one(told: Story) -> None:
    store = told.ledger.store
    assert store.checkpoint() is None

    store.put_checkpoint(7, b"seven")
    store.put_checkpoint(3, b"three")
    store.put_checkpoint(7, b"another seven")

    assert store.checkpoint() == b"seven"


def test_what_stands_beside_an_entry_is_kept_with_it_and_replaced_by_the_next(told: Story) -> None:
    values = [("aa", "label", b"salt", "张三"), ("bb", "label", b"salt", "李四")]
    for number, objects in enumerate((["x", "y", "y"], ["z"], [])):
        unit = Unit(f"unit/n{number}")
        unit.register(Cause(told.actor("admin"), f"c{number}"), f"n{number}", **UNIT)
        beside = Beside(values, "registry/r", [("i", objects), ("j", ["x"])])
        told.ledger._record(
            [
                told.ledger._decided(
                    Decision(unit, beside), told.actor("admin"), f"c{number}", b"f", Grounds(START, FOREVER)
                )
            ]
        )

        kept = told.ledger.private.conflicts_of("registry/r")

        assert kept == {"j": ["x"], **({"i": sorted(set(objects))} if objects else {})}
    assert told.ledger.private.value("bb") == ("李四", b"salt")
    assert told.ledger.private.value("cc") is None
    token = told.ledger.private.issue_token("admin")
    assert told.ledger.private.account_of_token(token) == "admin"
    assert told.ledger.private.account_of_token("another") is None


def test_the_library_reads_entries_by_stream_and_by_position(told: Story) -> None:
    told.do("admin", "close_account", account="clerk", reason="离岗")
    recorder: Any = told.ledger.store
    size = told.ledger.size

    forth = recorder.select_events("account/clerk")
    back = recorder.select_events("account/clerk", desc=True, limit=1, gt=0, lte=2)

    assert [entries.parse(each.state).kind for each in forth] == ["account.opened", "account.closed"]
    assert back == [forth[1]]
    assert recorder.max_notification_id() == size
    some = recorder.select_notifications(3, 2)
    assert [each.id for each in some] == [3, 4]
    assert [each.id for each in recorder.select_notifications(3, 2, inclusive_of_start=False)] == [4, 5]
    assert [each.id for each in recorder.select_notifications(1, 9, topics=["account.closed"])] == [size]


def test_a_reader_cannot_write(told: Story) -> None:
    with told.ledger.store.reading() as connection, pytest.raises(Exception, match=r"read.?only"):
        connection.execute("INSERT INTO private_tokens VALUES ('x', 'y')")
