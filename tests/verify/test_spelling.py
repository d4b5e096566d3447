"""A text that matches a shape's expression is canonical and of that shape, whatever was done to it: it never says yes alone."""

import json
import re
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from verify import canonical
from verify.characters import is_plain
from verify.kinds import INSPECTOR_ROW, OBJECT_ROW
from verify.shape import misfit
from verify.spelling import WORDS, pattern

SHAPE = {"a": "text|null", "b": ["key"], "c": "date|null", "d": {"e": "hex32"}, "f": "=A|=B|null", "g": "code"}
KNOWN = re.compile(pattern(SHAPE))
VALUE: dict[str, Any] = {"a": "店 B", "b": ["x-1"], "c": "2024-02-28", "d": {"e": "0" * 64}, "f": "A", "g": "a:b"}
TEXTS = st.sampled_from(
    ["", " ", "店", "\u3000", "é", "e\u0301", '"', "\\", "a\u202eb", "\x7f", "x" * 4000, "x" * 4001]
)
DATES = st.one_of(st.dates().map(str), st.sampled_from(["2023-02-29", "2024-02-29", "0000-01-01", "2024-04-31", "x"]))


def says_yes(text: str) -> bool:
    return is_plain(text) and KNOWN.fullmatch(text) is not None


def is_so(text: str) -> bool:
    try:
        return misfit(canonical.decode(text.encode()), SHAPE) is None
    except (canonical.NotCanonical, UnicodeEncodeError):
        return False


def test_an_ordinary_text_matches() -> None:
    assert says_yes(canonical.encode(VALUE).decode())


@given(st.data())
def test_what_matches_has_the_shape_and_the_only_spelling(data: st.DataObject) -> None:
    key, part = data.draw(st.sampled_from([("a", TEXTS), ("b", st.lists(TEXTS)), ("c", DATES), ("g", TEXTS)]))
    text = json.dumps({**VALUE, key: data.draw(part)}, ensure_ascii=False, separators=(",", ":"), sort_keys=True)

    assert is_so(text) or not says_yes(text)


@given(st.integers(0, 200), st.integers(0, 3), st.text(max_size=3))
@example(0, 0, "\ufeff")
@example(5, 0, "\u0301")
def test_no_damage_goes_unseen(place: int, length: int, put: str) -> None:
    text = canonical.encode(VALUE).decode()
    assume(place < len(text))
    damaged = text[:place] + put + text[place + length :]

    assert is_so(damaged) or not says_yes(damaged)


@given(st.dates())
def test_every_day_but_one_in_four_years_matches(day: Any) -> None:
    text = canonical.encode({**VALUE, "c": str(day)}).decode()

    assert says_yes(text) == ((day.month, day.day) != (2, 29))


@pytest.mark.parametrize("shape", [OBJECT_ROW, INSPECTOR_ROW])
def test_the_rows_of_both_registries_can_be_asked_for(shape: Any) -> None:
    assert re.compile(pattern(shape)).fullmatch("{}") is None
    assert "id" not in WORDS  # a length in characters of any kind cannot be told apart here
