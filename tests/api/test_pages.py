"""The pages show what the log says, in Chinese first, and whatever a name contains it stays text."""

import re

from tests.api.conftest import HOSTILE
from tests.story import Story, drawn_objects, inspectors, objects

DRAW = "220100-2026-0001"
ESCAPED = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&#34;店"


def ready(story: Story) -> tuple[str, str, tuple[str, str]]:
    """Bring a log to where a draw can be opened."""
    story.organise()
    plan = story.plan({"CCSW-001": "general"})
    return plan, "CCSW-001", story.registries("CCSW-001", objects(20), inspectors(9, ["CCSW-001"]))


def test_the_first_page_says_how_far_the_log_is_and_how_to_check_it(finished):
    page = finished.get("/").text

    assert finished.ledger.origin in page
    assert f"/draws/{DRAW}" in page
    assert "curl -s http://testserver/export.tar | tar x" in page
    assert finished.ledger.vkey.replace("+", "&#43;") in page or finished.ledger.vkey in page
    assert "2026年度抽查计划" in page
    assert 'lang="zh-CN"' in page


def test_the_page_of_a_draw_shows_every_hash_with_its_place_in_the_log(finished):
    page = finished.get(f"/draws/{DRAW}").text
    steps = finished.get(f"/api/v1/draws/{DRAW}", "clerk").json()["steps"]

    for step in steps:
        assert f"#{step['index']}<" in page
        for key in ("c0", "c1", "c2", "seed", "b", "commitment", "secret"):
            if key in step["data"]:
                assert step["data"][key] in page, (step["kind"], key)
    assert steps[2]["data"]["freeze"]["objects"]["root"] in page


def test_the_page_of_a_draw_shows_the_shares_and_the_drawn_with_their_inspectors_numbers(finished):
    page = finished.get(f"/draws/{DRAW}").text
    answer = finished.get(f"/api/v1/draws/{DRAW}", "clerk").json()

    assert "5 %" in page
    for row in answer["drawn"]:
        assert row["object"] in page
        assert "、".join(row["inspectors"]) in page
    assert "检查员" not in page
    assert "纪检监督" in page


def test_a_missing_risk_class_is_drawn_as_b_and_shown_as_missing(finished):
    drawn = finished.get("/api/v1/draws/220100-2026-0001", "discipline").json()["drawn"]
    missing = [each for each in drawn if each["row"]["risk"] is None]

    page = finished.get("/draws/220100-2026-0001").text

    assert {each["stratum"] for each in missing} <= {"B"}
    assert page.count("未分类，按B类") == len(missing)


def test_a_hostile_name_stays_text_on_every_page(finished):
    for path in (f"/draws/{DRAW}", "/results"):
        page = finished.get(path).text

        assert HOSTILE not in page
        assert "<script" not in page.lower()
        assert ESCAPED in page


def test_a_hostile_host_or_query_stays_text(finished):
    headers = {"Host": 'x"><script>alert(1)</script>'}
    for page in (
        finished.http.get("/", headers=headers).text,
        finished.get("/results?category=%22%3E%3Cscript%3E").text,
        finished.get(f"/draws/{DRAW}?after=%22%3E%3Cscript%3E").text,
    ):
        assert "<script" not in page.lower()


def test_no_page_needs_a_script_or_a_style_from_elsewhere(finished):
    for path in ("/", "/results", f"/draws/{DRAW}"):
        page = finished.get(path).text

        assert not re.search(r"<script|\sstyle=|\son\w+=|javascript:", page, re.IGNORECASE)
        assert set(re.findall(r'(?:src|href)="(?!/)([^"]*)"', page)) == set()


def test_a_demonstration_says_so_and_a_real_log_does_not(finished, monkeypatch):
    assert "演示：数据与结果均为虚构" in finished.get("/").text

    monkeypatch.setattr(finished.ledger, "origin", "log.example.cn/220100")

    assert "演示：数据与结果均为虚构" not in finished.get("/").text


def test_a_late_result_is_marked_and_counted_under_its_category(finished):
    page = finished.get("/results").text
    none = finished.get("/results?category=REFUSED").text

    assert '<span class="badge late">逾期</span>' in page
    assert "没有逾期未公示的结果" in page
    assert "没有结果" in none


def test_what_is_overdue_is_on_the_page_of_results_until_it_is_published(doors):
    story = Story(doors.ledger)
    draw = story.freeze(*ready(story))
    story.ceremony(draw)
    name, today = drawn_objects(doors.ledger, draw)[0], doors.ledger.clock.now()[:10]
    stream = story.do("clerk", "notify", draw=draw, object_id=name, visit_on=today).stream
    story.do("inspector", "complete", inspection=stream, completed_on=today, methods=["onsite"])
    result = {"categories": ["NO_PROBLEM"], "not_checkable": None, "follow_up": None}
    story.do("inspector", "record_result", inspection=stream, **result)

    assert "没有逾期未公示的结果" in doors.get("/results").text
    doors.ledger.advance_clock(14 * 86400)
    assert '<span class="badge late">逾期</span>' in doors.get("/results").text
    doors.ledger.advance_clock(30 * 86400)
    assert "逾期超过 20 个工作日" in doors.get("/results").text
    assert doors.get("/api/v1/overdue").json()["items"][0]["object"] == name
    story.do("clerk", "publish_result", inspection=stream, channel="公示系统", reference="1")
    assert "没有逾期未公示的结果" in doors.get("/results").text


def test_a_draw_that_was_only_opened_has_a_page_too(doors):
    story = Story(doors.ledger)
    plan, code, (objects_of_item, people) = ready(story)
    story.do("market", "open_draw", plan=plan, item=code, objects=objects_of_item, inspectors=people)

    page = doors.get(f"/draws/{DRAW}").text

    assert "已立项" in page
    assert "尚未抽取" in page


def test_before_anything_happened_the_pages_say_so(doors):
    assert "尚无抽取" in doors.get("/").text
    assert "没有结果" in doors.get("/results").text


def test_the_style_sheet_is_served_by_the_log_itself(doors):
    assert doors.get("/static/style.css").headers["content-type"].startswith("text/css")
    assert doors.get("/static/icon.svg").status_code == 200
