"""Cheats on inspections and results, after an honest draw."""

from __future__ import annotations

from typing import Any

from tests.cheats.common import LATE, Cheat, Files, first_draw, first_round
from tests.forge import Forge, Json
from verify import canonical, documents


def other_visitors(forge: Forge) -> Files:
    first_round(forge)
    notices = forge.all("inspection.notified")
    other = next(
        e["data"]["inspectors"]
        for e in notices
        if set(e["data"]["inspectors"]) != set(notices[0]["data"]["inspectors"])
    )
    notices[0]["data"]["inspectors"] = other
    completed = next(e for e in forge.all("inspection.completed") if e["stream"] == notices[0]["stream"])
    completed["data"]["inspectors"] = other
    return forge.settle(LATE)


def other_visitors_on_the_day(forge: Forge) -> Files:
    first_round(forge)
    done = forge.all("inspection.completed")
    other = next(
        e["data"]["inspectors"] for e in done if set(e["data"]["inspectors"]) != set(done[0]["data"]["inspectors"])
    )
    done[0]["data"]["inspectors"] = other
    return forge.settle(LATE)


def object_inspected_though_not_drawn(forge: Forge) -> Files:
    first_round(forge)
    notice = forge.first("inspection.notified")
    drawn = {entry["data"]["object"] for entry in forge.all("inspection.notified")}
    pool = forge.rows(forge.first("draw.frozen")["data"]["documents"]["objects"])
    other = next(row["id"] for row in pool if row["id"] not in drawn)
    old, new = notice["stream"], notice["stream"].rpartition("/")[0] + "/" + other
    for entry in forge.entries:
        if entry["stream"] == old:
            entry["stream"] = new
    notice["data"]["object"] = other
    return forge.settle(LATE)


def late_shown_as_on_time(forge: Forge) -> Files:
    first_round(forge)
    next(e for e in forge.all("result.published") if e["data"]["late"])["data"]["late"] = False
    return forge.settle(LATE)


def deadline_shifted(forge: Forge) -> Files:
    first_round(forge)
    forge.first("result.published")["data"]["deadline"] = "2026-03-31"
    return forge.settle(LATE)


def result_before_the_inspection(forge: Forge) -> Files:
    first_round(forge)
    forge.drop(next(e for e in forge.all("inspection.completed")))
    return forge.settle(LATE)


def result_of_no_category(forge: Forge) -> Files:
    first_round(forge)
    forge.first("result.recorded")["data"]["categories"] = ["EXCELLENT"]
    return forge.settle(LATE)


def certificate_expired_on_the_day(forge: Forge) -> Files:
    first_round(forge)
    return _inspector_changed(forge, {"certificate_valid_to": "2026-01-31"})


def _inspector_changed(forge: Forge, changes: Json) -> Files:
    """Change the row of an inspector after he was drawn, and before he completed his inspection."""
    first = forge.first("inspection.completed")
    name = first["data"]["inspectors"][0]
    batch = next(
        e for e in forge.all("registry.imported") if any(r["id"] == name for r in forge.rows(e["data"]["document"]))
    )
    row = next(r for r in forge.rows(batch["data"]["document"]) if r["id"] == name)
    changed = row | {"op": "changed", "row": row["row"] | changes}
    data = batch["data"] | {"mode": "merge"} | forge.put([changed])
    before = forge.entries[forge.at(first) - 1]
    forge.add(before, batch["stream"], "registry.imported", batch["actor"]["account"], data)
    return forge.settle(LATE)


def vanished_object(forge: Forge) -> Files:
    first_round(forge)
    gone = forge.first("inspection.notified")["stream"]
    forge.entries[:] = [e for e in forge.entries if e["stream"] != gone]
    last = forge.add(forge.entries[-1], "account/clerk", "account.closed", "admin", {"reason": "退休"})
    last["at"] = "2026-12-15T09:00:00.000+08:00"
    return forge.settle(LATE)


def never_published(forge: Forge) -> Files:
    first_round(forge)
    forge.drop(forge.entries[-1])
    last = forge.add(forge.entries[-1], "account/clerk", "account.closed", "admin", {"reason": "退休"})
    last["at"] = "2026-08-15T09:00:00.000+08:00"
    return forge.settle(LATE)


def overdue(forge: Forge) -> Files:
    first_round(forge)
    forge.drop(forge.entries[-1])
    last = forge.add(forge.entries[-1], "account/clerk", "account.closed", "admin", {"reason": "退休"})
    last["at"] = "2026-03-20T09:00:00.000+08:00"
    return forge.settle(LATE)


def suspended_on_the_day(forge: Forge) -> Files:
    first_round(forge)
    return _inspector_changed(forge, {"status": "suspended"})


def completed_before_the_visit(forge: Forge) -> Files:
    first_round(forge)
    forge.first("inspection.notified")["data"]["visit_on"] = "2026-06-01"
    return forge.settle(LATE)


def no_problem_and_a_problem(forge: Forge) -> Files:
    first_round(forge)
    result = next(e for e in forge.all("result.recorded") if e["data"]["categories"])
    result["data"]["categories"] = ["NO_PROBLEM", "REFUSED"]
    return forge.settle(LATE)


def method_of_no_kind(forge: Forge) -> Files:
    first_round(forge)
    forge.first("inspection.completed")["data"]["methods"] = ["telepathy"]
    return forge.settle(LATE)


def calendar(**changes: Any) -> Cheat:
    """Return a cheat that records another calendar than the honest one."""

    def cheat(forge: Forge) -> Files:
        first_draw(forge)
        _put_calendar(forge, forge.first("calendar.recorded"), changes)
        return forge.settle()

    return cheat


def calendar_recorded_again(forge: Forge) -> Files:
    first_round(forge)
    first = forge.first("calendar.recorded")
    again = forge.add(forge.entries[-1], first["stream"], "calendar.recorded", "admin", first["data"])
    _put_calendar(forge, again, {"papers": ["https://www.example.gov.cn/2"]})
    return forge.settle(LATE)


def completed_in_a_year_without_calendar(forge: Forge) -> Files:
    first_round(forge)
    stream, day = forge.entries[-1]["stream"], "2027-01-05"
    steps = [e for e in forge.entries if e["stream"] == stream][1:]
    forge.entries[:] = [e for e in forge.entries if e not in steps] + steps
    for entry in steps:
        entry["at"] = f"{day}T09:00:00.000+08:00"
    steps[0]["data"]["completed_on"] = day
    steps[-1]["data"] |= {"deadline": None, "late": False, "provisional": True}
    return forge.settle(LATE)


def _put_calendar(forge: Forge, entry: Json, changes: Json) -> None:
    record = canonical.decode(forge.documents[entry["data"]["document"]["sha256"]])
    content = canonical.encode(record | changes)
    reference = documents.reference(content, documents.JSON)
    forge.documents[str(reference["sha256"])] = content
    entry["data"]["document"] = reference


def method_named_twice(forge: Forge) -> Files:
    first_round(forge)
    forge.first("inspection.completed")["data"]["methods"] = ["onsite", "onsite"]
    return forge.settle(LATE)
