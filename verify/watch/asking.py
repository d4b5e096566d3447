"""The asking: the checks of the whole verifier, put to the new entries of a log and to what they touch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from verify.checks import actors, checkpoint, documents, keys
from verify.checks.draws import Draws
from verify.checks.released import check_released
from verify.checks.rules import check_contents, draws_of
from verify.checks.stamped import Anchors
from verify.findings import Finding, noted, unchecked
from verify.holdings import Holdings
from verify.library import Library
from verify.progress import Progress
from verify.watch.copy import Copy
from verify.watch.excerpt import LOG, Excerpt, Gathering
from verify.watch.following import Following, Reader
from verify.watch.known import known_outcomes, known_registries, saved_holdings
from verify.watch.register import Register

MOST_DAYS = 4000
"""So many days between two rounds are looked through one by one, about eleven years."""


def due(register: Register, before: str | None, today: str) -> Iterator[str]:
    """Yield the streams whose day has come since the last round."""
    if before is None or before >= today:
        return
    day, last = date.fromisoformat(before), date.fromisoformat(today)
    for number in range(min((last - day).days, MOST_DAYS)):
        yield from register.due((day + timedelta(days=number + 1)).isoformat())


def gather(
    reader: Reader, register: Register, library: Library, followed: Following, waiting: Iterable[str], today: str
) -> Gathering:
    """Return the streams that are asked, and what they rest on."""
    gathered = Gathering(reader, register, library)
    gathered.beginning()
    asked = dict.fromkeys([*waiting, *(stream for stream, _ in followed.fresh), *sorted(followed.streams)])
    for stream in asked:
        gathered.ask(stream)
    for stream in [each for each in gathered.asked if each.startswith("draw/")]:
        gathered.end(stream, today)
    return gathered


def draws_in(history: Excerpt, gathered: Gathering, copy: Copy, library: Library) -> Draws:
    """Return the draws of an excerpt, with what is known of those that are not asked."""
    register = gathered.register
    outcomes = dict(known_outcomes(history, register))
    holdings = Holdings(history, library, saved_holdings(history, gathered, copy))
    draws = draws_of(history, library, holdings)
    draws.asked = {stream for stream in gathered.asked if stream.startswith("draw/")}
    draws.outcomes = outcomes
    holdings.by_stream.update(known_registries(draws, gathered))
    return draws


def ask(draws: Draws, gathered: Gathering, first: int, note: bytes, bar: Progress) -> Iterator[Finding]:
    """Yield what the checks find about the asked streams; `first` is the index of the first new entry, `note` the head."""
    history = draws.history
    named = documents.named(history)
    new = {name: where for name, where in named.items() if any(entry.index >= first for entry, _ in where)}
    yield from documents.check_documents(draws.library, new)
    yield from actors.check_actors(history)
    if LOG in gathered.asked:
        yield from keys.check_keys(draws.ring, note, history.heads)
        yield from check_released(history)
        yield from Anchors(history, draws.library, draws.ring).check()
    yield from check_contents(draws, bar, gathered.ended)
    for finding in checkpoint.check_setting(history):
        if finding.index is not None and finding.index >= first:
            yield finding


def limits(again: bool) -> Iterator[Finding]:
    """Say what was not asked again about the older entries; `again`: a calendar was recorded, so that it has to be."""
    zh = "只核验了新增的记录及其所涉及的部分；此前的记录在它们新增时已核验（--full 全部重新核验）。"
    en = "Asked were the new entries and what they touch; older ones were asked when they were new (--full asks all)."
    yield noted("scope", zh, en)
    if again:
        zh = "新记录了日历，此前已完成、未公示的检查的期限须全部重算（--full）。"
        en = "A calendar was recorded: the deadlines of inspections that wait for publication have to be counted anew (--full)."
        yield unchecked("F15", zh, en)
