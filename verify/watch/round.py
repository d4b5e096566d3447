"""One round of a watcher: look at the head, take what is new, verify it, note it, and only then remember the new head.

The order is that of safety: fetched bytes go behind the end of the copy, pages and files under names that nobody knows yet;
then the state is exchanged in one step, and what it no longer names is thrown away. Killed anywhere, a watcher finds the
state before or after the round, whole, and at worst tells a finding twice.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from verify import checkpoint as checkpoints
from verify.checkpoint import Checkpoint
from verify.checks.checkpoint import size_of
from verify.findings import Finding, Outcome, broken, holds, noted, unchecked
from verify.note import NoteError, VerifierKey, format_vkey, parse_vkey
from verify.policy import Policy
from verify.progress import Progress
from verify.source import CHECKPOINT, ENTRIES, SMALL, UsageError
from verify.tree import Frontier
from verify.watch import journal, state
from verify.watch.asking import limits
from verify.watch.copy import Copy
from verify.watch.fetching import GARBAGE, Site, Trouble
from verify.watch.heads import Stop, forked, has_line, led_or_not, led_to, root_of, signed_head
from verify.watch.pages import Damaged, Pages, Shelf
from verify.watch.register import Register
from verify.watch.state import State
from verify.watch.taking import NoLine, Taken, Unlike, take
from verify.watch.tree import Edge, Served
from verify.watch.verifying import new_entries, whole_log
from verify.watch.views import compare

TOLERANCE = 300
"""Seconds that a view may be behind: as long as caches on the way may keep a checkpoint, and some more."""


@dataclass
class Answer:
    """What a round found out. `size` and `root` are those that are remembered after it, `new` how many entries came."""

    url: str
    origin: str
    moment: str
    size: int = 0
    root: str = ""
    new: int = 0
    whole: bool = False
    requests: int = 0
    bytes: int = 0
    state: int = 0
    told: dict[str, int] = field(default_factory=dict)
    journaled: int = 0
    findings: list[Finding] = field(default_factory=list)


@dataclass
class Watcher:
    """A watcher of one log, with its folder. `views`: the same log as others see it; `clock` gives POSIX seconds."""

    folder: Path
    site: Site
    key: VerifierKey
    policy: Policy | None = None
    views: list[Site] = field(default_factory=list)
    tolerance: int = TOLERANCE
    bar: Progress = field(default_factory=lambda: Progress(None))
    clock: Callable[[], float] = time.time

    def round(self, full: bool = False) -> Answer:
        """Look once. Raises UsageError where the folder is not of this log, or was begun with a key that leads to another."""
        self.folder.mkdir(parents=True, exist_ok=True)
        before = state.read(self.folder) or State(vkey_of(self.key))
        self._first = parse_vkey(before.vkey)
        if self._first.name != self.key.name:
            raise UsageError(
                f"{self.folder} 里记着另一个日志 {before.vkey}。", f"{self.folder} is of another log, {before.vkey}."
            )
        self._fetched = [(site.requests, site.bytes) for site in (self.site, *self.views)]
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.clock()))
        answer = Answer(self.site.url, self.key.name, moment)
        after = before
        try:
            after = self._look(before, full, answer)
        except Stop as stop:
            answer.findings.append(stop.finding)
        except Trouble as trouble:
            answer.findings.append(unchecked(trouble.kind, trouble.zh, trouble.en))
        if self.key != self._first:
            answer.findings.append(led_or_not(self.key, self._first, after.keys))
        self._compare(after, answer)
        return self._finish(after, answer)

    # -- the head

    def _look(self, before: State, full: bool, answer: Answer) -> State:
        note = self.site.get(CHECKPOINT, SMALL)
        if note is None:
            raise Trouble(GARBAGE, "日志不提供检查点。", "The log serves no checkpoint.")
        old = checkpoints.parse(before.note)[0] if before.note else None
        later = self._later(before, old, note)
        head = later or self._signed(before, note, answer)
        after = before.seen(head.size, head.root, int(self.clock()))
        if old is not None and head.size <= old.size and head != old:
            raise Stop(self._backwards(before, old, head, note))
        if old is not None and head == old and not full:
            self._require_led(before)
            zh, en = f"没有新的记录：{head.size} 条。", f"Nothing is new: {head.size} entries."
            answer.findings += [holds("since", zh, en), *(limits(True) if before.again else ())]
            return replace(after, note=note)
        told = len(answer.findings)
        try:
            return self._take(after, head, note, full or old is None, answer)
        except (Stop, Trouble) as fault:
            if later:  # what is said of entries under a head that nobody signed is nothing that the log said
                del answer.findings[told:]
            if later and isinstance(fault, Stop):
                self._signed(before, note, answer)
            raise

    def _signed(self, known: State, note: bytes, answer: Answer) -> Checkpoint:
        """Return what a head says that is signed as is due by what is known. Raises Stop."""
        key = led_to(self._first, known.keys, size_of(note) or 0)
        head, found = signed_head(note, key, self.policy and self.policy.handed(self.key, key))
        answer.findings += found
        return head

    def _later(self, before: State, old: Checkpoint | None, note: bytes) -> Checkpoint | None:
        """Return what a head says that the key due has no line on; None where it can be judged at once.

        It may be signed by a key that its own entries tell of, and is judged when they were read.
        """
        size = size_of(note) or 0
        if size <= (old.size if old else 0) or has_line(note, led_to(self._first, before.keys, size)):
            return None
        return checkpoints.parse(note)[0]

    def _backwards(self, before: State, old: Checkpoint, head: Checkpoint, note: bytes) -> Finding:
        """The head is older than the one that is remembered, or another one of its size."""
        names = journal.evidence(self.folder, (old, before.note), (head, note))
        root = root_of(self._place(before.cache) / ENTRIES, old, head.size)
        if head.size == old.size or (root is not None and root != head.root):
            return forked(old, head, names, self.site.url)
        seen = min((each["seen"] for each in before.heads if each["size"] > head.size), default=0)
        zh = f"检查点倒退：已见过 {old.size} 条，现在只给出 {head.size} 条（证据 {names}）。"
        en = f"The checkpoint goes backwards: {old.size} entries were signed, {head.size} are shown now ({names})."
        late = self.clock() - seen > self.tolerance or root is None
        return broken("rollback", zh, en) if late else noted("rollback", zh, en)

    # -- what is new

    def _take(self, before: State, head: Checkpoint, note: bytes, whole: bool, answer: Answer) -> State:
        if not whole and head.size - before.size <= before.size:
            try:
                return self._new(before, head, note, answer)
            except Damaged as damage:
                zh = f"缓存缺失或被改动，全部重新取回核验：{damage}。"
                en = f"The cache is missing or was altered: everything is fetched and verified again ({damage})."
                answer.findings.append(noted("cache", zh, en))
        return self._whole(before, head, note, answer)

    def _new(self, before: State, head: Checkpoint, note: bytes, answer: Answer) -> State:
        """Verify what came since the last round. Raises Damaged."""
        copy, shelf = self._cache(before.cache, before.pages)
        with closing(shelf):
            content = copy.kept(before.edge)
            if content is None or not copy.cut(before.end):
                raise Damaged("the edge of the tree or the end of the copy is missing")
            taken = Taken(before.frontier, Edge.decode(content), before.end)
            self._extend(before, head, note, copy, taken)
            answer.findings += taken.findings
            pages = Pages(shelf, bytes.fromhex(before.map), before.pages[2])
            new = new_entries(before, taken, copy, Register(pages), Served(self.site, head), note, self.bar)
            self._again(before, new.state, note, answer)
            answer.findings += self._first_told(pages, new.findings)
            answer.new = head.size - before.size
            after = self._kept(new.state, taken, copy, pages, note)
            self._write(after, answer)
            gone = [before.edge] if before.edge != after.edge else []
            gone += [f"pages-{before.pages[0]}"] if before.pages[0] != after.pages[0] else []
            for name in [*new.old, *gone]:
                copy.forget(name)
            return after

    def _whole(self, before: State, head: Checkpoint, note: bytes, answer: Answer) -> State:
        """Fetch and verify the whole log, into a new cache."""
        number = before.cache + 1
        shutil.rmtree(self._place(number), ignore_errors=True)
        copy, shelf = self._cache(number)
        with closing(shelf):
            taken = Taken(Frontier(), Edge(), 0, before.size)
            self._extend(before, head, note, copy, taken)
            (copy.path / CHECKPOINT).write_bytes(note)
            pages = Pages(shelf)
            new = whole_log(before, copy, Register(pages), self._first, note, self.bar)
            self._again(before, new.state, note, answer)
            answer.findings += [*taken.findings, *self._first_told(pages, new.findings, new=False)]
            answer.new, answer.whole = head.size - before.size, True
            after = self._kept(replace(new.state, cache=number, pages=(0, 0, 0)), taken, copy, pages, note)
            self._write(after, answer)
        for old in self.folder.glob("cache-*"):
            if old != self._place(number):
                shutil.rmtree(old, ignore_errors=True)
        return after

    def _again(self, before: State, after: State, note: bytes, answer: Answer) -> None:
        """Judge a head by the keys that its entries tell of, where that is another one than before them. Raises Stop."""
        size = size_of(note) or 0
        was = led_to(self._first, before.keys, size)
        if led_to(self._first, after.keys, size) != was or not has_line(note, was):
            self._signed(after, note, answer)
        self._require_led(after)

    def _require_led(self, known: State) -> None:
        """Refuse a key that the one with which the folder was begun does not lead to, before anything is kept. UsageError."""
        found = led_or_not(self.key, self._first, known.keys)
        if found.outcome is not Outcome.HOLDS:
            raise UsageError(f"{self.folder}：{found.zh}", f"{self.folder}: {found.en}")

    def _extend(self, before: State, head: Checkpoint, note: bytes, copy: Copy, taken: Taken) -> None:
        """Take the entries, or say why they cannot be taken."""
        old = checkpoints.parse(before.note)[0] if before.note else None
        try:
            with (copy.path / ENTRIES).open("r+b") as file:
                take(self.site, head, taken, file)
            if old is not None and taken.at == old.size and taken.passed != old.root and old.size:
                raise Unlike
        except NoLine as error:
            zh = f"第 {error.index} 条含有换行，不是记录。"
            raise Stop(broken("entries", zh, f"Entry {error.index} holds a line feed.", error.index)) from error
        except Unlike as error:
            shown = Served(self.site, head)
            shown.root(head.size)  # raises where not even the tiles lead to the root
            if old is not None and shown.root(old.size) != old.root:
                names = journal.evidence(self.folder, (old, before.note), (head, note))
                raise Stop(forked(old, head, names, self.site.url)) from error
            zh = f"日志提供的记录与它签名的根（{head.size} 条）不符。"
            en = f"The entries that the log serves do not lead to the root that it signed over {head.size}."
            raise Stop(broken("tree", zh, en)) from error

    # -- what is kept

    def _place(self, number: int) -> Path:
        return self.folder / f"cache-{number}"

    def _cache(self, number: int, pages: tuple[int, int, int] = (0, 0, 0)) -> tuple[Copy, Shelf]:
        place = self._place(number)
        place.mkdir(parents=True, exist_ok=True)
        return Copy(place, self.site), Shelf(place / f"pages-{pages[0]}", pages[1])

    def _first_told(self, pages: Pages, findings: Iterable[Finding], new: bool = True) -> Iterator[Finding]:
        """Yield the findings, of a round that is not whole only those that were not told before."""
        register, always = Register(pages), set(limits(True))
        for finding in findings:
            lasting = finding.outcome is not Outcome.HOLDS and finding not in always
            if not lasting or register.tell(finding) or not new:
                yield finding

    def _kept(self, after: State, taken: Taken, copy: Copy, pages: Pages, note: bytes) -> State:
        edge, number = copy.keep(taken.edge.encode()), after.pages[0]
        pages.settle()
        if pages.wasteful:
            number += 1
            with closing(Shelf(copy.path / f"pages-{number}")) as shelf:
                pages = pages.copied(shelf)
                shelf.commit()
        else:
            pages.shelf.commit()
        kept = (number, pages.shelf.end, pages.live)
        return replace(
            after, tree=taken.tree.to_bytes(), end=taken.end, edge=edge, map=pages.root.hex(), pages=kept, note=note
        )

    def _write(self, after: State, answer: Answer) -> None:
        self._journal(after, answer)
        state.write(self.folder, after)

    def _journal(self, after: State, answer: Answer) -> None:
        journal.write(self.folder, answer.findings[answer.journaled :], answer.moment, after.size)
        answer.journaled = len(answer.findings)

    # -- the views, and the end

    @property
    def _patience(self) -> float:
        """The moment before which a larger head must have been seen for a smaller one to be stale."""
        return self.clock() - self.tolerance

    def _compare(self, after: State, answer: Answer) -> None:
        if after.note:
            head = checkpoints.parse(after.note)[0]
            for view in self.views:
                answer.findings += compare(view, self.site, head, after, self._first, self.folder, self._patience)

    def _finish(self, after: State, answer: Answer) -> Answer:
        told = dict(after.told)
        for finding in answer.findings:
            told[finding.outcome.value] = told.get(finding.outcome.value, 0) + 1
        self._journal(after, answer)
        if after.note:
            after = replace(after, told=told)
            state.write(self.folder, after)
            with suppress(NoteError):
                answer.root = checkpoints.parse(after.note)[0].root.hex()
        fetched = zip((self.site, *self.views), self._fetched, strict=True)
        for site, (requests, size) in fetched:
            answer.requests, answer.bytes = answer.requests + site.requests - requests, answer.bytes + site.bytes - size
        answer.size, answer.told, answer.state = after.size, told, len(after.encode())
        return answer


def vkey_of(key: VerifierKey) -> str:
    """Return a key as the text that names it."""
    return format_vkey(key.name, key.public, key.kind)
