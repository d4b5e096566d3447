"""How far a story is told before a cheat begins, for the tables of refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from domain.errors import Refusal
from tests.story import Story, drawn_objects, inspectors, item, objects

CODE = "CCSW-003"
Cheat = Callable[[Story], Any]
Cheats = dict[str, tuple[Cheat, type[Refusal], str]]


def listed(told: Story, **changes: Any) -> str:
    return told.do("market", "draft_item_list", title="清单", items=[{**item(CODE, "general"), **changes}]).stream


def plan(told: Story, **changes: Any) -> str:
    itemlist = listed(told)
    told.review(itemlist)
    facts = {
        "title": "计划",
        "year": 2026,
        "form": "F2",
        "mode": "double_random",
        "purpose": "规范市场秩序",
        "itemlist": itemlist,
        "period": {"from": "2026-03-01", "to": "2026-11-30"},
        "joint_departments": [],
        "items": [{"item": CODE, "quota_bp": {"A": 500, "B": 1000, "C": 1500, "D": 2000}}],
        **changes,
    }
    return told.do("market", "draft_plan", **facts).stream


def ready(told: Story) -> tuple[str, tuple[str, str]]:
    return told.plan({CODE: "general"}), told.registries(CODE, objects(60), inspectors(20, [CODE]))


def opened(told: Story) -> str:
    published, (things, people) = ready(told)
    return told.do("market", "open_draw", plan=published, item=CODE, objects=things, inspectors=people).stream


def frozen(told: Story, **terms: Any) -> str:
    draw = opened(told)
    told.do("discipline", "check_in", draw=draw, phase="freeze")
    now = told.ledger._seconds()
    facts: dict[str, Any] = {
        "parties": [
            {"id": "discipline", "role": "discipline", "account": "discipline", "key": None},
            {"id": "organiser", "role": "organiser", "account": "market", "key": None},
        ],
        "t_commit": now + 600,
        "t_reveal": now + 1200,
        "delta": 600,
        "beacons": [{"kind": "dice", "sides": 10, "rolls": 40, "simulated": True}],
        "waivers": dict.fromkeys(told.ledger.preview_freeze(draw)["waivers_needed"], "不足五户"),
        "cap": None,
        "fallback": [],
    }
    told.do("market", "freeze", draw=draw, **{**facts, **terms})
    return draw


def party(**changes: Any) -> list[dict[str, Any]]:
    first = {"id": "discipline", "role": "discipline", "account": "discipline", "key": None}
    return [first, {"id": "organiser", "role": "organiser", "account": "market", "key": None, **changes}]


def told_draw(told: Story) -> str:
    published, registries = ready(told)
    draw = told.freeze(published, CODE, registries)
    told.ceremony(draw)
    return draw


def notified(told: Story) -> str:
    draw = told_draw(told)
    facts = {"draw": draw, "object_id": first_drawn(told, draw), "visit_on": today(told)}
    return told.do("clerk", "notify", **facts).stream


def completed(told: Story) -> str:
    inspection = notified(told)
    day = told.ledger.clock.now()[:10]
    told.do("inspector", "complete", inspection=inspection, completed_on=day, methods=["onsite"])
    return inspection


def committed(told: Story) -> str:
    draw = frozen(told)
    told.do("discipline", "check_in", draw=draw, phase="commit")
    told.do("discipline", "commit", draw=draw, party="discipline", commitment="ab" * 32)
    return draw


def revealed(told: Story) -> str:
    published, registries = ready(told)
    draw = told.freeze(published, CODE, registries)
    told.commit_and_reveal(draw, close=False)
    return draw


def result(told: Story, **facts: Any) -> None:
    told.do("inspector", "record_result", inspection=completed(told), follow_up=None, **facts)


def first_drawn(told: Story, draw: str) -> str:
    return drawn_objects(told.ledger, draw)[0]


def today(told: Story) -> str:
    return told.ledger.clock.now()[:10]


def must_be_refused(told: Story, cheat: Cheat, refusal: type[Refusal], words: str) -> None:
    """Try the cheat: it is refused in these words, with its rule, and leaves the log as it was."""
    with pytest.raises(refusal) as caught:
        cheat(told)

    recorded = told.ledger.size
    assert words in caught.value.en
    assert caught.value.zh
    assert caught.value.rule
    assert recorded == told.did[-1].index + 1  # the refused command left nothing
