"""Why was I drawn, or not, or not even asked: every code gets an answer that proves itself, and no forged one passes."""

from __future__ import annotations

import copy
import json
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.pages.story import story
from api.pages.words import DRAWN
from api.receipts import spelled
from domain import uscc
from tests.api.two_draws import DONE, OPEN, Told, code
from tests.browser.in_the_hand import ask as ask_the_browser
from tests.forge import Forge
from tests.twins import selfcheck as twin
from tests.twins.json_text import Refused
from verify import canonical, note, selfcheck
from verify.receipt import judge
from verify.tree import inclusion_path, leaf_hash

Json = dict[str, Any]


def judged(value: Json, vkey: str, path: Path) -> tuple[int, str]:
    """Return the exit code that Python, the browser and the twin agree on, and the reason that Python gives."""
    raw = spelled(value)
    (path / "s.json").write_bytes(raw)
    report = judge(raw, "s.json", note.parse_vkey(vkey))
    told = ask_the_browser(path / "s.json", vkey)
    try:
        twin.check(raw, vkey)
        refused = False
    except (Refused, KeyError, TypeError):
        refused = True
    assert (report.exit, told["exit"], refused) in ((0, 0, False), (1, 1, True)), (report.findings, told, refused)
    return report.exit, " ".join(each.en for each in report.findings if each.outcome.value == "BROKEN")


@pytest.mark.parametrize("number", [1, 31, 59])
def test_who_is_not_in_the_pool_is_shown_by_its_two_neighbours(told, tmp_path, number):
    ids = sorted(code(2 * n) for n in range(30))
    place = bisect_left(ids, code(number))

    value = told.file(code(number))

    assert value["result"] == "absent"
    sides = {side: json.loads(held["line"])["id"] for side, held in value["around"].items()}
    assert sides == {"before": ids[place - 1]} | ({"after": ids[place]} if place < 30 else {})
    assert judged(value, told.vkey, tmp_path)[0] == 0


def test_who_would_be_the_first_has_only_a_neighbour_behind_it(told, tmp_path):
    body = "11220101YY0000000"
    value = told.file(body + uscc.check_character(body))

    assert set(value["around"]) == {"after"}
    assert judged(value, told.vkey, tmp_path)[0] == 0


def test_before_the_result_only_the_place_in_the_pool_is_told(told, tmp_path):
    value = told.file(code(2), OPEN)

    assert value["result"] == "in-pool"
    assert "ticket" not in value
    assert judged(value, told.vkey, tmp_path)[0] == 0


def line(told: Told, index: int) -> Json:
    """Return a line of the finished draw's pool with its honest path, whosever it is."""
    ids = sorted(code(2 * n) for n in range(30))
    held: Json = told.file(ids[index])["pool"]
    return held


def hidden_between(told: Told) -> Json:
    """The line of the business itself stands between the two that are shown."""
    value = told.file(code(31))
    return value | {"object": code(30), "around": {"before": line(told, 14), "after": line(told, 16)}}


def one_more_hidden(told: Told) -> Json:
    value = told.file(code(31))
    at = value["around"]["before"]["index"]
    return value | {"around": {"before": line(told, at - 1), "after": value["around"]["after"]}}


def other_neighbours(told: Told) -> Json:
    """Two lines that really are neighbours, but elsewhere."""
    return told.file(code(31)) | {"around": {"before": line(told, 3), "after": line(told, 4)}}


def exchanged(told: Told) -> Json:
    value = told.file(code(31))
    return value | {"around": {"before": value["around"]["after"], "after": value["around"]["before"]}}


def itself_as_neighbour(told: Told) -> Json:
    return told.file(code(31)) | {"object": code(30), "around": {"before": line(told, 15), "after": line(told, 16)}}


def beyond_an_end_that_is_none(told: Told) -> Json:
    value = told.file(code(31))
    return value | {"around": {"before": value["around"]["before"]}}


def no_neighbour_at_all(told: Told) -> Json:
    return told.file(code(31)) | {"around": {}}


def another_index(told: Told) -> Json:
    value = copy.deepcopy(one_more_hidden(told))
    value["around"]["before"]["index"] += 1
    return value


def another_pool(told: Told) -> Json:
    """The neighbours are those of the other draw, under its root."""
    return told.file(code(31)) | {"around": told.file(code(31), OPEN)["around"]}


def invented_line(told: Told) -> Json:
    value = copy.deepcopy(told.file(code(31)))
    held = value["around"]["before"]
    held["line"] = held["line"].replace(code(30), code(29))
    assert code(29) in held["line"]
    return value


def another_freeze(told: Told) -> Json:
    value = told.file(code(31))
    frozen = told.file(code(31), OPEN)["entries"]["frozen"]
    return value | {"entries": value["entries"] | {"frozen": frozen}}


def a_result_withheld(told: Told) -> Json:
    """The draw is over, and a business that was drawn is told that there is no result."""
    entries = told.file(code(31))["entries"]
    return {**told.file(code(1)), "object": told.drawn[0], "entries": entries, "result": "in-pool"} | {
        "pool": told.file(told.drawn[0])["pool"]
    }


FORGED: list[Callable[[Told], Json]] = [
    hidden_between,
    one_more_hidden,
    other_neighbours,
    exchanged,
    itself_as_neighbour,
    beyond_an_end_that_is_none,
    no_neighbour_at_all,
    another_index,
    another_pool,
    invented_line,
    another_freeze,
    a_result_withheld,
]


@pytest.mark.parametrize("forge", FORGED, ids=lambda each: each.__name__)
def test_a_forged_absence_is_refused_by_three_verifiers(told, tmp_path, forge):
    value = forge(told)
    if forge is a_result_withheld:
        value.pop("around")
    assert value not in (told.file(code(31)), told.file(code(31), OPEN))

    exit_code, reason = judged(value, told.vkey, tmp_path)

    assert exit_code == 1
    assert reason


@pytest.mark.parametrize("count", [29, 31])
def test_a_count_that_is_not_that_of_the_list_is_refused_though_the_log_signed_it(told, tmp_path, count):
    """Whoever holds the key says that the pool ends earlier, or later, than the root does."""
    forge = Forge(told.export, told.key_pem)
    frozen = forge.first("draw.frozen")
    assert frozen["data"]["freeze"]["objects"]["count"] == 30
    frozen["data"]["freeze"]["objects"]["count"] = count
    frozen["data"]["c0"] = twin.draw.sha(
        b"FAIRDRAW-FREEZE/1\0", twin.records.lp(canonical.encode(frozen["data"]["freeze"]))
    ).hex()
    files = forge.resign()
    entries = files["entries.jsonl"].splitlines()
    leaves = [leaf_hash(each) for each in entries]
    value = copy.deepcopy(told.file(code(59)))
    at = value["entries"]["frozen"]["index"]
    held = {"index": at, "entry": entries[at].decode(), "path": [each.hex() for each in inclusion_path(leaves, at)]}
    value |= {"entries": {"frozen": held, "reached": held}}
    value["checkpoint"] = files["checkpoint"].decode().removesuffix("\n").split("\n")
    value["around"] = {"before": line(told, min(count, 30) - 1)}
    value["object"] = code(59) if count == 31 else code(58)

    assert judged(value, told.vkey, tmp_path)[0] == 1


def test_every_field_of_a_proof_of_absence_that_is_altered_is_broken(told):
    honest = told.file(code(31))
    key = note.parse_vkey(told.vkey)
    tried = 0
    for side in ("before", "after"):
        for field, other in (("index", 7), ("line", "{}"), ("path", []), ("path", ["00" * 32])):
            value = copy.deepcopy(honest)
            assert value["around"][side][field] != other
            value["around"][side][field] = other
            assert judge(spelled(value), "x", key).exit == 1, (side, field)
            tried += 1
    for field in honest:
        assert judge(spelled({k: v for k, v in honest.items() if k != field}), "x", key).exit == 1, field
    assert tried == 8


def test_the_service_tells_a_slip_of_the_pen_from_absence(told):
    def asked(name: str, draw: str = DONE) -> Any:
        return told.doors.http.get(f"/api/v1/receipts/draws/{draw}/{name}.json")

    wrong = code(30)[:-1] + ("0" if code(30)[-1] != "0" else "1")
    for mistyped in (wrong, code(31)[:-1], "９" + code(30)[1:], "<script>"):
        answer = asked(mistyped)
        assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json"), mistyped
        assert answer.json()["rule"] == "GB 32100-2015"
    assert "校验码" in asked(wrong).json()["detail"]
    assert asked(code(30).lower()).json()["object"] == code(30)
    assert asked(code(31).lower()).json()["result"] == "absent"
    assert asked(code(30), "220100-2026-0009").status_code == 404
    assert asked(code(31)).headers.keys() == asked(code(30)).headers.keys()


@pytest.mark.parametrize(("number", "draw", "words"), [(31, DONE, "不在名录中"), (2, OPEN, "尚无结果")])
def test_the_page_of_who_has_no_result_says_so(told, number, draw, words):
    page = told.doors.get(f"/draws/{draw}/self-check", object=code(number).lower()).text

    assert words in page
    assert "已按大写" in page
    assert f"/api/v1/receipts/draws/{draw}/{code(number)}.json" in page


def test_the_words_of_every_result_are_there():
    assert set(DRAWN) == {*selfcheck.FORMS, selfcheck.DRAWN, selfcheck.NOT_DRAWN, selfcheck.EXCLUDED}


def test_a_draw_that_ended_without_a_result_says_how_and_why(told, tmp_path):
    """By an act that this program does not know: its name and its reason are told as they stand, and nothing is guessed."""
    forge = Forge(told.export, told.key_pem)
    frozen = forge.first("draw.frozen", 1)
    ended = forge.add(frozen, frozen["stream"], "draw.called-off", "market", {"reason": "名录有误"})
    for index, entry in enumerate(forge.entries):
        entry["index"] = index
    files = forge.resign()
    raw = files["entries.jsonl"].splitlines()
    leaves = [leaf_hash(each) for each in raw]
    value = copy.deepcopy(told.file(code(2), OPEN))
    for name, entry in (("frozen", frozen), ("reached", ended)):
        at = forge.at(entry)
        path = [each.hex() for each in inclusion_path(leaves, at)]
        value["entries"][name] = {"index": at, "entry": raw[at].decode(), "path": path}
    value["checkpoint"] = files["checkpoint"].decode().removesuffix("\n").split("\n")

    assert judged(value, told.vkey, tmp_path)[0] == 0

    findings = judge(spelled(value), "x", note.parse_vkey(told.vkey)).findings
    assert any(each.check == "result" and "记录的原因：名录有误" in each.zh for each in findings)
    words = " ".join(zh for zh, _ in story(value))
    assert "draw.called-off" in words
    assert "原因：名录有误" in words
    assert "被抽中。" not in words


def test_a_threshold_that_chance_hardly_explains_is_noted_and_breaks_nothing(told):
    stratum = {"n": 20_000, "k": 1_000, "threshold": (1 << 251).to_bytes(32, "big").hex()}

    (found,) = selfcheck._chance("B", stratum, 7)
    (fitting,) = selfcheck._chance("B", stratum | {"threshold": ((1 << 256) // 20).to_bytes(32, "big").hex()}, 7)

    assert (found.outcome.value, found.check, found.index) == ("NOTED", "threshold", 7)
    assert "3.1250%" in found.zh
    assert "4.3836% 至 5.6164%" in found.zh
    assert fitting.outcome.value == "HOLDS"
    assert list(selfcheck._chance("B", {"n": 5, "k": 5, "threshold": "00" * 32}, 7)) == []
