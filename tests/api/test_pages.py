"""The pages show what the log says, in Chinese first, and whatever a name contains it stays text."""

import html
import re

import pytest

from api.pages.rendering import shell
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
    assert "2026年度抽查计划" in page
    assert 'lang="zh-CN"' in page


@pytest.mark.parametrize("path", ["/", f"/draws/{DRAW}"])
def test_the_box_says_what_to_run_and_what_a_bare_python_cannot_check(finished, path):
    page = finished.get(path).text

    box = html.unescape(re.search(r"<pre>(.*?)</pre>", page, re.DOTALL)[1])
    assert box.splitlines() == [
        "curl -s http://testserver/verify.tar | tar x",
        "curl -s http://testserver/export.tar | tar x",
        f"python3 -m verify export --vkey '{finished.ledger.vkey}'",
    ]
    assert 'href="/verify.tar"' in page
    assert "未装 <code>cryptography</code> 时，签名一项答 <code>UNCHECKED</code>，退出码为 2" in page
    assert "./fairdraw verify" in page


PLAIN_HOSTS = ["ledger.example.cn", "ledger.example.cn:8750", "127.0.0.1:1", "[::1]:8750", "localhost"]
NO_HOSTS = [
    "",
    "x;id",
    "x y",
    "$(id)",
    "x`id`",
    "x'",
    'x"><script>',
    "a/b",
    "u@h",
    "h:port",
    "h:1:2",
    "-o",
    "h|sh",
    "h#",
]


@pytest.mark.parametrize("host", PLAIN_HOSTS)
def test_the_box_names_the_host_that_was_asked(finished, host):
    assert f"curl -s http://{host}/verify.tar | tar x" in finished.http.get("/", headers={"Host": host}).text


@pytest.mark.parametrize("host", NO_HOSTS)
def test_the_box_never_repeats_what_is_no_host(finished, host):
    answer = finished.http.get("/", headers={"Host": host})

    assert "curl -s 本站地址/verify.tar | tar x" in answer.text


def test_a_word_of_the_shell_ends_where_it_should():
    assert shell("a+b/c=") == "'a+b/c='"
    assert shell("a';id") == "'a'\\'';id'"


def test_pages_answer_head_like_get(finished):
    for path in ("/", "/results", f"/draws/{DRAW}", "/static/style.css"):
        assert finished.http.head(path).status_code == 200
    assert finished.http.head("/draws/none").status_code == 404


def test_a_slash_too_many_leads_to_the_page(finished):
    for path in ("/results", f"/draws/{DRAW}"):
        answer = finished.get(f"{path}/")

        assert answer.status_code == 200
        assert answer.url.path == path


def test_a_category_that_is_none_is_refused_as_the_interface_does(finished):
    answer = finished.http.get("/results?category=ZZZ", headers={"Accept": "text/html"})

    assert answer.status_code == finished.get("/api/v1/results?category=ZZZ").status_code == 422
    assert "query.category：不在允许的取值之中" in answer.text
    assert finished.get("/results?category=").status_code == 200


@pytest.mark.parametrize("path", ["/", "/results", f"/draws/{DRAW}"])
def test_every_cell_is_named_for_narrow_screens_and_every_head_is_in_both_languages(finished, path):
    page = finished.get(path).text

    assert not re.search(r"<td(?! data-label=)", page)
    heads = re.findall(r"<th .*?</th>", page)
    assert heads
    assert all(re.fullmatch(r'<th scope="col">[^<]+ <small lang="en">[a-z ]+</small></th>', head) for head in heads)
    for table in re.findall(r"<table>.*?</table>", page, re.DOTALL):
        columns = re.findall(r"<th ", table)
        assert all(
            len(re.findall(r"<td", row)) == len(columns) for row in re.findall(r"<tr><td.*?</tr>", table, re.DOTALL)
        )


@pytest.mark.parametrize("path", ["/", "/results", f"/draws/{DRAW}"])
def test_no_sentence_has_a_blank_where_a_template_breaks_its_line(finished, path):
    assert not re.search(r"[\u4e00-\u9fff，。；：、）]\n\s*[\u4e00-\u9fff（]", finished.get(path).text)


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
    assert doors.get("/api/v1/overdue", "clerk").json()["items"][0]["object"] == name
    assert "未发现问题</td>" not in doors.get("/results").text.partition("</table>")[0]
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
