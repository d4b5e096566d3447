"""The verifying of entries that were taken: those since the last round, or, at first and when asked, all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from verify.checks import actors, chain, checkpoint, documents, keys
from verify.checks.draws import Draws
from verify.checks.rules import check_contents, draws_of
from verify.checks.stamped import Anchors
from verify.crew import usable_cores
from verify.findings import Finding, Outcome, holds
from verify.history import History
from verify.holdings import Holdings
from verify.library import Library
from verify.note import VerifierKey, format_vkey, parse_vkey
from verify.progress import Progress
from verify.rotation import Ring, Term
from verify.segments import Segment
from verify.source import ENTRIES, LOG_VKEY, SMALL
from verify.tree import EMPTY_ROOT
from verify.watch.asking import ask, draws_in, due, gather, limits
from verify.watch.copy import Copy
from verify.watch.excerpt import Excerpt
from verify.watch.following import Following, Reader, enter_all, follow
from verify.watch.known import note_draws, note_registries, remind
from verify.watch.register import Register
from verify.watch.state import State
from verify.watch.taking import Taken
from verify.watch.tree import Served


@dataclass
class New:
    """What was found, the state after it, and the files of the cache that are needed no more."""

    state: State
    findings: list[Finding] = field(default_factory=list)
    old: list[str] = field(default_factory=list)


def new_entries(
    before: State, taken: Taken, copy: Copy, register: Register, served: Served, note: bytes, bar: Progress
) -> New:
    """Verify the entries behind those of the last round, under the head `note`. Raises Damaged, Trouble."""
    library, first = Library(copy), before.size
    count = taken.tree.size - first
    with (copy.path / ENTRIES).open("rb") as file:
        fd = file.fileno()
        start = Following(before.leaf, before.next, before.at or "")
        followed = follow(fd, Segment(first, count, before.end, taken.end), start, register)
        reader = Reader(fd)
        last = [reader.at(place) for _, place in followed.fresh[-1:]]
        today = last[0].day if last else before.today or ""
        gathered = gather(reader, register, library, followed, due(register, before.today, today), today)
        history = Excerpt(gathered, followed.suspicious, today)
        history.heads = {size: _root(served, size) for size in history.wanted_heads() if size <= served.head.size}
        draws = draws_in(history, gathered, copy, library)
        found = list(followed.findings)
        if not any(each.outcome is Outcome.BROKEN for each in found):
            zh, en = f"新增 {count} 条记录首尾相连。", f"{count} new entries are linked without a gap."
            found.append(holds("F01", zh, en))
        asked = [each for each in ask(draws, gathered, first, note, bar) if history.concerns(each)]
        recorded = any(entry.index >= first for entry in history.of_kind("calendar.recorded"))
        again = before.again or (recorded and before.open > 0)
        found += [*asked, *limits(again)]
        note_draws(draws, register)
        old = note_registries(draws, register, copy)
        remind(draws, register, sorted(gathered.asked))
        after = replace(
            before,
            keys=handed_over(draws.ring, parse_vkey(before.vkey), note, history),
            leaf=followed.leaf,
            next=followed.next,
            at=followed.at,
            today=today or None,
            again=again,
        )
        return New(replace(after, open=_open(history, followed, before.open)), found, old)


def handed_over(ring: Ring, key: VerifierKey, note: bytes, history: History) -> tuple[dict[str, Any], ...]:
    """Return the key given and those that it was handed over to, as far as every handover holds; of another log only itself.

    Where a handover is under way, the key that is announced stands behind the one that signs until then.
    """
    place, last = ring.place(key), ring.place(keys.followed(ring, key, note, history.heads))
    if place is None or last is None:
        return ({"vkey": format_vkey(key.name, key.public), "retired": None},)
    terms = ring.terms[place : last + 1]
    known = [{"vkey": format_vkey(each.key.name, each.key.public), "retired": _retired(each)} for each in terms]
    known[-1]["retired"] = None  # whatever it is to be followed by is not shown to be
    if ring.terms[last].retired is None:  # a key announced under a head that this one signs; it does not sign alone yet
        announced = [each for each in ring.terms[last + 1 :] if each.since < (checkpoint.size_of(note) or 0)]
        known += [{"vkey": format_vkey(each.key.name, each.key.public), "retired": None} for each in announced]
    return tuple(known)


def _retired(term: Term) -> int | None:
    return term.retired.index if term.retired is not None else None


def _root(served: Served, size: int) -> bytes:
    return served.root(size) if size else EMPTY_ROOT


def _open(history: Excerpt, followed: Following, before: int) -> int:
    """Return how many inspections are completed and not published."""
    streams = {stream for stream, _ in followed.fresh if stream.startswith("inspection/")}
    new = {place.index for _, place in followed.fresh}
    change = 0
    for stream in streams:
        done = [history.one(stream, kind) for kind in ("inspection.completed", "result.published")]
        change += done[0] is not None and done[0].index in new
        change -= done[1] is not None and done[1].index in new
    return max(0, before + change)


def whole_log(before: State, copy: Copy, register: Register, key: VerifierKey, note: bytes, bar: Progress) -> New:
    """Verify everything that was taken, as the verifier does with an export, and enter it in the register."""
    vkey = copy.site.get(LOG_VKEY, SMALL)
    if vkey is not None:
        (copy.path / LOG_VKEY).write_bytes(vkey)
    with (copy.path / ENTRIES).open("rb") as file:
        fd = file.fileno()
        history = History(fd)
        found = list(chain.follow(fd, history, bar, processes=usable_cores()))
        if not any(each.outcome is Outcome.BROKEN for each in found):
            count = len(history.leaves)
            zh, en = f"{count} 条记录首尾相连，没有缺漏。", f"{count} entries are linked without a gap."
            found.append(holds("F01", zh, en))
        history.keep_heads()
        draws = draws_of(history, Library(copy), Holdings(history, Library(copy)))
        with closing(bar):
            found += _all(copy, history, draws, key, note, bar)
        if before.note:
            zh, en = (
                f"自上次检查点（{before.size} 条）以来只有增加。",
                f"Since {before.size} entries the log only grew.",
            )
            found.append(holds("since", zh, en))
        due_next, at = enter_all(fd, history.spans(), register)
        note_draws(draws, register)
        old = note_registries(draws, register, copy)
        asked = [stream for noun in ("draw", "inspection") for stream, _ in history.of(noun)]
        remind(draws, register, asked)
        known = handed_over(draws.ring, key, note, history)
        return New(replace(_state(before, history), keys=known, next=due_next, at=at or None), found, old)


def _all(copy: Copy, history: History, draws: Draws, key: VerifierKey, note: bytes, bar: Progress) -> Iterator[Finding]:
    present = keys.followed(draws.ring, key, note, history.heads)
    yield from checkpoint.check_whose(copy, history.created, key, present, draws.ring, len(history.leaves))
    yield from keys.check_keys(draws.ring, note, history.heads)
    yield from Anchors(history, draws.library, draws.ring).check()
    yield from checkpoint.check_setting(history)
    yield from documents.check_documents(draws.library, documents.named(history))
    yield from actors.check_actors(history)
    yield from check_contents(draws, bar)


def _state(before: State, history: History) -> State:
    """Return what the next entry is compared with."""
    last = history.entries[-1] if history.entries else None
    done = sum(
        history.has(entry.stream, "result.published") is False for entry in history.of_kind("inspection.completed")
    )
    return replace(
        before,
        leaf=history.leaves[-1].hex() if history.leaves else before.leaf,
        today=last.day if last else None,
        open=done,
        again=False,
    )
