"""A value and its only JSON spelling, so that equal facts have equal bytes and equal hashes.

The form is RFC 8785 (JCS) without floats: integers within ±(2^53-1), keys of printable ASCII in byte order, no white
space, strings in Unicode normalization form C without control characters (category Cc, U+2028, U+2029), without
bidirectional controls, which let a text read differently from what it says, without lone surrogates, and without what
Unicode 14.0 does not know, but for ideographs (`characters`). Lists and objects nest at most 32 deep. With control
characters refused, only `"` and `\\` are ever escaped.
"""

import json
import re
from typing import Any

from verify import characters

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 32

Fault = tuple[str, str]  # the rest of the JSON path, the reason

# A string, closed or not, is one token: an unclosed one full of escaped quotes would else be scanned once per quote.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
# Built once: json.dumps with options builds an encoder per call. The walk before it bounds the depth, so also cycles.
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False, check_circular=False
)


class NotCanonical(ValueError):
    """The value or the bytes have no canonical spelling here; the message is `<JSON path>: <reason>`.

    `zh`: the reason in Chinese where it is one that whoever writes texts can mend, else nothing.
    """

    def __init__(self, message: str, zh: str = "") -> None:
        super().__init__(message)
        self.zh = zh


class _Unfit:
    """What the parser met but JSON values cannot hold, kept in its place so that the walk can name the path."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


def encode(value: Any) -> bytes:
    """Return the canonical UTF-8 spelling of `value`: str, int, bool, None, list, tuple, or dict with str keys.

    Raises NotCanonical. Source: RFC 8785 section 3.2.

    >>> encode({"b": [1, True], "a": "第"}).decode()
    '{"a":"第","b":[1,true]}'
    """
    require_fit(value)
    return _spell(value)


def decode(data: bytes) -> Any:
    """Return the value whose canonical spelling is exactly `data`, else raise NotCanonical."""
    value = loads(data)
    if _spell(value) != data:
        raise NotCanonical("$: the same value has another canonical spelling (white space, key order or escapes)")
    return value


def loads(data: bytes) -> Any:
    """Return the value of any JSON text that has a canonical spelling; white space and key order are free.

    Refuses what readers disagree about: a byte order mark, bytes that are not UTF-8, duplicate keys, fractions,
    exponents, NaN and Infinity, -0, integers beyond ±(2^53-1), lone surrogates, nesting beyond 32.
    Every failure is NotCanonical. Source: RFC 7493 (I-JSON), RFC 8259.

    >>> loads(b' {"b": 1, "a": []} ')
    {'b': 1, 'a': []}
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotCanonical(f"$: not UTF-8 at byte {error.start}") from None
    if text.startswith("\ufeff"):
        raise NotCanonical("$: starts with a byte order mark")
    # Before the parser, which recurses: depth is the sender's choice, our stack is not.
    if _nests_too_deep(text):
        raise NotCanonical(f"$: nested deeper than {MAX_DEPTH}")
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise NotCanonical(f"$: not JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None
    require_fit(value)
    return value


def _spell(value: Any) -> bytes:
    """Spell a value that the walk has passed; Python sorts ASCII keys as RFC 8785 sorts their UTF-16 units."""
    return _ENCODER.encode(value).encode("utf-8")


def require_fit(value: Any) -> None:
    """Refuse a value that has no canonical spelling. Raises NotCanonical."""
    fault = _fault(value, 0)
    if fault is not None:
        path, reason = fault
        raise NotCanonical(f"${path}: {reason}", getattr(reason, "zh", ""))


def _fault(value: Any, depth: int) -> Fault | None:
    """Return why `value`, inside `depth` containers, has no spelling; the path grows on the way out."""
    if isinstance(value, str):
        reason = text_fault(value)
        return None if reason is None else ("", reason)
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int):
        return None if -MAX_INTEGER <= value <= MAX_INTEGER else ("", "an integer beyond ±(2^53-1)")
    if isinstance(value, (dict, list, tuple)):
        if depth == MAX_DEPTH:
            return "", f"nested deeper than {MAX_DEPTH}"
        return _object_fault(value, depth + 1) if isinstance(value, dict) else _list_fault(value, depth + 1)
    if isinstance(value, _Unfit):
        return "", value.reason
    return "", f"a {type(value).__name__} has no canonical spelling"


def _list_fault(items: list[Any] | tuple[Any, ...], depth: int) -> Fault | None:
    for position, item in enumerate(items):
        if type(item) is str and item.isascii() and item.isprintable():
            continue
        fault = _fault(item, depth)
        if fault is not None:
            return f"[{position}]{fault[0]}", fault[1]
    return None


def _object_fault(members: dict[Any, Any], depth: int) -> Fault | None:
    for key, item in members.items():
        if not isinstance(key, str):
            return "", f"a key is a {type(key).__name__}, not a string"
        if not (key.isascii() and key.isprintable()):
            return "", f"the key {_shown(key)} is not printable ASCII"
        if type(item) is str and item.isascii() and item.isprintable():
            continue  # most are: no call for them
        fault = _fault(item, depth)
        if fault is not None:
            step = f".{key}" if key.isidentifier() and len(key) <= 64 else f"[{_shown(key)}]"
            return step + fault[0], fault[1]
    return None


def text_fault(text: str) -> str | None:
    """Return why a text has no place in a canonical value, None where it has."""
    if text.isascii() and text.isprintable():
        return None
    return characters.fault(text)


def _shown(key: str) -> str:
    """Return a key as it may stand in a message: ASCII, and not as long as its sender likes."""
    return ascii(key if len(key) <= 64 else key[:64] + "...")


def _nests_too_deep(text: str) -> bool:
    """Count brackets outside strings; exact up to the first fault of syntax, where the parser stops anyway."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for token in _TOKEN.finditer(text):
        first = text[token.start()]
        if first in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif first in "]}":
            depth -= 1
    return False


def _integer(text: str) -> int | _Unfit:
    if text == "-0":
        return _Unfit("-0 is spelled 0")
    # 2^53-1 has 16 digits; a longer text is refused unread, its conversion would be slow or an error of its own.
    return int(text) if len(text) <= 17 else _Unfit("an integer beyond ±(2^53-1)")


def _not_an_integer(text: str) -> _Unfit:
    return _Unfit("a number with a fraction or an exponent, or NaN or Infinity")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Unfit:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            return _Unfit(f"the key {_shown(key)} occurs twice")
        seen.add(key)
    return members


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_int=_integer,
    parse_float=_not_an_integer,
    parse_constant=_not_an_integer,
)
