"""The fast readers for bytes of one's own: they agree with the strict ones on everything that those accept."""

import json

import pytest

from tests.projections.handmade import long_story
from verify import documents, entries


def test_what_was_parsed_when_it_was_recorded_is_read_as_the_same_entry():
    for raw in long_story(3).raw:
        assert entries.read_own(raw) == entries.parse(raw)


def test_a_signed_entry_is_read_with_its_signature():
    plain = long_story(0).raw[3]
    signature = b'"signature":{"expires":1,"key":"%s","value":"AA=="},"data":' % (b"0" * 64)
    raw = plain.replace(b'"data":', signature, 1)

    assert entries.read_own(raw) == entries.parse(raw)
    assert entries.read_own(raw).signature is not None


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"7", b"null", b"\xff", b'{"prev":"0"}', b'"prev"'])
def test_what_has_not_even_the_form_of_an_entry_is_refused(raw):
    with pytest.raises(entries.EntryError, match="something else than an entry"):
        entries.read_own(raw)


def test_the_lines_of_a_list_are_read_as_the_same_rows():
    rows = [{"id": name, "row": {"name": '甲"店'}} for name in ("a", "b", "店")]

    made = documents.listing(rows)

    assert list(made) == [row for _, row in documents.parse(made.pieces())] == rows
    assert [json.loads(line) for line in documents.own_lines(made.pieces())] == rows
    assert list(documents.own_lines([])) == list(documents.own_lines([b""])) == []
