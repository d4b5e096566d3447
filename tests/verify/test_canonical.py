"""One value has one spelling, and whatever two JSON readers could disagree about is refused."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verify import canonical
from verify.canonical import NotCanonical

KEYS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=8)
TEXTS = st.text(max_size=8).filter(lambda text: canonical.text_fault(text) is None)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))

SPELLED = {
    "null": (None, b"null"),
    "yes is not one": ([True, 1, False, 0], b"[true,1,false,0]"),
    "the largest integers": ([2**53 - 1, -(2**53) + 1], b"[9007199254740991,-9007199254740991]"),
    "a tuple is a list": ((1, ()), b"[1,[]]"),
    "keys in byte order": ({"b": 1, "B": 2, "aa": 3, "a": 4, "": 5}, b'{"":5,"B":2,"a":4,"aa":3,"b":1}'),
    "only two escapes": ('"\\/', b'"\\"\\\\/"'),
    "Chinese as it is": ({"name": "陈记"}, '{"name":"陈记"}'.encode()),
    "beyond the basic plane": ("𠮷", b'"\xf0\xa0\xae\xb7"'),
    "composed": ("\u00e9", b'"\xc3\xa9"'),
    "no space in empty ones": ([{}, [], ""], b'[{},[],""]'),
}

CONTROLS = [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029]
BIDI = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
CYCLE: list = []
CYCLE.append(CYCLE)


def nested(depth, innermost):
    value = innermost
    for _ in range(depth):
        value = [value]
    return value


UNSPELLABLE = {
    "a float": ({"a": [1, 1.0]}, r"^\$\.a\[1\]: a float has no canonical spelling$"),
    "not a number": (float("nan"), r"^\$: a float"),
    "bytes": ({"x": {"y": b""}}, r"^\$\.x\.y: a bytes"),
    "a set": ([{1}], r"^\$\[0\]: a set"),
    "an integer too large": ([2**53], r"^\$\[0\]: an integer beyond"),
    "an integer too small": ([-(2**53)], r"^\$\[0\]: an integer beyond"),
    "an enormous integer": (10**10_000, "an integer beyond"),
    "a key that is a number": ({"a": {1: 2}}, r"^\$\.a: a key is a int, not a string$"),
    "a key that is true": ({True: 2}, "a key is a bool"),
    "a Chinese key": ({"名": 2}, r"the key '\\u540d' is not printable ASCII"),
    "a key with a newline": ({"a\n": 2}, r"the key 'a\\n' is not printable ASCII"),
    "a fault under a strange key": ({"a b": [None, 0.5]}, r"^\$\['a b'\]\[1\]: a float"),
    "a decomposed letter": (["e\u0301"], r"^\$\[0\]: a string that is not in Unicode normalization form C"),
    "a compatibility ideograph": ("\uf900", "normalization form C"),
    "a high surrogate": ("a\ud800", r"U\+D800 is a control character, a bidi control or a lone surrogate"),
    "a low surrogate": ({"a": "\udfff"}, r"^\$\.a: U\+DFFF"),
    "33 levels": (nested(33, 1), "nested deeper than 32"),
    "a list in itself": (CYCLE, "nested deeper than 32"),
}

REFUSED = {
    "nothing": (b"", "not JSON at line 1, column 1"),
    "only space": (b" ", "not JSON"),
    "two values": (b"1 2", "column 3: Extra data"),
    "a trailing comma": (b"[1,]", "not JSON"),
    "a comment": (b"[1]//", "not JSON"),
    "single quotes": (b"['a']", "not JSON"),
    "an open string": (b'"abc', "not JSON"),
    "a leading zero": (b"01", "not JSON"),
    "a plus sign": (b"+1", "not JSON"),
    "an unknown escape": (rb'"\x41"', "not JSON"),
    "a raw newline in a string": (b'"a\nb"', "not JSON"),
    "a vertical tab as space": (b"\x0b1", "not JSON"),
    "a no-break space as space": ("\u00a01".encode(), "not JSON"),
    "a byte order mark": (b"\xef\xbb\xbf1", "byte order mark"),
    "UTF-16": ('{"a":1}'.encode("utf-16"), "not UTF-8 at byte 0"),
    "an overlong character": (b'"\xc0\xaf"', "not UTF-8 at byte 1"),
    "a surrogate in UTF-8": (b'"\xed\xa0\x80"', "not UTF-8 at byte 1"),
    "an escaped lone surrogate": (rb'["\ud83d"]', r"^\$\[0\]: U\+D83D"),
    "surrogates the wrong way round": (rb'"\ude00\ud83d"', r"U\+DE00"),
    "an escaped lone surrogate in a key": (rb'{"\ud83d":1}', r"the key '\\ud83d' is not printable ASCII"),
    "an escaped control": (rb'"\u0000"', r"U\+0000 is a control"),
    "an escaped newline": (rb'"a\nb"', r"U\+000A is a control"),
    "a duplicate key": (b'{"x":{"a":1,"b":2,"a":1}}', r"^\$\.x: the key 'a' occurs twice$"),
    "a duplicate key in disguise": (rb'{"a":1,"\u0061":2}', "the key 'a' occurs twice"),
    "a fraction": (b'{"a":[1,2.5]}', r"^\$\.a\[1\]: a number with a fraction or an exponent"),
    "a whole fraction": (b"1.0", "a fraction"),
    "an exponent": (b"1e2", "an exponent"),
    "a huge exponent": (b"1e999999999", "an exponent"),
    "NaN": (b"[NaN]", r"^\$\[0\]: .*NaN"),
    "Infinity": (b"Infinity", "Infinity"),
    "minus Infinity": (b"-Infinity", "Infinity"),
    "minus zero": (b'{"a":-0}', r"^\$\.a: -0 is spelled 0"),
    "2^53": (b"9007199254740992", "an integer beyond"),
    "-2^53": (b"[-9007199254740992]", r"^\$\[0\]: an integer beyond"),
    "10000 digits": (b"9" * 10_000, "an integer beyond"),
    "a deep list": (b"[" * 100_000, "nested deeper than 32"),
    "a deep list that is closed": (b"[" * 100_000 + b"]" * 100_000, "nested deeper than 32"),
    "a deep object": (b'{"a":' * 100_000, "nested deeper than 32"),
    "depth behind escaped quotes": (b'["\\"",' + b"[" * 40, "nested deeper than 32"),
    "many closing brackets first": (b"]" * 100 + b"[" * 100_000, "not JSON|nested deeper"),
    "brackets behind an open string": (b'"' + b"[" * 100_000, "not JSON"),
    "an open string of escaped quotes": (b'"' + b'\\"' * 200_000 + b"[" * 40, "not JSON"),
}

RESPELLED = {
    "a space": b'{"a": 1}',
    "a newline at the end": b'{"a":1}\n',
    "keys out of order": b'{"b":1,"a":2}',
    "an escape too many": b'"\\u0061"',
    "an escaped slash": b'"\\/"',
    "escaped Chinese": b'"\\u9648"',
}


@pytest.mark.parametrize(("value", "spelling"), SPELLED.values(), ids=SPELLED.keys())
def test_a_value_has_this_spelling(value, spelling):
    assert canonical.encode(value) == spelling
    assert canonical.encode(canonical.decode(spelling)) == spelling


@pytest.mark.parametrize(("value", "reason"), UNSPELLABLE.values(), ids=UNSPELLABLE.keys())
def test_a_value_without_a_spelling_is_refused_with_its_path(value, reason):
    with pytest.raises(NotCanonical, match=reason):
        canonical.encode(value)


@pytest.mark.parametrize("code", CONTROLS + BIDI, ids=lambda code: f"U+{code:04X}")
def test_no_string_holds_a_control_or_bidi_character(code):
    hidden = {"name": f"陈{chr(code)}记"}

    with pytest.raises(NotCanonical, match=rf"^\$\.name: U\+{code:04X} is a control"):
        canonical.encode(hidden)
    with pytest.raises(NotCanonical, match=rf"^\$\.name: U\+{code:04X} is a control"):
        canonical.loads(json.dumps(hidden).encode())


@pytest.mark.parametrize(("data", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_readers_could_disagree_about_is_refused(data, reason):
    with pytest.raises(NotCanonical, match=reason):
        canonical.loads(data)
    with pytest.raises(NotCanonical, match=reason):
        canonical.decode(data)


@pytest.mark.parametrize("data", RESPELLED.values(), ids=RESPELLED.keys())
def test_another_spelling_can_be_read_but_is_not_the_canonical_one(data):
    value = canonical.loads(data)

    with pytest.raises(NotCanonical, match="another canonical spelling"):
        canonical.decode(data)

    assert canonical.encode(value) != data


def test_32_levels_are_read_and_written():
    deep = b"[" * 32 + b"]" * 32

    assert canonical.encode(canonical.decode(deep)) == deep


def test_brackets_inside_strings_do_not_nest():
    text = "[{" * 50 + '"' + "[{" * 50

    assert canonical.decode(canonical.encode([text])) == [text]


def test_escaped_surrogate_pairs_are_one_character():
    assert canonical.loads(rb'"\ud83d\ude00"') == "\U0001f600"


def test_a_message_is_never_as_long_as_the_key_it_names():
    with pytest.raises(NotCanonical) as refusal:
        canonical.loads(b'{"' + b"a" * 100_000 + b'":1.5}')

    assert len(str(refusal.value)) < 200


@settings(deadline=None)
@given(VALUES)
def test_every_value_comes_back_from_its_spelling(value):
    spelling = canonical.encode(value)

    assert canonical.decode(spelling) == value
    assert canonical.loads(json.dumps(value, indent=1).encode()) == value


@settings(deadline=None)
@given(st.binary(max_size=40) | st.text('[]{}",:\\u0d8e-+.1 NaIty', max_size=40).map(str.encode))
def test_whatever_is_not_read_is_refused_by_name_and_whatever_is_read_can_be_spelled(data):
    try:
        value = canonical.loads(data)
    except NotCanonical:
        return

    assert canonical.decode(canonical.encode(value)) == value
