"""Many steps of inspections in one request: all of them or none, once, and refused like any other request."""

import pytest

from api import hot
from tests.api.conftest import Doors
from tests.story import Story, drawn_objects, inspectors, new_ledger, objects
from verify import canonical


@pytest.fixture
def drawn(tmp_path):
    """A draw that is signed off and of which no inspection was notified yet: the doors, its stream, its objects."""
    with new_ledger(tmp_path / "log") as ledger:
        story = Story(ledger)
        story.organise()
        plan = story.plan({"CCSW-001": "general"})
        registries = story.registries("CCSW-001", objects(60), inspectors(20, ["CCSW-001"]))
        draw = story.freeze(plan, "CCSW-001", registries)
        story.ceremony(draw)
        yield Doors(ledger), draw, drawn_objects(ledger, draw)


def notices(doors: Doors, draw: str, names: list[str]) -> list[dict[str, str]]:
    today = doors.ledger.clock.now()[:10]
    return [{"do": "notify", "draw": draw, "object": name, "visit_on": today} for name in names]


def steps_of(doors: Doors, draw: str, name: str) -> list[dict[str, object]]:
    inspection = f"inspection/{draw.partition('/')[2]}/{name}"
    return [
        {
            "do": "complete",
            "inspection": inspection,
            "completed_on": doors.ledger.clock.now()[:10],
            "methods": ["onsite"],
        },
        {"do": "record-result", "inspection": inspection, "categories": ["NO_PROBLEM"]},
    ]


def test_a_batch_is_recorded_whole_and_once(drawn):
    doors, draw, names = drawn
    body = {"steps": notices(doors, draw, names)}

    first = doors.post("/inspections:batch", body, "clerk", key="notices")
    size = doors.ledger.size
    again = doors.post("/inspections:batch", body, "clerk", key="notices")

    receipts = first.json()["receipts"]
    assert (first.status_code, again.status_code) == (201, 201)
    assert [receipt["command"] for receipt in receipts] == [f"notices.{n}.{len(names)}" for n in range(len(names))]
    assert [receipt["index"] for receipt in receipts] == list(range(size - len(names), size))
    assert again.json() == first.json()
    assert doors.ledger.size == size


def test_the_steps_of_a_batch_rest_on_each_other(drawn):
    doors, draw, names = drawn
    body = {"steps": notices(doors, draw, names[:1])}
    assert doors.post("/inspections:batch", body, "clerk").status_code == 201

    answer = doors.post("/inspections:batch", {"steps": steps_of(doors, draw, names[0])}, "inspector")

    assert [receipt["kind"] for receipt in answer.json()["receipts"]] == ["inspection.completed", "result.recorded"]


def test_one_step_that_is_refused_leaves_nothing_of_its_batch(drawn):
    doors, draw, names = drawn
    size = doors.ledger.size
    steps = [*notices(doors, draw, names[:2]), *notices(doors, draw, ["nobody-drew-this"])]

    answer = doors.post("/inspections:batch", {"steps": steps}, "clerk")

    assert answer.status_code == 404
    assert answer.json()["rule"] == "方案第五(三)1条"
    assert doors.ledger.size == size


@pytest.mark.parametrize(
    ("change", "status", "where"),
    [
        ({"do": "forget"}, 422, "body.steps[0]"),
        ({"visit_on": "tomorrow"}, 422, "body.steps[0].notify.visit_on"),
        ({"more": 1}, 422, "body.steps[0].notify.more"),
    ],
)
def test_a_step_of_another_form_is_refused_where_it_stands(drawn, change, status, where):
    doors, draw, names = drawn
    size = doors.ledger.size

    answer = doors.post("/inspections:batch", {"steps": [notices(doors, draw, names)[0] | change]}, "clerk")

    assert (answer.status_code, answer.json()["errors"][0]["location"]) == (status, where)
    assert doors.ledger.size == size


NOTICE = '{"do":"notify","draw":"draw/220100-2026-0001","object":"a","visit_on":"2026-03-02"}'
NOT_STRICT = {
    "a key twice": NOTICE.replace('"do"', '"do":"notify","do"'),
    "a key twice, spelled differently": NOTICE.replace('"do"', r'"do":"notify","\u0064o"'),
    "a fraction": NOTICE.replace('"a"', "1.0"),
    "an exponent": NOTICE.replace('"a"', "1e1"),
    "minus nothing": NOTICE.replace('"a"', "-0"),
    "a number beyond all numbers": NOTICE.replace('"a"', "9" * 40),
    "no number": NOTICE.replace('"a"', "NaN"),
    "a control character": NOTICE.replace('"a"', r'"a\u0000"'),
    "a raw control character": NOTICE.replace('"a"', '"a\x7f"'),
    "a bidirectional control": NOTICE.replace('"a"', '"\u202ea"'),
    "letters in another normal form": NOTICE.replace('"a"', '"e\u0301"'),
    "a lone surrogate": NOTICE.replace('"a"', r'"\ud800"'),
    "a byte order mark": "\ufeff" + NOTICE,
    "endless nesting": NOTICE.replace('"a"', "[" * 100_000 + "]" * 100_000),
    "two values": NOTICE + NOTICE,
}


@pytest.mark.parametrize("step", NOT_STRICT.values(), ids=NOT_STRICT.keys())
def test_a_hot_route_is_as_strict_as_any_other(doors, step):
    size = doors.ledger.size
    with pytest.raises(canonical.NotCanonical):
        canonical.loads(f'{{"steps":[{step}]}}'.encode())

    answer = doors.send("/inspections:batch", f'{{"steps":[{step}]}}'.encode())

    assert answer.status_code == 400, answer.text
    assert doors.ledger.size == size


@pytest.mark.parametrize("text", ["公示系统", "a\\u516c", "12345678901234567890", "a b"])
def test_what_first_sight_understands_is_what_the_strict_reader_reads(text):
    content = f' {{"steps": [ {{"channel":"{text}" , "numbers":[0,-1,900719925474099],"no":null}} ] }}\n'.encode()
    try:
        seen = hot._plainly(content)
    except ValueError:  # in doubt
        assert "\\" in text
    else:
        assert seen == canonical.loads(content)


def test_a_hot_request_answers_like_every_other(drawn):
    """What stands before and behind the routes stands before and behind the way past the router, too."""
    doors, draw, names = drawn
    step = notices(doors, draw, names)[0]

    answer = doors.post("/inspections:batch", {"steps": [step]}, "clerk")
    elsewhere = doors.get("/api/v1/inspections", "clerk")

    assert answer.status_code == 201
    strict = ("content-security-policy", "x-content-type-options", "referrer-policy")
    assert [answer.headers[name] for name in strict] == [elsewhere.headers[name] for name in strict]
    assert doors.http.put("/api/v1/inspections:batch", json={}).status_code == 405


def test_a_batch_has_a_beginning_and_an_end_and_a_short_key(drawn):
    doors, draw, names = drawn
    step = notices(doors, draw, names)[0]

    assert doors.post("/inspections:batch", {"steps": []}, "clerk").status_code == 422
    assert doors.post("/inspections:batch", {"steps": [step] * 501}, "clerk").status_code == 422
    assert doors.post("/inspections:batch", {"steps": [step]}, "clerk", key="k" * 57).status_code == 400


def test_a_hot_route_asks_who_is_there_before_anything_else(drawn):
    doors, draw, names = drawn

    for path, body in (("/inspections:batch", b"{"), ("/inspections", b'{"draw":1,"draw":2}')):
        assert doors.send(path, body, account=None).status_code == 401
        assert doors.send(path, body, account="clerk").status_code == 400
        assert doors.send(path, b"{}", media="text/plain", account="clerk").status_code == 415
        assert doors.send(path, b" " * (1 << 21), account="clerk").status_code == 413
    with_do = notices(doors, draw, names)[0]
    assert doors.post("/inspections", with_do, "clerk").status_code == 422
    assert doors.post("/inspections/220100-2026-0001/a%20b/completion", {}, "inspector").status_code == 404


@pytest.mark.parametrize("kept", [slice(2), slice(1, None)], ids=["its beginning", "its end"])
def test_a_part_of_a_batch_is_not_taken_for_the_batch(drawn, kept):
    doors, draw, names = drawn
    steps = notices(doors, draw, names)
    assert doors.post("/inspections:batch", {"steps": steps}, "clerk", key="k").status_code == 201
    size = doors.ledger.size

    assert doors.post("/inspections:batch", {"steps": steps[kept]}, "clerk", key="k").status_code == 409
    assert doors.ledger.size == size


def test_a_method_named_twice_is_refused(drawn):
    doors, draw, names = drawn
    assert doors.post("/inspections:batch", {"steps": notices(doors, draw, names[:1])}, "clerk").status_code == 201
    steps = steps_of(doors, draw, names[0])[:1]

    answer = doors.post("/inspections:batch", {"steps": [{**steps[0], "methods": ["onsite", "onsite"]}]}, "inspector")

    assert (answer.status_code, answer.json()["rule"]) == (422, "方案第五(四)条")


def test_the_number_of_a_person_is_no_id_of_a_command(doors):
    body = {"unit": "a", "name": "处", "kind": "office", "parent": "220100"}

    answer = doors.post("/units", body, key="13800138000")

    assert (answer.status_code, answer.json()["rule"]) == (422, "LEDGER 5")
    assert doors.ledger.size == 3
