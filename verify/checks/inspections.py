"""The inspections: the visitors are those that were drawn, certified on the day, and each step follows the one before.

F14: visitor ≠ drawn inspector. F12: 行政处罚法第四十二条, two inspectors, active and with certificates valid on that day.
方案第五(四)条: inspections are carried out as planned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from verify.checks import capped, concluded
from verify.checks.assigned import TEAM
from verify.checks.draws import Draws, Outcome
from verify.checks.results import MOST, check_results
from verify.entries import Entry
from verify.findings import Finding, broken, holds, unchecked
from verify.kinds import ALONE, CATEGORIES, METHODS, NOT_CHECKABLE, are_methods
from verify.pool import standing_ground
from verify.progress import Progress

STEPS = ("inspection.notified", "inspection.completed", "result.recorded", "result.published")
TEAM_RULE = "行政处罚法第四十二条"
VISIT_RULE = "方案第五(四)条"
DRAW_RULE = "方案第五(三)1条"


def check_inspections(draws: Draws, bar: Progress, ended: Collection[str] | None = None) -> Iterator[Finding]:
    """Every inspection stream, then deadlines and vanished objects. `ended`: see `check_results`."""
    count = draws.history.count_of("inspection")
    streams = bar.over(draws.history.of("inspection"), count, "核对检查", "inspections")
    found = draws.kept.watch(each for stream, entries in streams for each in _inspection(stream, list(entries), draws))
    zh, en = (
        f"{count} 次检查的人员、日期和步骤合规。",
        f"{count} inspections: visitors, days and steps hold.",
    )
    yield from concluded(capped(found, MOST), lambda: holds("F14", zh, en), count)
    yield from _qualified(draws)
    yield from check_results(draws, bar, ended)


def _qualified(draws: Draws) -> Iterator[Finding]:
    """F12 holds, in the draws and on the days of the inspections."""
    teams, visits = draws.kept.things["F12"], len(draws.history.of_kind("inspection.completed"))
    unread = any(stream.startswith("inspection/") for stream in draws.history.unread)
    if "F12" not in draws.kept.faulty and draws.whole and not unread and teams + visits:
        zh = f"{teams} 个检查组都是两名合格人员，{visits} 次检查当日仍具备资格（{TEAM_RULE}）。"
        en = f"{teams} teams are two eligible inspectors each, and they still were on the day of {visits} inspections."
        yield holds("F12", zh, en)


def _inspection(stream: str, entries: list[Entry], draws: Draws) -> Iterator[Finding]:
    kinds = [entry.kind for entry in entries]
    if kinds != list(STEPS[: len(kinds)]):
        zh = f"{stream} 的步骤是 {'、'.join(kinds)}，应依次为通知、完成、录入、公示，各一次。"
        yield broken("inspections", zh, f"{stream}: the steps are {', '.join(kinds)}.", entries[-1].index)
    steps = {entry.kind: entry for entry in reversed(entries)}
    notified = steps.get("inspection.notified")
    if notified is None:
        return
    outcome = draws.outcomes.get(notified.data["draw"])
    yield from _notice(stream, notified, outcome)
    if outcome is not None:
        yield from _within_plan(stream, notified, outcome, draws)
    completed = steps.get("inspection.completed")
    if completed is not None:
        yield from _visit(stream, notified, completed)
        if outcome is not None:
            yield from _standing(stream, completed, outcome, draws)
    recorded = steps.get("result.recorded")
    if recorded is not None:
        yield from _result(stream, recorded)


def _notice(stream: str, notified: Entry, outcome: Outcome | None) -> Iterator[Finding]:
    data, index = notified.data, notified.index
    expected = f"inspection/{data['draw'].partition('/')[2]}/{data['object']}"
    if stream != expected:
        zh = f"{stream} 的内容属于 {expected}。"
        yield broken("inspections", zh, f"{stream} tells of {expected}.", index)
    if outcome is None:
        zh = f"{stream} 所依据的 {data['draw']} 不存在或不可读（{DRAW_RULE}）。"
        yield broken("F14", zh, f"{stream}: the draw {data['draw']} is missing or unreadable.", index)
        return
    if outcome.signed_off is None or outcome.signed_off > index:
        zh = f"{stream} 在纪检签字之前就通知了检查（{DRAW_RULE}）。"
        yield broken("F05", zh, f"{stream} was notified before the discipline office signed the draw off.", index)
    if data["item"] != outcome.draw.opened.data["item"]:
        zh = f"{stream} 的事项 {data['item']} 不是 {data['draw']} 的事项。"
        yield broken("inspections", zh, f"{stream}: {data['item']} is not the item of {data['draw']}.", index)
    if data["visit_on"] < notified.day:
        zh = f"{stream} 的检查日 {data['visit_on']} 早于通知日 {notified.day}。"
        yield broken("inspections", zh, f"{stream}: the visit on {data['visit_on']} is before the notice.", index)
    if len(set(data["inspectors"])) < TEAM:
        zh = f"{stream}：检查人员只有 {len(set(data['inspectors']))} 名，至少两名（{TEAM_RULE}）。"
        yield broken("F12", zh, f"{stream}: {len(set(data['inspectors']))} inspectors, two are the least.", index)
    if outcome.teams is None:
        zh = f"{stream}：选派名单不可读，检查人员未核验。"
        yield unchecked("F14", zh, f"{stream}: the teams of its draw are not readable.", index)
    elif data["object"] not in outcome.teams:
        zh = f"{stream}：对象 {data['object']} 没有被抽中，却被检查（{DRAW_RULE}）。"
        yield broken("F14", zh, f"{stream}: {data['object']} was not drawn, but is inspected.", index)
    elif sorted(outcome.teams[data["object"]]) != sorted(data["inspectors"]):
        sent, drawn = ", ".join(data["inspectors"]), ", ".join(outcome.teams[data["object"]])
        zh = f"{stream}：派出 {sent}，抽中的是 {drawn}（{VISIT_RULE}）。"
        en = f"{stream}: visitors {sent}, drawn were {drawn}."
        yield broken("F14", zh, en, index)


def _within_plan(stream: str, notified: Entry, outcome: Outcome, draws: Draws) -> Iterator[Finding]:
    plan = draws.history.one(outcome.draw.opened.data["plan"], "plan.drafted")
    if plan is not None:
        period, day = plan.data["period"], notified.data["visit_on"]
        if not period["from"] <= day <= period["to"]:
            zh = f"{stream} 的检查日 {day} 不在计划期间 {period['from']} 至 {period['to']} 内（{VISIT_RULE}）。"
            yield broken(
                "inspections", zh, f"{stream}: the visit on {day} is outside the period of its plan.", notified.index
            )


def _visit(stream: str, notified: Entry, completed: Entry) -> Iterator[Finding]:
    data, index = completed.data, completed.index
    if sorted(data["inspectors"]) != sorted(notified.data["inspectors"]):
        zh = f"{stream}：到场的是 {'、'.join(data['inspectors'])}，通知的是 {'、'.join(notified.data['inspectors'])}。"
        en = f"{stream}: {', '.join(data['inspectors'])} came, {', '.join(notified.data['inspectors'])} were notified."
        yield broken("F14", zh, en, index)
    if not notified.day <= data["completed_on"] <= completed.day:
        zh = f"{stream} 的完成日 {data['completed_on']} 不在通知日 {notified.day} 与记录日 {completed.day} 之间。"
        en = f"{stream}: completed on {data['completed_on']}, not between notice {notified.day} and record {completed.day}."
        yield broken("inspections", zh, en, index)
    if data["completed_on"] < notified.data["visit_on"]:
        zh = f"{stream} 在 {data['completed_on']} 完成，早于通知的检查日 {notified.data['visit_on']}。"
        en = f"{stream}: completed on {data['completed_on']}, before the visit on {notified.data['visit_on']}."
        yield broken("inspections", zh, en, index)
    methods = data["methods"]
    if not are_methods(methods):
        some = methods[: len(METHODS)]
        zh = f"{stream} 的检查方式 {some}（共 {len(methods)} 项）不合格：须为 {'、'.join(METHODS)} 中的一种或几种，不重复。"
        en = f"{stream}: the {len(methods)} methods {some} are not some of {', '.join(METHODS)}, each once."
        yield broken("inspections", zh, en, index)


def _standing(stream: str, completed: Entry, outcome: Outcome, draws: Draws) -> Iterator[Finding]:
    """Each inspector, as the registry knew him then, could act as one on the day of the inspection."""
    holding = draws.holdings.by_stream.get(outcome.draw.opened.data["inspectors"])
    day = completed.data["completed_on"]
    if holding is None or not holding.known:
        zh = f"{stream}：检查人员名录库无法重建，证件是否有效未核验。"
        yield unchecked("F12", zh, f"{stream}: the registry of inspectors cannot be rebuilt.", completed.index)
        return
    for name in completed.data["inspectors"]:
        row = holding.inspector_at(name, completed.index)
        ground = "gone 不在名录库" if row is None else standing_ground(row, day)
        if ground is not None:
            until = f"，执法证有效期至 {row['certificate_valid_to']}" if row and ground == "certificate" else ""
            zh = f"{stream}：{name} 在 {day} 检查时不具备资格（{ground}{until}，{TEAM_RULE}）。"
            yield broken("F12", zh, f"{stream}: {name} could not inspect on {day} ({ground}).", completed.index)


def _result(stream: str, recorded: Entry) -> Iterator[Finding]:
    categories, state = recorded.data["categories"], recorded.data["not_checkable"]
    known = len(set(categories)) == len(categories) and all(each in CATEGORIES for each in categories)
    if ALONE in categories and len(categories) > 1:
        zh = f"{stream} 的结果 {categories} 自相矛盾：{ALONE} 不能与其他结果并存。"
        yield broken("inspections", zh, f"{stream}: {ALONE} excludes every other result: {categories}.", recorded.index)
    if not known or bool(categories) == (state is not None) or (state is not None and state not in NOT_CHECKABLE):
        zh = f"{stream} 的结果 {categories}、{state} 不合格：须为八类结果，或一种无法检查情形。"
        en = f"{stream}: the result {categories}, {state} is neither of the eight categories nor one not-checkable state."
        yield broken("inspections", zh, en, recorded.index)
