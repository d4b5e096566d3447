"""Bodies are strict JSON of a known form: what is not is refused with a reason, never with a fault of ours."""

import asyncio
import json
from typing import get_args

import pytest

from api.routes.inspections import Category, NotCheckable
from verify.kinds import CATEGORIES, NOT_CHECKABLE

UNIT = {"unit": "220100-x", "name": "甲处", "kind": "office", "parent": "220100"}


def spelled(**changes) -> bytes:
    return json.dumps(UNIT | changes, ensure_ascii=False).encode()


DEEP = b'{"unit":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
HOSTILE: dict[str, tuple[bytes, str | None, int]] = {
    "nothing": (b"", "application/json", 400),
    "not JSON": (b"unit=x", "application/json", 400),
    "cut short": (spelled()[:-5], "application/json", 400),
    "two values": (spelled() + spelled(), "application/json", 400),
    "a duplicate key": (b'{"unit":"a","unit":"b","name":"n","kind":"office","parent":null}', "application/json", 400),
    "a duplicate key by escape": (b'{"unit":"a","\\u0075nit":"b"}', "application/json", 400),
    "a float": (spelled(parent=1.0), "application/json", 400),
    "an exponent": (spelled().replace(b'"220100"', b"1e2"), "application/json", 400),
    "NaN": (spelled().replace(b'"220100"', b"NaN"), "application/json", 400),
    "a lone surrogate": (spelled().replace("甲处".encode(), b"\\ud800"), "application/json", 400),
    "a lone surrogate as a key": (b'{"\\udfff":1}', "application/json", 400),
    "a raw surrogate": (spelled().replace("甲处".encode(), b"\xed\xa0\x80"), "application/json", 400),
    "bytes that are not UTF-8": (spelled().replace("甲处".encode(), b"\xff\xfe"), "application/json", 400),
    "a byte order mark": (b"\xef\xbb\xbf" + spelled(), "application/json", 400),
    "UTF-16": (spelled().decode().encode("utf-16"), "application/json", 400),
    "a control character": (spelled(name="甲\x00处"), "application/json", 400),
    "a bidirectional control": (spelled(name="甲\u202e处"), "application/json", 400),
    "letters in another normal form": (spelled(name="e\u0301"), "application/json", 400),
    "an endless integer": (b'{"unit":' + b"9" * 100_000 + b"}", "application/json", 400),
    "endless nesting": (DEEP, "application/json", 400),
    "a deep nesting in objects": (b'{"a":' * 40 + b"1" + b"}" * 40, "application/json", 400),
    "more than a megabyte": (spelled(name="甲" * 400_000), "application/json", 413),
    "no content type": (spelled(), None, 415),
    "a form": (spelled(), "application/x-www-form-urlencoded", 415),
    "a text": (spelled(), "text/plain", 415),
    "another charset": (spelled(), "application/json; charset=gbk", 415),
    "another JSON": (spelled(), "application/problem+json", 415),
    "a list": (b"[]", "application/json", 422),
    "a string": (b'"unit"', "application/json", 422),
    "null": (b"null", "application/json", 422),
    "an unknown key": (spelled(colour="red"), "application/json", 422),
    "a missing key": (b'{"unit":"220100-x"}', "application/json", 422),
    "a number for a string": (spelled(name=7), "application/json", 422),
    "an empty text": (spelled(name=""), "application/json", 422),
    "a text without end": (spelled(name="甲" * 4001), "application/json", 422),
    "a code with a space": (spelled(unit="a b"), "application/json", 422),
    "a kind that is none": (spelled(kind="palace"), "application/json", 422),
}


@pytest.mark.parametrize(("content", "media", "status"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_body_is_refused_with_a_reason_and_nothing_is_recorded(doors, content, media, status):
    size = doors.ledger.size

    answer = doors.send("/units", content, media)

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert " / " in answer.json()["detail"]
    assert answer.json()["instance"] == "/api/v1/units"
    assert doors.ledger.size == size


def test_a_body_that_does_not_say_its_length_is_cut_off_at_the_limit(doors):
    def endless():
        for _ in range(64):
            yield b" " * (1 << 16)

    headers = doors.headers("admin") | {"Content-Type": "application/json"}
    answer = doors.http.post("/api/v1/units", content=endless(), headers=headers)

    assert answer.status_code == 413


def test_a_length_that_is_a_lie_is_refused(doors):
    headers = doors.headers("admin") | {"Content-Type": "application/json", "Content-Length": "9" * 30}

    answer = doors.http.post("/api/v1/units", content=spelled(), headers=headers)

    assert answer.status_code == 413


def test_an_honest_body_is_recorded_whatever_its_white_space_and_order(doors):
    content = json.dumps(dict(reversed(UNIT.items())), indent=3).encode()

    answer = doors.send("/units", content, "application/json; charset=UTF-8")

    assert answer.status_code == 201, answer.text
    assert answer.json()["kind"] == "unit.registered"


def test_every_fault_of_a_body_is_named_with_its_place(doors):
    answer = doors.post("/units", {"unit": 5, "name": "甲", "kind": "palace", "colour": "red"})

    faults = {fault["location"]: fault["reason_zh"] for fault in answer.json()["errors"]}
    assert faults == {
        "body.unit": "应为字符串",
        "body.kind": "不在允许的取值之中",
        "body.colour": "不认识的字段",
    }


def asked(doors, parts: list[dict], path: str, media: str, account: str | None) -> tuple[int, int]:
    """Send a request part by part; return the status of the answer and how many parts were taken."""
    taken: list[dict] = []
    sent: list[dict] = []
    headers = {"Content-Type": media, "Content-Length": "9"} | doors.headers(account)
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
        "http_version": "1.1", "scheme": "http", "server": ("testserver", 80), "client": ("c", 1), "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip

    async def receive() -> dict:
        taken.append(parts[len(taken)])
        return taken[-1]

    async def send(message: dict) -> None:
        sent.append(message)

    asyncio.run(doors.app(scope, receive, send))
    return sent[0]["status"], len(taken)


BODIES = [("/api/v1/units", "application/json"), ("/api/v1/registries/shops/imports", "text/csv")]


@pytest.mark.parametrize(("path", "media"), BODIES)
def test_not_a_byte_of_a_body_is_read_before_it_is_settled_who_asks(doors, path, media):
    part = {"type": "http.request", "body": b"not JSON!", "more_body": False}

    assert asked(doors, [part], path, media, account=None) == (401, 0)


def test_a_body_of_nobody_is_never_judged(doors):
    for content, media, _ in HOSTILE.values():
        assert doors.send("/units", content, media, account=None).status_code == 401


@pytest.mark.parametrize(("path", "media"), BODIES)
def test_a_client_that_hangs_up_inside_its_body_is_no_fault_of_ours(doors, caplog, path, media):
    parts = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    size = doors.ledger.size

    # An exception that left the application would stand in the server's log with its traceback, and fail this test.
    status, taken = asked(doors, parts, path, media, account="admin")

    assert (status, taken) == (400, 2)
    assert caplog.records == []
    assert doors.ledger.size == size


def test_the_chinese_half_of_a_reason_has_no_english_inside(doors):
    answer = doors.send("/units", b'{"unit":"a","unit":"b"}')

    assert answer.json()["detail"] == "$ 处的 JSON 不合规范 / not strict JSON: $: the key 'unit' occurs twice"


def test_a_character_that_no_table_of_ours_knows_is_refused_with_its_place(doors):
    answer = doors.send("/units", '{"unit":"a","name":"王二\U0001fae8"}'.encode())

    assert answer.status_code == 400
    assert answer.json()["detail"] == (
        "$.name 处的 JSON 不合规范：第3个字符U+1FAE8既不是Unicode 14.0的字符，也不是汉字"
        " / not strict JSON: $.name: character 3, U+1FAE8, is neither of Unicode 14.0 nor an ideograph"
    )


def test_a_name_with_an_ideograph_that_came_later_is_taken(doors):
    """U+2EBF0 is of Unicode 15.1, and in the names of people."""
    unit = {"unit": "220777", "name": "示例\U0002ebf0", "kind": "office", "parent": None}

    assert doors.post("/units", unit).status_code == 201


def test_a_route_without_a_body_takes_none(doors):
    answer = doors.post("/accounts/admin/tokens", {"account": "root"})

    assert answer.status_code == 400
    assert doors.post("/accounts/admin/tokens", {}).status_code == 201


def test_a_day_that_is_not_in_the_calendar_is_refused(doors):
    year = {"year": 2026, "holidays": ["2026-02-30"], "makeup_workdays": [], "papers": []}

    assert doors.post("/calendars", year).status_code == 422


def test_the_same_key_and_body_again_is_answered_with_the_same_receipt(doors):
    first = doors.post("/units", UNIT, key="make-unit-1")
    size = doors.ledger.size

    again = doors.post("/units", UNIT, key="make-unit-1")

    assert first.status_code == again.status_code == 201
    assert again.json() == first.json()
    assert first.json()["command"] == "make-unit-1"
    assert doors.ledger.size == size


def test_the_same_key_for_another_body_is_a_conflict(doors):
    doors.post("/units", UNIT, key="make-unit-1")

    assert doors.post("/units", UNIT | {"name": "乙处"}, key="make-unit-1").status_code == 409


@pytest.mark.parametrize("key", ["a b", "钥", "a" * 65, "../x", " "])
def test_a_key_that_cannot_be_the_id_of_a_command_is_refused(doors, key):
    headers = doors.headers("admin") | {"Idempotency-Key": key.encode()}

    answer = doors.http.post("/api/v1/units", json=UNIT, headers=headers)

    assert answer.status_code == 400


def test_two_keys_are_one_too_many(doors):
    headers = [*doors.headers("admin").items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]

    assert doors.http.post("/api/v1/units", json=UNIT, headers=headers).status_code == 400


def test_without_a_key_the_service_makes_an_id(doors):
    assert len(doors.post("/units", UNIT).json()["command"]) == 36


def test_the_interface_offers_the_result_categories_that_the_ledger_knows():
    assert get_args(Category) == CATEGORIES
    assert get_args(NotCheckable) == NOT_CHECKABLE
