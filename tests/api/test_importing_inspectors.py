"""Files of inspectors: what is read, and what is refused before it could let the wrong person into a pool."""

import pytest

from tests.api.bringing import read_inspectors
from tests.api.made_up import code

A, B = code(1), code(2)
INSPECTORS = (
    "inspector_no,display_name,unit_code,office,kind,certificate_no,certificate_valid_to,business_lines,item_codes,"
    "declared_conflicts,status"
)


def inspectors(*lines, header=INSPECTORS):
    return read_inspectors("\n".join([header, *lines, ""]).encode())


def test_an_inspector_is_read_with_what_stays_private():
    rows, faults = inspectors(
        f"INS-1,检查员0001,220100,服务业处,公务员,示证1,2028年1月5日,流通;服务,CCSW-002;CCSW-001,{B};{A},在岗"
    )

    assert faults == []
    assert rows == [
        {
            "id": "INS-1",
            "unit": "220100",
            "office": "服务业处",
            "kind": "civil_servant",
            "name": "检查员0001",
            "certificate": "示证1",
            "certificate_valid_to": "2028-01-05",
            "lines": ["服务", "流通"],
            "items": ["CCSW-001", "CCSW-002"],
            "status": "active",
            "conflicts": sorted([A, B]),
        }
    ]


def test_a_file_with_chinese_headers_says_who_is_an_expert():
    header = "检查人员编号,姓名,单位代码,是否专家,执法证,有效期,执法事项范围,担任职务"

    rows, faults = inspectors(
        *("1,检查员一,220100,否,证1,2027-01-01,X-1,科长", "2,检查员二,220100,是,,,X-1,"), header=header
    )

    assert faults == []
    assert [row["kind"] for row in rows] == ["enforcement_officer", "expert"]
    assert [row["certificate"] for row in rows] == ["证1", None]


BAD_INSPECTORS = {
    "no number": (",检查员,220100,,expert,,,,,,", "inspector_no", "must not be empty"),
    "a number with a slash": ("a/1,检查员,220100,,expert,,,,,,", "inspector_no", "letters, digits"),
    "a telephone as number": ("13900000000,检查员,220100,,expert,,,,,,", "inspector_no", "identity number"),
    "no name": ("1,,220100,,expert,,,,,,", "display_name", "must not be empty"),
    "no unit": ("1,检查员,,,expert,,,,,,", "unit_code", "must not be empty"),
    "an unknown kind": ("1,检查员,220100,,helper,,,,,,", "kind", "an unknown value"),
    "an unknown status": ("1,检查员,220100,,expert,,,,,,away", "status", "an unknown value"),
    "a date without a certificate": ("1,检查员,220100,,,,2027-01-01,,,,", "certificate_no", "no certificate"),
    "a certificate without a date": ("1,检查员,220100,,,证,,,,,", "certificate_valid_to", "no expiry date"),
    "a certificate for ever": ("1,检查员,220100,,,证,长期,,,,", "certificate_valid_to", "YYYY-MM-DD"),
    "an item in words": ("1,检查员,220100,,expert,,,,餐饮检查,,", "item_codes", "semicolons"),
    "a mistyped conflict": (f"1,检查员,220100,,expert,,,,,{A[:-1]}!,", "declared_conflicts", "semicolons"),
    "a conflict with nobody": (
        f"1,检查员,220100,,expert,,,,,{A[:9]}00{A[11:]},",
        "declared_conflicts",
        "check character",
    ),
}


@pytest.mark.parametrize(("line", "column", "reason"), BAD_INSPECTORS.values(), ids=BAD_INSPECTORS.keys())
def test_a_bad_row_of_inspectors_is_refused(line, column, reason):
    rows, faults = inspectors(line)

    assert rows == []
    assert [(fault["line"], fault["column"]) for fault in faults] == [(2, column)]
    assert reason in faults[0]["reason"]


def test_the_columns_of_the_old_template_that_ask_for_too_much_are_refused():
    _, faults = inspectors(header="单位工号,姓名,身份证号,手机号,单位代码,执法证,有效期,执法事项范围")

    assert [fault["column"] for fault in faults] == ["身份证号", "手机号"]
    assert all("个人信息保护法" in fault["reason_zh"] for fault in faults)
