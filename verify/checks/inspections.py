"""The inspections: the visitors are those that were drawn, certified on the day, and each step follows the one before.

F14: visitor ≠ drawn inspector. F12: 行政处罚法第四十二条, two inspectors with certificates valid on that day.
方案第五(四)条: inspections are carried out as planned.
"""

from __future__ import annotations

from collections.abc import Iterator

from verify.checks import concluded
from verify.checks.assigned import TEAM
from verify.checks.draws import Draws, Outcome
from verify.checks.results import check_results
from verify.entries import Entry
from verify.findings import Finding, broken, holds, unchecked
from verify.kinds import CATEGORIES, NOT_CHECKABLE
from verify.library import Row

STEPS = ("inspection.notified", "inspection.completed", "result.recorded", "result.published")
TEAM_RULE = "行政处罚法第四十二条"
VISIT_RULE = "方案第五(四)条"
DRAW_RULE = "方案第五(三)1条"


def check_inspections(draws: Draws) -> Iterator[Finding]:
    """Every inspection stream, then deadlines and vanished objects."""
    streams = list(draws.history.of("inspection"))
    found = (each for stream, entries in streams for each in _inspection(stream, entries, draws))
    zh, en = (
        f"{len(streams)} 次检查的人员、日期和步骤合规。",
        f"{len(streams)} inspections: visitors, days and steps hold.",
    )
    yield from concluded(found, lambda: holds("F14", zh, en), len(streams))
    yield from check_results(draws)


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
            yield from _certificates(stream, completed, outcome, draws)
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
    if not data["methods"]:
        yield broken("inspections", f"{stream} 没有写明检查方式。", f"{stream}: no method is stated.", index)


def _certificates(stream: str, completed: Entry, outcome: Outcome, draws: Draws) -> Iterator[Finding]:
    """Each inspector's certificate, as the registry knew it then, was valid on the day of the inspection."""
    holding = draws.holdings.by_stream.get(outcome.draw.opened.data["inspectors"])
    day = completed.data["completed_on"]
    if holding is None or not holding.known:
        zh = f"{stream}：检查人员名录库无法重建，证件是否有效未核验。"
        yield unchecked("F12", zh, f"{stream}: the registry of inspectors cannot be rebuilt.", completed.index)
        return
    for name in completed.data["inspectors"]:
        row: Row | None = holding.certificate_at(name, completed.index)
        valid_to = row["certificate_valid_to"] if row else None
        if valid_to is None or valid_to < day:
            zh = f"{stream}：{name} 的执法证有效期至 {valid_to}，{day} 检查时无效（{TEAM_RULE}）。"
            yield broken(
                "F12",
                zh,
                f"{stream}: the certificate of {name} (to {valid_to}) was not valid on {day}.",
                completed.index,
            )


def _result(stream: str, recorded: Entry) -> Iterator[Finding]:
    categories, state = recorded.data["categories"], recorded.data["not_checkable"]
    known = len(set(categories)) == len(categories) and all(each in CATEGORIES for each in categories)
    if not known or bool(categories) == (state is not None) or (state is not None and state not in NOT_CHECKABLE):
        zh = f"{stream} 的结果 {categories}、{state} 不合格：须为八类结果，或一种无法检查情形。"
        en = f"{stream}: the result {categories}, {state} is neither of the eight categories nor one not-checkable state."
        yield broken("inspections", zh, en, recorded.index)
