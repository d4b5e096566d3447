"""Texts with characters that Unicode got after 14.0, or never: who they are by the public tables, and what SPEC.md says of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from itertools import accumulate

from tests.forge import Forge, Json, spell
from tests.twins.answers import answer
from tests.twins.json_text import BIDI, RUNS

FIRST = 101
"""The number of the first of these among the vectors of `canonical.decode`."""
HOLD = {
    "\u4e2d\u9fff": "ideographs of the first plane up to the last of 14.0",
    "\U0003134a": "the last ideograph of extension G (13.0)",
    "\U00031350\U000323af": "extension H (15.0): the first and the last",
    "\U0002ebf0\U0002ee5d": "extension I (15.1), made for names of people in China",
    "\U000323b0\U00033479": "extension J (17.0)",
    "\U0002b739\U0002b73f\U0002a6e0\U0002f7ff\U0002fa20\U0003fffd": "ideographs that came later to old blocks, or are to come",
    "\u2ff0\u2ffc\u2fff\u31ef": "signs that describe an ideograph, of 15.1 too",
    "e\U00031350\u0301": "no accent goes past an ideograph that some tables do not know",
    "\u00e9\U00031350\u00e9": "composed letters beside it",
    "\U0001f004\U0001fae7": "pictures, the second new in 14.0",
    "\ue000\uf8ff\U000f0000\U0010fffd": "private use",
    "\u845b\U000e0100": "an ideograph with a variation selector",
}
REFUSE = {
    "\u0378": ("unassigned", "unassigned to this day"),
    "\U0001fae8": ("unassigned", "a picture of 15.0"),
    "\U0001fae9": ("unassigned", "a picture of 16.0"),
    "\U00010efd": ("unassigned", "a combining sign of 15.0"),
    "\U000105d2\u0307": ("unassigned", "two of 16.0, which tables of 16.0 compose and older ones do not"),
    "\U000105c9": ("unassigned", "what they compose to: it decomposes only in tables of 16.0"),
    "\U00016121": ("unassigned", "a vowel sign of 16.0 that decomposes"),
    "a\U0001e08f\u0323": (
        "unassigned",
        "a combining letter of 15.0 before a dot below, in an order that newer tables change",
    ),
    "\u2065": ("unassigned", "invisible, between bidirectional controls"),
    "\ufdd0": ("unassigned", "a noncharacter"),
    "\uffff": ("unassigned", "the noncharacter at the end of the first plane"),
    "\U0002fffe": ("unassigned", "a noncharacter of the second plane, no ideograph"),
    "\U0003ffff": ("unassigned", "a noncharacter of the third"),
    "\U0010ffff": ("unassigned", "the last of all"),
    "\U0002fa1e": ("unassigned", "after the compatibility ideographs: the next one would decompose"),
    "\U00040000": ("unassigned", "a plane that has nothing"),
    "\U000e0000": ("unassigned", "before the tags"),
    "\u1c8a": ("unassigned", "a letter of 16.0"),
    "\U0002f800": ("nfc", "a compatibility ideograph, which is another one in form C"),
    "\U00031350e\u0301": ("nfc", "e and an accent apart, after an ideograph of 15.0"),
    "e\u0301\U0002ebf0": ("nfc", "the same before one of 15.1"),
}


def vectors(fresh: Callable[[], Forge]) -> list[Json]:
    """Return them: of single strings, of all edges of the ranges, of an entry and of a list."""
    cases: list[tuple[str, str | None, str]] = [(text, None, why) for text, why in HOLD.items()]
    cases.append((edges(), None, "the first and the last of each range that 14.0 assigns"))
    cases += [(text, reason, why) for text, (reason, why) in REFUSE.items()]
    found = [
        _vector(f"canonical-decode-{FIRST + n}", {"data": f'"{text}"'}, reason, why)
        for n, (text, reason, why) in enumerate(cases)
    ]
    named = spell(fresh().entries[1] | {"data": {"title": "\U0002ebf0"}}).decode()
    strange = named.replace("\U0002ebf0", "\U0001fae8")
    return [
        *found,
        _vector("entry-parse-101", {"raw": named}, None, "a name of extension I in an entry"),
        _vector("entry-parse-102", {"raw": strange}, "unassigned", "a picture of 15.0 in an entry"),
        _vector(
            "list-parse-101", {"data": '{"id":"a","n":"\U00031350"}\n'}, None, "an ideograph of extension H in a line"
        ),
        _vector(
            "list-parse-102", {"data": '{"id":"a","n":"\u0378"}\n'}, "unassigned", "an unassigned character in a line"
        ),
    ]


def edges() -> str:
    """Return the first and the last of each assigned run, a bar between; without controls, and what is not in form C alone."""
    ends = list(accumulate([0, *RUNS]))
    pairs = zip(ends[0::2], ends[1::2], strict=False)
    signs = [chr(code) for first, end in pairs for code in sorted({first, end - 1})]
    return "|".join(
        sign
        for sign in signs
        if unicodedata.category(sign) not in ("Cc", "Cs")
        and ord(sign) not in BIDI
        and unicodedata.normalize("NFC", sign) == sign
    )


def _vector(name: str, asked: Json, reason: str | None, why: str) -> Json:
    vector: Json = {"id": name, "operation": ".".join(name.split("-")[:2]), "input": asked}
    if reason is not None:
        return vector | {
            "expect": "fail",
            "reason": reason,
            "why": why,
            "source": "SPEC.md, section 1, and Unicode's tables",
        }
    given = answer(vector)
    said = {"expect": "pass"} | ({} if given is None else {"output": given})
    return (
        vector
        | said
        | {"why": why, "source": "SPEC.md, section 1, and Unicode's tables; the output is the naive twin's"}
    )
