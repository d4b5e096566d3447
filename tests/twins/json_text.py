"""Canonical JSON, read character by character as section 1 of SPEC.md says it: no parser of a library is asked."""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
SPEC = Path(__file__).resolve().parents[2] / "verify" / "SPEC.md"
RUNS = [int(each) for each in SPEC.read_text(encoding="utf-8").partition("\n## 16 ")[2].split("```")[1].split()]
"""The numbers of section 16."""
BIDI = {0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}


class Refused(ValueError):
    """What was given is not what it should be; `args[0]` is a word for what is wrong."""


def refuse_unless(holds: bool, reason: str) -> None:
    if not holds:
        raise Refused(reason)


def matched(found: re.Match[str] | None, reason: str) -> re.Match[str]:
    """Return a match that there must be."""
    if found is None:
        raise Refused(reason)
    return found


def decode(data: bytes) -> Any:
    """Return the value of canonical JSON."""
    value = read(data)
    refuse_unless(spell(value).encode() == data, "spelling")
    return value


def read(data: bytes) -> Any:
    """Return the value of JSON in any spelling, if it has a canonical one."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("utf8") from None
    value, end = _value(text, _blank(text, 0), 0)
    refuse_unless(_blank(text, end) == len(text), "syntax")
    return value


def spell(value: Any) -> str:
    """Return the canonical spelling of a value that `read` returned."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{spell(key)}:{spell(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(spell, value)) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return (
        {None: "null", True: "true", False: "false"}[value]
        if value is None or value is True or value is False
        else str(value)
    )


def _blank(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\t", "\n", "\r"):
        at += 1
    return at


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    first = text[at : at + 1]
    if first in ("{", "["):
        refuse_unless(depth < 32, "depth")
        return (_object if first == "{" else _list)(text, _blank(text, at + 1), depth + 1)
    if first == '"':
        return _checked(*_string(text, at + 1))
    for word, value in (("true", True), ("false", False), ("null", None)):
        if text.startswith(word, at):
            return value, at + len(word)
    return _number(text, at)


def _number(text: str, at: int) -> tuple[int, int]:
    found = matched(re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?").match(text, at), "syntax")
    spelled = found[0]
    refuse_unless(found[2] is None and found[3] is None and spelled != "-0", "number")
    refuse_unless(len(spelled) < 18 and abs(int(spelled)) < 2**53, "range")
    return int(spelled), found.end()


def _string(text: str, at: int) -> tuple[str, int]:
    units: list[int] = []  # UTF-16, so that two escapes can be one character
    while True:
        refuse_unless(at < len(text), "syntax")
        sign = text[at]
        if sign == '"':
            raw = b"".join(unit.to_bytes(2, "big") for unit in units)
            return raw.decode("utf-16-be", "surrogatepass"), at + 1
        if sign == "\\":
            escape = text[at + 1 : at + 2]
            if escape == "u":
                digits = text[at + 2 : at + 6]
                refuse_unless(re.fullmatch("[0-9a-fA-F]{4}", digits) is not None, "syntax")
                units.append(int(digits, 16))
                at += 6
                continue
            refuse_unless(escape in ESCAPES, "syntax")
            units.append(ord(ESCAPES[escape]))
            at += 2
            continue
        refuse_unless(sign >= " ", "syntax")
        raw = sign.encode("utf-16-be", "surrogatepass")
        units += [int.from_bytes(raw[n : n + 2], "big") for n in range(0, len(raw), 2)]
        at += 1


def _checked(text: str, end: int) -> tuple[str, int]:
    for sign in text:
        control = unicodedata.category(sign) in ("Cc", "Cs") or sign in "\u2028\u2029"
        refuse_unless(not control and ord(sign) not in BIDI, "character")
    refuse_unless(all(_is_ideograph(sign) or _is_of_14(ord(sign)) for sign in text), "unassigned")
    piece = ""
    for sign in [*text, "\U00020000"]:
        if _is_ideograph(sign):
            refuse_unless(unicodedata.normalize("NFC", piece) == piece, "nfc")
            piece = ""
        else:
            piece += sign
    return text, end


def _is_ideograph(sign: str) -> bool:
    plane, place = divmod(ord(sign), 0x10000)
    compatible = plane == 2 and 0xF800 <= place < 0xFA20
    return sign in "\u2ffc\u2ffd\u2ffe\u2fff\u31ef" or (plane in (2, 3) and place < 0xFFFE and not compatible)


@cache
def _is_of_14(code: int) -> bool:
    """Read the table of section 16 of the specification, number by number."""
    if code >= 0x20000:
        ranges = ((0x2F800, 0x2FA1D), (0xE0001, 0xE0001), (0xE0020, 0xE007F), (0xE0100, 0xE01EF))
        return any(first <= code <= last for first, last in ranges) or (code >= 0xF0000 and code % 0x10000 < 0xFFFE)
    for n, run in enumerate(RUNS):
        if code < run:
            return n % 2 == 0
        code -= run
    raise AssertionError("the table goes up to U+1FFFF")


def _list(text: str, at: int, depth: int) -> tuple[list[Any], int]:
    items: list[Any] = []
    if text[at : at + 1] == "]":
        return items, at + 1
    while True:
        item, at = _value(text, _blank(text, at), depth)
        items.append(item)
        at = _blank(text, at)
        if text[at : at + 1] == "]":
            return items, at + 1
        refuse_unless(text[at : at + 1] == ",", "syntax")
        at += 1


def _object(text: str, at: int, depth: int) -> tuple[dict[str, Any], int]:
    members: dict[str, Any] = {}
    if text[at : at + 1] == "}":
        return members, at + 1
    while True:
        at = _blank(text, at)
        refuse_unless(text[at : at + 1] == '"', "syntax")
        key, at = _string(text, at + 1)
        refuse_unless(all(" " <= sign <= "~" for sign in key), "key")
        refuse_unless(key not in members, "repeated")
        at = _blank(text, at)
        refuse_unless(text[at : at + 1] == ":", "syntax")
        members[key], at = _value(text, _blank(text, at + 1), depth)
        at = _blank(text, at)
        if text[at : at + 1] == "}":
            return members, at + 1
        refuse_unless(text[at : at + 1] == ",", "syntax")
        at += 1
