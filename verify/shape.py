"""The form of a fact: which keys an entry's data has, and of what type each value is.

A shape is written as plain Python: a dict has exactly these keys (a key ending in `?` may be absent), a list of one
shape is a list of such values, `Map(shape)` has free ASCII keys, and a string names one of the `WORDS` below; several
words joined by `|` are alternatives, `=a` is the literal `a`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any


@dataclass(frozen=True)
class Map:
    """A JSON object with free ASCII keys whose values all have one shape."""

    of: Any


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 4000 and bool(value.strip())


def _int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _matches(pattern: str) -> Callable[[Any], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def is_date(value: Any) -> bool:
    """Whether `value` is a calendar day in its one spelling, YYYY-MM-DD."""
    return isinstance(value, str) and _is_day(value)


@lru_cache(maxsize=4096)
def _is_day(text: str) -> bool:
    if not _DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _base64(value: Any) -> bool:
    if not isinstance(value, str) or not value.isascii():
        return False
    try:
        return base64.b64encode(base64.b64decode(value, validate=True)).decode() == value
    except (binascii.Error, ValueError):
        return False


WORDS: dict[str, Callable[[Any], bool]] = {
    "text": _text,
    "string": lambda value: isinstance(value, str),
    "nat": lambda value: _int(value) and value >= 0,
    "pos": lambda value: _int(value) and value >= 1,
    "bool": lambda value: isinstance(value, bool),
    "true": lambda value: value is True,
    "null": lambda value: value is None,
    "hex32": _matches(r"[0-9a-f]{64}"),
    "hex": _matches(r"([0-9a-f]{2})+"),
    "base64": _base64,
    "date": is_date,
    "code": _matches(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}"),
    "key": _matches(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"),
    "stream": _matches(r"[a-z]+/[A-Za-z0-9._/-]{1,120}"),
    "id": lambda value: isinstance(value, str) and 0 < len(value) <= 128,
    "bp": lambda value: _int(value) and 1 <= value <= 10000,
}


def misfit(value: Any, shape: Any, where: str = "data") -> str | None:
    """Return None where `value` has `shape`, else the first difference in words, naming the path."""
    fault = _test_of(shape)(value)
    return None if fault is None else f"{where}{fault[0]} {fault[1]}"


Fault = tuple[str, str]  # the rest of the path, the difference
Test = Callable[[Any], Fault | None]

_TESTS: dict[int, tuple[Any, Test]] = {}
"""The test of every shape that was asked for, by the identity of the shape, which is kept with it."""


def _test_of(shape: Any) -> Test:
    known = _TESTS.get(id(shape))
    if known is None:
        known = _TESTS[id(shape)] = (shape, _compiled(shape))
    return known[1]


def _compiled(shape: Any) -> Test:
    """Return a test that knows its shape by heart: a table of a hundred kinds is asked for every entry of a log."""
    if isinstance(shape, dict):
        return _object(shape)
    if isinstance(shape, list):
        return _list(shape[0])
    if isinstance(shape, Map):
        return _map(shape.of)
    return _word(shape)


def _word(shape: str) -> Test:
    fault = ("", f"is not of the form {shape}")
    literals = tuple(word[1:] for word in shape.split("|") if word.startswith("="))
    tests = tuple(WORDS[word] for word in shape.split("|") if not word.startswith("="))
    if not literals and len(tests) == 1:
        (only,) = tests
        return lambda value: None if only(value) else fault

    def test(value: Any) -> Fault | None:
        fits = (isinstance(value, str) and value in literals) or any(word(value) for word in tests)
        return None if fits else fault

    return test


def _list(shape: Any) -> Test:
    each = _compiled(shape)

    def test(value: Any) -> Fault | None:
        if not isinstance(value, list):
            return "", "is not a list"
        for number, item in enumerate(value):
            fault = each(item)
            if fault is not None:
                return f"[{number}]{fault[0]}", fault[1]
        return None

    return test


def _map(shape: Any) -> Test:
    each = _compiled(shape)

    def test(value: Any) -> Fault | None:
        if not isinstance(value, dict):
            return "", "is not an object"
        for key, item in value.items():
            fault = each(item)
            if fault is not None:
                return f".{key}{fault[0]}", fault[1]
        return None

    return test


def _object(shape: dict[str, Any]) -> Test:
    parts = {key.removesuffix("?"): (_compiled(part), key.endswith("?")) for key, part in shape.items()}

    def test(value: Any) -> Fault | None:
        if not isinstance(value, dict):
            return "", "is not an object"
        if not value.keys() <= parts.keys():
            return "", f"has the unknown key {next(key for key in value if key not in parts)!r}"
        for key, (part, optional) in parts.items():
            if key in value:
                fault = part(value[key])
                if fault is not None:
                    return f".{key}{fault[0]}", fault[1]
            elif not optional:
                return "", f"lacks the key {key!r}"
        return None

    return test
