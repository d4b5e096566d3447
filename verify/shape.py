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


def is_date(value: Any) -> bool:
    """Whether `value` is a calendar day in its one spelling, YYYY-MM-DD."""
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        return False
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _base64(value: Any) -> bool:
    if not isinstance(value, str) or not value.isascii():
        return False
    try:
        return base64.b64encode(base64.b64decode(value, validate=True)).decode() == value
    except (binascii.Error, ValueError):
        return False


WORDS: dict[str, Callable[[Any], bool]] = {
    "text": _text,
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
    if isinstance(shape, dict):
        return _misfit_dict(value, shape, where)
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{where} is not a list"
        found = (misfit(item, shape[0], f"{where}[{n}]") for n, item in enumerate(value))
        return next((reason for reason in found if reason), None)
    if isinstance(shape, Map):
        if not isinstance(value, dict):
            return f"{where} is not an object"
        found = (misfit(item, shape.of, f"{where}.{key}") for key, item in value.items())
        return next((reason for reason in found if reason), None)
    words = shape.split("|")
    if any(value == word[1:] if word.startswith("=") else WORDS[word](value) for word in words):
        return None
    return f"{where} is not of the form {shape}"


def _misfit_dict(value: Any, shape: dict[str, Any], where: str) -> str | None:
    if not isinstance(value, dict):
        return f"{where} is not an object"
    known = {key.removesuffix("?"): (part, key.endswith("?")) for key, part in shape.items()}
    for key in value:
        if key not in known:
            return f"{where} has the unknown key {key!r}"
    for key, (part, optional) in known.items():
        if key not in value:
            if optional:
                continue
            return f"{where} lacks the key {key!r}"
        reason = misfit(value[key], part, f"{where}.{key}")
        if reason:
            return reason
    return None
