"""Files that people bring: what is read, and what is refused with its line, its column and its reason."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.importing import read_items
from api.importing.report import MAX_FAULTS
from tests.api.bringing import notices, read_inspectors, read_objects
from tests.api.made_up import SHARED, code
from verify import canonical
from verify.kinds import OBJECT_ROW
from verify.shape import misfit

A, B = code(1), code(2)
OBJECTS = "uscc,name,established,entity_kind,district_code,commerce_tag,credit_risk_class,registration_status"


def objects(*lines, header=OBJECTS):
    return read_objects("\n".join([header, *lines, ""]).encode())


def companies():
    """Return the file of real businesses, or where it is absent one of the same shape and size without any."""
    real = SHARED / "companies_changchun_commerce.csv"
    if real.is_file():
        return real.read_bytes()
    header = "uscc,name,established,entity_type,registrar_code,district_code,district_name,commerce_tags"
    rows = (f"{code(n)},示例第{n}号商贸有限公司,2011-10-19,,220101,,,零售;商品批发" for n in range(11156))
    return "\n".join([header, *rows, ""]).encode()


def test_a_row_is_read_into_the_ledgers_shape():
    rows, faults = objects(f"{A},示例一号商行,2019/4/3,个体工商户,220102,零售;餐饮；零售,C,存续")

    assert faults == []
    assert rows == [
        {
            "id": A,
            "name": "示例一号商行",
            "type": "individual_business",
            "district": "220102",
            "tags": ["零售", "餐饮"],
            "established": "2019-04-03",
            "risk": "C",
            "status": "active",
        }
    ]
    assert misfit(rows[0], OBJECT_ROW) is None


def test_what_is_not_stated_stays_missing_but_no_status_means_active():
    rows, faults = objects(f"{A},示例一号商行", header="统一社会信用代码/注册号,企业名称")

    assert faults == []
    assert rows[0] == {
        **dict.fromkeys(("type", "district", "established", "risk")),
        **{"id": A, "name": "示例一号商行", "tags": [], "status": "active"},
    }


def test_the_file_of_11156_businesses_is_read_whole_in_a_moment():
    data = companies()

    started = time.perf_counter()
    rows, faults = read_objects(data)
    took = time.perf_counter() - started

    assert faults == []
    assert len(rows) == 11156
    assert all(misfit(row, OBJECT_ROW) is None for row in rows)
    assert {row["risk"] for row in rows} == {None}
    assert took < 5
    assert notices(data, "objects") == []


@pytest.mark.parametrize(
    "header", ["uscc", "uscc_as_published", "统一社会信用代码", "统一社会信用代码（注册号）", "USCC"]
)
def test_the_codes_that_were_published_broken_are_refused_one_by_one(header):
    broken = ["91220101YY00000", code(3)[:-1] + ("A" if code(3)[-1] != "A" else "B"), code(4).lower()]

    rows, faults = objects(*(f"{text},示例" for text in broken), header=f"{header},name")

    assert rows == []
    assert [(fault["line"], fault["column"], fault["value"]) for fault in faults] == [
        (line, header, text) for line, text in enumerate(broken, start=2)
    ]
    assert all("GB 32100" in fault["reason"] and "GB 32100" in fault["reason_zh"] for fault in faults)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real codes do not come with the product")
def test_the_published_anomalies_are_three_faults():
    rows, faults = read_objects((SHARED / "companies_source_anomalies.csv").read_bytes())

    assert rows == []
    assert [fault["line"] for fault in faults] == [2, 3, 4]


# One bad cell per row: the cells of the row, the column that must be named, and the reason.
BAD_OBJECTS = {
    "no code": (",示例,,,,,,", "uscc", "must not be empty"),
    "a code that a spreadsheet rounded": ("9.1220101E+17,示例,,,,,,", "uscc", "lost its last digits"),
    "no name": (f"{A},,,,,,,", "name", "must not be empty"),
    "a day of another form": (f"{A},示例,03.04.2019,,,,,", "established", "YYYY-MM-DD"),
    "a day without its zeros": (f"{A},示例,2019-4-3,,,,,", "established", "YYYY-MM-DD"),
    "a day in full-width digits": (f"{A},示例,２０１９-04-03,,,,,", "established", "YYYY-MM-DD"),
    "a day that never was": (f"{A},示例,2023-02-29,,,,,", "established", "no such day"),
    "the year zero": (f"{A},示例,0000-01-01,,,,,", "established", "no such day"),
    "a division in words": (f"{A},示例,,,南关区,,,", "district_code", "6 digits"),
    "an unknown risk class": (f"{A},示例,,,,,E,", "credit_risk_class", "an unknown value"),
    "an unknown status": (f"{A},示例,,,,,,asleep", "registration_status", "an unknown value"),
    "a NUL byte": (f"{A},示\0例,,,,,,", "name", "U+0000"),
    "an escape sequence": (f"{A},示\x1b[2J例,,,,,,", "name", "U+001B"),
    "a text turned around": (f"{A},示\u202e例,,,,,,", "name", "U+202E"),
    "an invisible character": (f"{A},示\u200b例,,,,,,", "name", "U+200B"),
    "a line break in a cell": (f'{A},"示\n例",,,,,,', "name", "U+000A"),
    "a character of another form": (f"{A},示\uf92c例,,,,,,", "name", "Unicode form C, see U+F92C"),
    "a character newer than the tables": (f"{A},示\U0001fae8例,,,,,,", "name", "character 2, U+1FAE8, is neither of Unicode 14.0"),
    "a character lost before": (f"{A},示\ufffd例,,,,,,", "name", "U+FFFD"),
    "a cell without end": (f"{A},{'示' * 4001},,,,,,", "name", "longer than 4000"),
    "too few cells": (f"{A},示例", "", "row 3 has 2 cells, the header has 8"),
    "too many cells": (f"{A},示例,,,,,,,more", "", "row 3 has 9 cells, the header has 8; a comma inside a cell needs"),
    "quotes that do not match": (f'{A},"示"例,,,,,,', "", "quotes do not match"),
    "a product without a code": (",示例,,产品,,,,", "uscc", "must not be empty"),
    "a product coded with a slash": ("P/1,示例,,产品,,,,", "uscc", "letters, digits"),
    "a product coded as a person": ("220102199001011234,示例,,产品,,,,", "uscc", "identity number"),
}


@pytest.mark.parametrize(("line", "column", "reason"), BAD_OBJECTS.values(), ids=BAD_OBJECTS.keys())
def test_a_bad_row_is_refused_with_line_column_and_reason_and_the_others_are_read(line, column, reason):
    rows, faults = objects(f"{B},示例二号商行,,,,,,", line)

    assert [(fault["line"], fault["column"]) for fault in faults] == [(3, column)]
    assert reason in faults[0]["reason"]
    assert faults[0]["reason_zh"]
    assert set(faults[0]) == {"line", "column", "value", "reason_zh", "reason"}
    assert [row["id"] for row in rows] == [B]


def test_every_fault_of_a_row_is_named():
    _, faults = objects("x,,yesterday,,y,,Z,z")

    assert [fault["column"] for fault in faults] == [
        *("uscc", "name", "district_code", "established", "credit_risk_class", "registration_status"),
    ]


def test_a_code_that_occurs_twice_names_its_first_line():
    _, faults = objects(f"{A},示例,,,,,,", f"{B},示例,,,,,,", f"{A},示例,,,,,,")

    assert [(fault["line"], fault["value"], fault["reason"]) for fault in faults] == [(4, A, "the same as in line 2")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_an_editor_counts_them(end):
    header = "序号,备注,uscc,name"
    lines = [header, f'1,"two{end}lines, ""quoted""",{A},示例', "", "2,,bad,示例", ",,,", f"3,,{B},示例", "4,,bad,示例"]

    rows, faults = read_objects(("\ufeff" + end.join(lines)).encode())

    assert [row["id"] for row in rows] == [A, B]
    assert [fault["line"] for fault in faults] == [5, 8]


def test_spaces_around_a_cell_are_not_part_of_it_and_formulas_are_text():
    rows, faults = objects(f"\t{A} ,\u3000=1+1\u00a0,,,,,,")

    assert faults == []
    assert (rows[0]["id"], rows[0]["name"]) == (A, "=1+1")


def test_a_product_needs_no_credit_code():
    rows, faults = objects("P-2026-01,示例批次,,产品,,,,")

    assert faults == []
    assert (rows[0]["id"], rows[0]["type"]) == ("P-2026-01", "product")


STATUSES = {
    "存续（在营、开业、在册）": "active",
    "吊销，未注销": "revoked",
    "吊销，已注销": "deregistered",
    "撤销": "cancelled",
    "迁出": "moved",
    "停业": "closed",
    "Active": "active",
}


@pytest.mark.parametrize(("word", "status"), STATUSES.items())
def test_a_status_is_understood_in_both_languages(word, status):
    rows, faults = objects(f"{A},示例,,,,,,{word}")

    assert faults == []
    assert rows[0]["status"] == status


BAD_FILES = {
    "empty": (b"", 1, "", "empty"),
    "only a mark": ("\ufeff".encode(), 1, "", "empty"),
    "only line breaks": (b"\n\n\n", 1, "", "empty"),
    "only a header": (b"uscc,name\n", 1, "", "no row"),
    "GB18030": (f"uscc,name\n{A},示例\n".encode("gb18030"), 2, "", "GB18030"),
    "neither": (b"uscc,name\n\n\xff\xff\xff\n", 3, "", "not UTF-8"),
    "UTF-16": ("uscc,name\n".encode("utf-16"), 1, "", "UTF-16"),
    "a workbook": (b"PK\x03\x04rest", 1, "", "Excel workbook"),
    "no column of codes": ("企业名称\n示例\n".encode(), 1, "uscc", "a required column is missing"),
    "semicolons for commas": (b"uscc;name\nx;y\n", 1, "uscc", "a required column is missing"),
    "two columns of codes": ("uscc,统一社会信用代码,name\n".encode(), 1, "统一社会信用代码", "two columns"),
    "identity numbers": ("uscc,name,身份证号\n".encode(), 1, "身份证号", "data minimisation"),
    "telephones": ("uscc,name,联系 手机号码\n".encode(), 1, "联系 手机号码", "data minimisation"),
    "telephones in English": (b"uscc,name,Phone_No\n", 1, "Phone_No", "data minimisation"),
    "a quote without end": (f'uscc,name\n{A},"示例\n{B},示例\n'.encode(), 2, "", "what follows was not read"),
    "a cell of a megabyte": (b'uscc,name\nx,"' + b"x,\n" * 400000, 2, "", "what follows was not read"),
}


@pytest.mark.parametrize(("data", "line", "column", "reason"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_file_that_cannot_be_read_says_why(data, line, column, reason):
    rows, faults = read_objects(data)

    assert rows == []
    assert (faults[0]["line"], faults[0]["column"]) == (line, column)
    assert reason in faults[0]["reason"]


def test_each_accepted_word_is_listed_once():
    _, faults = objects(f"{A},示例,,,,,E,")

    both = faults[0]["reason_zh"] + faults[0]["reason"]
    assert all(both.count(word) == 1 for word in ("未分类", "信用风险较高", "d类"))
    assert faults[0]["reason"].isascii()


def test_a_column_that_nobody_knows_is_noticed_and_refuses_nothing():
    data = f"uscc,name,注册资本,备注,\n{A},示例,100万,,\n".encode()

    rows, faults = read_objects(data)

    assert (len(rows), faults) == (1, [])
    assert [(notice["line"], notice["column"]) for notice in notices(data, "objects")] == [(1, "注册资本"), (1, "(5)")]


def test_beyond_a_thousand_faults_only_their_number_is_told():
    _, faults = objects(*(["bad,示例,,,,,,"] * (MAX_FAULTS + 7)))

    assert len(faults) == MAX_FAULTS + 1
    assert faults[-1]["line"] == MAX_FAULTS + 2
    assert "7 more faults" in faults[-1]["reason"]


def test_a_report_shows_no_long_value_and_no_escape_sequence():
    _, faults = objects(f"\x1b[2J{'x' * 500},示例,,,,,,")

    assert len(faults[0]["value"]) < 100
    assert faults[0]["value"].isprintable()


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: f"uscc,name\n{text}".encode())))
def test_whatever_the_bytes_there_is_an_answer_that_can_be_stored(data):
    for rows, faults in (
        read_objects(data),
        read_inspectors(data),
        read_items(data, "a.csv"),
        read_items(data, "a.json"),
    ):
        assert rows or faults
        assert canonical.encode([rows, [[fault["line"], fault["reason"]] for fault in faults]])
    notices(data, "objects")
