"""A social credit code: what our own check of GB 32100 says, next to another library and to codes that were issued."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc as other

from domain import uscc
from tests.api.made_up import SHARED

VALID = "91220101YY01WT508U"

letters = st.sampled_from(uscc.ALPHABET)
digits = st.sampled_from("0123456789")


@st.composite
def codes(draw):
    body = draw(letters) + draw(letters) + "".join(draw(digits) for _ in range(6))
    body += "".join(draw(letters) for _ in range(9))
    return body + uscc.check_character(body)


@given(codes())
def test_a_code_with_its_check_character_is_accepted(code):
    assert uscc.fault(code) is None


@given(codes(), st.integers(0, 17), letters)
def test_any_single_changed_character_is_found(code, place, character):
    changed = code[:place] + character + code[place + 1 :]

    assert (uscc.fault(changed) is None) == (changed == code)


@given(codes(), st.integers(0, 16))
def test_two_neighbours_that_changed_places_are_found(code, place):
    changed = code[:place] + code[place + 1] + code[place] + code[place + 2 :]

    assert (uscc.fault(changed) is None) == (changed == code)


@given(codes(), st.integers(2, 17), st.sampled_from(uscc.ALPHABET + "IOSVZ"))
def test_the_other_library_agrees_where_the_code_starts_with_two_digits(code, place, character):
    body = "91" + code[2:17]
    whole = body + uscc.check_character(body)

    for text in (whole, whole[:place] + character + whole[place + 1 :], whole[:place]):
        assert (uscc.fault(text) is None) == other.is_valid(text)


@pytest.mark.parametrize("authority", ["N2", "Y1", "A1"])
def test_authorities_with_a_letter_are_accepted_though_the_other_library_refuses_them(authority):
    body = authority + VALID[2:17]
    code = body + uscc.check_character(body)

    assert uscc.fault(code) is None
    assert not other.is_valid(code)


BROKEN = {
    "empty": ("", "has 18 characters, this one has 0"),
    "an old registration number": ("220101000012345", "this one has 15"),
    "one character short": (VALID[:-1], "this one has 17"),
    "a space inside": (VALID[:8] + " " + VALID[9:], "character 9 (U+0020)"),
    "lower case": (VALID.lower(), "character 9 is the lower-case y"),
    "full-width digits": ("９" + VALID[1:], "character 1 (U+FF19)"),
    "a full-width capital": (VALID[:8] + "Ｙ" + VALID[9:], "character 9 (U+FF39)"),
    "the letter O for a zero": (VALID[:10] + "O" + VALID[11:], "character 11 is O"),
    "a letter in the division": (VALID[:4] + "A" + VALID[5:], "character 5 is A"),
    "a wrong check character": (VALID[:-1] + "T", "check character does not fit"),
}


@pytest.mark.parametrize(("code", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_code_is_refused_with_its_reason(code, reason):
    fault = uscc.fault(code)

    assert fault is not None
    assert reason in fault[1]
    assert "GB 32100" in fault[0]


@given(st.text(max_size=20))
def test_whatever_the_text_an_answer_comes_back(text):
    fault = uscc.fault(text)

    assert fault is None or all(fault)


def test_the_organisation_code_has_a_check_of_its_own():
    assert uscc.organisation_fault("YY01WT508") is None
    assert uscc.organisation_fault("YY01WT509") is not None
    assert uscc.organisation_fault("yy01wt508") is not None
    assert uscc.organisation_check_character("00000004") == "3"
    assert uscc.organisation_check_character("00000006") == "X"


def test_a_wrong_inner_check_alone_refuses_nothing():
    body = "91220101YY01WT509"

    assert uscc.fault(body + uscc.check_character(body)) is None


@pytest.mark.parametrize("body", ["", "9" * 16, "I" * 17])
def test_no_check_character_is_invented_for_another_form(body):
    with pytest.raises(ValueError, match="not 17 characters"):
        uscc.check_character(body)
    with pytest.raises(ValueError, match="not 8 characters"):
        uscc.organisation_check_character(body)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real codes do not come with the product")
def test_all_real_codes_are_accepted_and_the_three_that_were_published_broken_are_not():
    with (SHARED / "companies_changchun_commerce.csv").open(encoding="utf-8", newline="") as file:
        real = [row["uscc"] for row in csv.DictReader(file)]
    with (SHARED / "companies_source_anomalies.csv").open(encoding="utf-8", newline="") as file:
        broken = [row["uscc_as_published"] for row in csv.DictReader(file)]

    assert [code for code in real if uscc.fault(code)] == []
    assert len(real) == 11156
    assert all(uscc.fault(code) for code in broken)
    assert len(broken) == 3
