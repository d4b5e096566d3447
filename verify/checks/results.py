"""The results: published within seven working days, a late one shown as late, and no drawn object without a result.

F15: 方案第五(五)条, counted with the calendars recorded by then; 20 working days are the outer bound; a calendar recorded again
moves deadlines and is told, a year without one leaves them unchecked. F16: a drawn object
without a result or a not-checkable record has vanished. The only "today" is the day of the last entry.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any

from verify.calendar import OUTER_DAYS, Calendar, UnknownYear
from verify.checks import capped, concluded
from verify.checks.draws import Draws, Outcome
from verify.entries import Entry
from verify.findings import Finding, broken, holds, noted, unchecked
from verify.history import History
from verify.kinds import CALENDAR
from verify.library import Absent, Library, Unlike
from verify.progress import Progress

RULE = "方案第五(五)条"
MOST = 10_000
"""So many findings of one check are told of inspections; a million of them would be no answer, and fill the memory."""


def check_results(draws: Draws, bar: Progress, ended: Collection[str] | None = None) -> Iterator[Finding]:
    """Walk through the log once, with the calendar growing on the way. `ended`: the draws of which F16 is asked, or all."""
    years = Years(draws.history, draws.library)
    found = list(capped(_deadlines(draws, years, bar), MOST))
    published = len(draws.history.of_kind("result.published"))
    zh, en = (
        f"{published} 个公示结果的期限都已核对。",
        f"The deadlines of {published} published results were recomputed.",
    )
    yield from years.findings
    yield from concluded(found, lambda: holds("F15", zh, en), published)
    zh_f16, en_f16 = (
        "所有已到期计划中被抽中的对象都有结果。",
        "No drawn object of a plan that has ended is without a result.",
    )
    over = {stream: each for stream, each in draws.outcomes.items() if ended is None or stream in ended}
    yield from concluded(_vanished(draws, over), lambda: holds("F16", zh_f16, en_f16), len(over))


class Years:
    """The recorded calendars, as they stood at an index. A calendar that cannot be read is left out and told."""

    def __init__(self, history: History, library: Library) -> None:
        self.findings: list[Finding] = []
        self.unreadable = False
        self._steps: list[tuple[int, Calendar]] = [(-1, Calendar())]
        for entry in history.of_kind("calendar.recorded"):
            record = self._record(entry, library)
            if record is not None:
                self._steps.append((entry.index, self._steps[-1][1].plus(record)))

    def before(self, index: int) -> Calendar:
        """Return the calendar as recorded before entry `index`."""
        return next(calendar for at, calendar in reversed(self._steps) if at < index)

    def latest(self) -> Calendar:
        """Return the calendar at the end of the log."""
        return self._steps[-1][1]

    def _record(self, entry: Entry, library: Library) -> dict[str, Any] | None:
        year = entry.data["year"]
        try:
            record: dict[str, Any] = library.record(entry.data["document"], CALENDAR)
        except Absent:
            self.unreadable = True
            zh = f"{year} 年的日历文档缺失，期限无法核验。"
            self.findings.append(unchecked("F15", zh, f"The calendar of {year} is not here.", entry.index))
            return None
        except Unlike as error:
            self.unreadable = True
            self.findings.append(
                broken("documents", f"{year} 年的日历{error.zh}。", f"Calendar: {error}.", entry.index)
            )
            return None
        self.findings += [broken("F15", f"{zh}。", f"{en}.", entry.index) for zh, en in _calendar_faults(entry, record)]
        if year in self.latest().years:
            zh = f"{year} 年的日历又记录了一次，此后公示的期限按新的计算（{RULE}）。"
            en = f"The calendar of {year} was recorded again: later deadlines are counted with the new one."
            self.findings.append(noted("F15", zh, en, entry.index))
        return record


def _calendar_faults(entry: Entry, record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    year, stream = entry.data["year"], entry.stream
    holidays, makeup = record["holidays"], record["makeup_workdays"]
    other_year = any(not day.startswith(f"{year:04d}-") for day in [*holidays, *makeup])
    if record["year"] != year or other_year or stream != f"calendar/{year}":
        zh = f"{stream} 记的是 {year} 年，文档是 {record['year']} 年，或含有别年的日期"
        yield zh, f"{stream} and its document differ in the year"
    for zh, en, days in (("节假日", "holidays", holidays), ("调休工作日", "make-up working days", makeup)):
        if days != sorted(set(days)):
            yield f"{stream} 的{zh}没有按日期排列，或有重复", f"{stream}: its {en} are not sorted, or one occurs twice"
    both = sorted(set(holidays) & set(makeup))
    if both:
        yield f"{stream} 把 {both[0]} 既算节假日又算调休工作日", f"{stream}: {both[0]} is a holiday and a make-up day"
    if not record["papers"]:
        yield f"{stream} 没有写明所依据的文件", f"{stream} names no paper that it rests on"


def _deadlines(draws: Draws, years: Years, bar: Progress) -> Iterator[Finding]:
    today = draws.history.last_day
    streams = draws.history.of("inspection")
    for stream, entries in bar.over(streams, draws.history.count_of("inspection"), "核对期限", "deadlines"):
        completed, published = entries.first("inspection.completed"), entries.first("result.published")
        if completed is None or years.unreadable:
            continue
        day = completed.data["completed_on"]
        calendar = years.latest() if published is None else years.before(published.index)
        if int(day[:4]) not in calendar.years:
            zh = f"{stream}：{day} 完成，当年的日历没有记录，公示期限未核验（{RULE}）。"
            en = f"{stream}: completed on {day}, a year without a recorded calendar: its deadline is unchecked."
            yield unchecked("F15", zh, en, completed.index)
        if published is not None:
            yield from _published(stream, day, published, calendar)
        else:
            yield from _overdue(stream, day, today, completed, calendar)


def _published(stream: str, day: str, published: Entry, calendar: Calendar) -> Iterator[Finding]:
    data, index = published.data, published.index
    deadline = deadline_of(calendar, day)
    late = deadline is not None and published.day > deadline
    if (data["deadline"], data["late"], data["provisional"]) != (deadline, late, deadline is None):
        zh_words, words = {True: "逾期", False: "按期"}, {True: "late", False: "in time"}
        zh = (
            f"{stream}：{day} 完成，期限应为 {deadline or '待定'}，{published.day} 公示属{zh_words[late]}；"
            f"记录写期限 {data['deadline']}、{zh_words[data['late']]}（{RULE}）。"
        )
        en = (
            f"{stream}: completed on {day}, the deadline is {deadline}, publication on {published.day} is "
            f"{words[late]}; the entry says {data['deadline']}, {words[data['late']]}."
        )
        yield broken("F15", zh, en, index)
    elif late:
        zh = f"{stream}：期限 {deadline}，{published.day} 才公示，逾期（{RULE}）。"
        yield noted(
            "F15", zh, f"{stream}: due on {deadline}, published on {published.day}: late, and shown as late.", index
        )
    elif deadline is None and int(day[:4]) in calendar.years:
        zh = f"{stream}：期限所在年份的日历尚未公布，期限待定。"
        yield noted("F15", zh, f"{stream}: the calendar of that year was not recorded, the deadline is open.", index)


def _overdue(stream: str, day: str, today: str, completed: Entry, calendar: Calendar) -> Iterator[Finding]:
    deadline, outer = deadline_of(calendar, day), deadline_of(calendar, day, OUTER_DAYS)
    if outer is not None and today > outer:
        zh = f"{stream}：{day} 完成，截至 {today} 已超过 20 个工作日仍未公示（{RULE}）。"
        yield broken(
            "F15",
            zh,
            f"{stream}: completed on {day}, not published by {today}, beyond 20 working days.",
            completed.index,
        )
    elif deadline is not None and today > deadline:
        zh = f"{stream}：{day} 完成，期限 {deadline}，截至 {today} 尚未公示（{RULE}）。"
        yield noted("F15", zh, f"{stream}: overdue, due on {deadline} and not published by {today}.", completed.index)


@lru_cache(1024)  # a thousand inspections end on one day
def deadline_of(calendar: Calendar, day: str, days: int | None = None) -> str | None:
    """Return the day by which an inspection completed on `day` is published; None where no calendar tells it."""
    try:
        return calendar.deadline(day) if days is None else calendar.deadline(day, days)
    except (UnknownYear, OverflowError):  # after 9999-12-31 there is no calendar either
        return None


def _vanished(draws: Draws, outcomes: Mapping[str, Outcome]) -> Iterator[Finding]:
    today = draws.history.last_day
    for stream, outcome in outcomes.items():
        opened = outcome.draw.opened
        if outcome.names is None:
            if outcome.draw.one("draw.objects-drawn") is not None:
                zh = f"{stream}：抽取名单不可读，有无对象失踪未核验。"
                yield unchecked("F16", zh, f"{stream}: its drawn list is not readable.", opened.index)
            continue
        plan = draws.history.one(opened.data["plan"], "plan.drafted")
        end = plan.data["period"]["to"] if plan is not None else ""
        without = _without_result(draws.history, outcome)
        if without and today > end:
            zh = f"{stream}：计划已于 {end} 结束，{len(without)} 个被抽中的对象没有结果：{'、'.join(without[:5])}。"
            en = f"{stream}: its plan ended on {end}, {len(without)} drawn objects have no result: {', '.join(without[:5])}."
            yield broken("F16", zh, en, opened.index)
        elif without:
            zh = f"{stream}：{len(without)} 个被抽中的对象尚无结果（计划期至 {end}）。"
            yield noted(
                "F16", zh, f"{stream}: {len(without)} drawn objects have no result yet (plan to {end}).", opened.index
            )


def _without_result(history: History, outcome: Outcome) -> list[str]:
    prefix = f"inspection/{outcome.draw.id}/"
    return [name for name in outcome.names or () if not history.has(prefix + name, "result.recorded")]
