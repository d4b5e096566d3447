"""The strict reader takes a short way with plain entries: it never says yes where the long way says no."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.projections.handmade import long_story
from verify import entries
from verify.entries import EntryError, _looked_at_closely, parse

PLAIN = long_story(1).raw[3]
SIGNED = PLAIN.replace(b'"data":', b'"signature":{"expires":1,"key":"%s","value":"AA=="},"data":' % (b"0" * 64), 1)
INSERTED = [
    b'"',
    b"\\",
    b" ",
    b"-",
    b"0",
    b"1.5",
    b"1e2",
    b"-0",
    b"NaN",
    b"\xff",
    b"\x00",
    b"\x7f",
    b",",
    b"{",
    b"[",
    b"true",
]
INSERTED += [
    "店".encode(),
    "e\u0301".encode(),
    "\u202e".encode(),
    "\u3000".encode(),
    b"\\u0041",
    b"\\ud800",
    b'"a":1,',
    b"9" * 20,
]


def outcome(read, raw: bytes) -> object:
    try:
        return read(raw)
    except EntryError as error:
        return str(error)


def the_long_way(raw: bytes) -> entries.Entry:
    if not entries._HEAD.match(raw):
        raise EntryError("it does not begin with prev, index and at in their fixed places")
    return _looked_at_closely(raw)


@pytest.mark.parametrize("raw", [*long_story(2).raw[:40], SIGNED])
def test_a_plain_entry_is_read_as_the_same(raw: bytes):
    assert parse(raw) == the_long_way(raw)


def test_most_entries_go_the_short_way(monkeypatch):
    monkeypatch.setattr(entries, "_looked_at_closely", lambda raw: pytest.fail("the long way"))

    assert [parse(raw).index for raw in long_story(2).raw] == list(range(len(long_story(2).raw)))


@pytest.mark.parametrize("text", INSERTED)
def test_whatever_is_put_in_anywhere_is_judged_alike(text: bytes):
    refused = 0
    for place in range(len(PLAIN) + 1):
        for cut in (0, 1, 3):
            raw = PLAIN[:place] + text + PLAIN[place + cut :]
            verdict = outcome(parse, raw)
            refused += isinstance(verdict, str)
            assert verdict == outcome(the_long_way, raw)
    assert refused


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["e\u0301", "店", "\u200f", '"', "\\"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text('abé\\"', max_size=3), values, max_size=4), st.booleans())
def test_data_of_any_form_are_judged_alike(data, sort_keys):
    spelled = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=sort_keys)
    head = PLAIN[: PLAIN.index(b'"data":')]
    raw = head + b'"data":' + spelled.encode("utf-8", "surrogatepass") + b"}"

    assert outcome(parse, raw) == outcome(the_long_way, raw)
