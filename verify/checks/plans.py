"""The check item lists and the plans: what may be inspected, how much of it, when, and who agreed to it.

方案第五(一)条: general items 5 % to 20 %, key items at least 20 %; 第五(二)1条: a plan names items, period, ratio and the
departments that take part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from verify import ratios
from verify.checks import concluded
from verify.checks.reviews import RULE, check_reviews, published
from verify.documents import Row
from verify.entries import Entry
from verify.findings import Finding, broken, holds, unchecked
from verify.history import History
from verify.kinds import ITEM_LINE
from verify.library import Absent, Library, Unlike
from verify.pool import STRATA
from verify.shape import misfit

RATIO_RULE = "方案第五(一)条"
Items = dict[str, dict[str, Row]]
"""List stream -> item code -> its line."""


def check_plans(history: History, library: Library, items: Items) -> Iterator[Finding]:
    """Check all lists, filling `items` for the draws, then all plans."""
    lists, plans = list(history.of("itemlist")), list(history.of("plan"))
    found = (each for stream, entries in lists for each in _item_list(stream, entries, library, items, history.bureau))
    yield from concluded(found, partial(_conclusion, len(lists), "抽查事项清单", "item lists"), len(lists))
    found = (each for stream, entries in plans for each in _plan(stream, entries, history, items))
    yield from concluded(found, partial(_conclusion, len(plans), "抽查计划", "plans"), len(plans))


def _conclusion(count: int, zh: str, en: str) -> Finding:
    return holds("reviews", f"{count} 份{zh}的比例和审查程序合规。", f"{count} {en} keep ratios and reviews.")


def _item_list(stream: str, entries: Sequence[Entry], library: Library, items: Items, bureau: str) -> Iterator[Finding]:
    draft = entries[0]
    if draft.version != 1:
        return
    yield from _drafted_by(stream, draft, f"itemlist/{bureau}-")
    yield from check_reviews(stream, entries)
    try:
        rows = library.listing(draft.data)
    except Absent:
        zh = f"{stream} 的清单文档缺失，比例无法核验。"
        yield unchecked("F03", zh, f"The document of {stream} is not here: its ratios are unchecked.", draft.index)
        return
    except Unlike as error:
        yield broken("documents", f"{stream} 的清单{error.zh}。", f"The list of {stream}: {error}.", draft.index)
        return
    for row in rows:
        reason = misfit(row, ITEM_LINE, row["id"])
        if reason:
            yield broken("documents", f"{stream} 的清单行不合格式：{reason}。", f"{stream}: {reason}.", draft.index)
            continue
        items.setdefault(stream, {})[row["id"]] = row
        yield from _item_ratio(stream, row, draft.index)


def _item_ratio(stream: str, row: Row, index: int) -> Iterator[Finding]:
    low, high = row["ratio_min_bp"], row["ratio_max_bp"]
    least, most = ratios.bounds(row["class"])
    if low < least or low > high or high > (most or 10000):
        bounds = f"{percent(least)}–{percent(most or 10000)}"
        zh = f"{stream} 事项 {row['id']}（{row['class']}）的比例 {percent(low)}–{percent(high)} 超出 {bounds}（{RATIO_RULE}）。"
        en = f"{stream}: item {row['id']} ({row['class']}) has {percent(low)}–{percent(high)}, legal is {bounds}."
        yield broken("F03", zh, en, index)


def _plan(stream: str, entries: Sequence[Entry], history: History, items: Items) -> Iterator[Finding]:
    draft = entries[0]
    if draft.version != 1:
        return
    data, index = draft.data, draft.index
    yield from _drafted_by(stream, draft, f"plan/{history.bureau}-{data['year']}-")
    yield from check_reviews(stream, entries)
    begin, end = data["period"]["from"], data["period"]["to"]
    if not begin <= end or {begin[:4], end[:4]} != {f"{data['year']:04d}"}:
        zh = f"{stream} 的实施期间 {begin} 至 {end} 不在 {data['year']} 年内（方案第五(二)1条）。"
        yield broken("reviews", zh, f"{stream}: the period {begin} to {end} leaves the year {data['year']}.", index)
    if published(history, data["itemlist"], index) is None:
        zh = f"{stream} 起草时，{data['itemlist']} 还没有发布（{RULE}）。"
        yield broken("F04", zh, f"{stream} was drafted before {data['itemlist']} was published.", index)
    seen: set[str] = set()
    for each in data["items"]:
        if each["item"] in seen:
            zh, en = f"{stream} 重复列出事项 {each['item']}。", f"{stream} names the item {each['item']} twice."
            yield broken("reviews", zh, en, index)
        seen.add(each["item"])
        yield from _planned(stream, each, data["itemlist"], items, index)


def _planned(stream: str, planned: Mapping[str, Any], list_name: str, items: Items, index: int) -> Iterator[Finding]:
    """One item of a plan: it is on the list, and its ratios are within the law and within the list."""
    code, quota = planned["item"], planned["quota_bp"]
    if list_name not in items:
        zh = f"{stream} 事项 {code}：清单 {list_name} 不可读，比例无法核验。"
        yield unchecked("F03", zh, f"{stream}, item {code}: the list {list_name} is not readable.", index)
        return
    line = items[list_name].get(code)
    if line is None:
        zh = f"{stream} 的事项 {code} 不在 {list_name} 中（清单之外无监管，{RATIO_RULE}）。"
        yield broken("F04", zh, f"{stream}: the item {code} is not on {list_name}.", index)
        return
    if set(quota) != set(STRATA):
        zh = f"{stream} 事项 {code} 的比例分层是 {'、'.join(sorted(quota))}，应为 A、B、C、D。"
        yield broken("F03", zh, f"{stream}, item {code}: the strata are {', '.join(sorted(quota))}, not A to D.", index)
    low, high = line["ratio_min_bp"], line["ratio_max_bp"]
    outside = [s for s, bp in sorted(quota.items()) if not low <= bp <= high]
    bad = ratios.illegal_quota(line["class"], quota) or next(iter(outside), None)
    if bad is not None:
        ratio, bounds = percent(quota[bad]), f"{percent(low)}–{percent(high)}"
        zh = f"{stream} 事项 {code} 的 {bad} 层比例 {ratio} 超出允许范围 {bounds}（{RATIO_RULE}）。"
        en = f"{stream}, item {code}: the ratio {ratio} of stratum {bad} is outside {bounds}."
        yield broken("F03", zh, en, index)


def _drafted_by(stream: str, draft: Entry, prefix: str) -> Iterator[Finding]:
    if draft.data["unit"] != draft.actor["unit"]:
        zh = f"{stream} 写明单位 {draft.data['unit']}，起草人属于 {draft.actor['unit']}。"
        en = f"{stream} states the unit {draft.data['unit']}, its drafter is of {draft.actor['unit']}."
        yield broken("reviews", zh, en, draft.index)
    if not stream.startswith(prefix) or not stream.removeprefix(prefix).isdecimal():
        zh = f"{stream} 的编号应为 {prefix} 加序号。"
        yield broken("reviews", zh, f"{stream} should be {prefix} and a number.", draft.index)


def percent(bp: int) -> str:
    """Return basis points as per cent.

    >>> percent(1250)
    '12.5%'
    """
    return f"{bp / 100:g}%"
