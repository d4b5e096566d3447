"""The history: what the sound entries of a log say, stream by stream, in the order of the log.

It holds facts and judges nothing. Entries that the chain check left out are missing here; `unread` names their streams,
so that what depends on them can say so. Of an entry some seventy bytes are kept; its data is read from the file again when
somebody asks, and counts only where its leaf is still the one that was checked.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from heapq import merge
from itertools import pairwise
from typing import Any, overload

from verify.entries import Entry, read_own
from verify.facts import KIND_NAMES, NUMBERS, PERSONAL, Actor, Facts
from verify.heads import Heads, Leaves
from verify.kinds import KINDS
from verify.segments import Changed

CACHED = 128
"""Entries that are kept for whoever asks again: those of some plans and some inspections."""
NAMING_HEADS = tuple(name for name, kind in KINDS.items() if "covered" in kind.data or name == "draw.frozen")


class Run(Sequence[Entry]):
    """Some entries of a history, in its order; each is read when it is asked for."""

    def __init__(self, history: History, positions: Sequence[int]) -> None:
        self._history, self._positions = history, positions

    def __len__(self) -> int:
        return len(self._positions)

    def __iter__(self) -> Iterator[Entry]:
        return map(self._history.entry, self._positions)

    @overload
    def __getitem__(self, place: int) -> Entry: ...
    @overload
    def __getitem__(self, place: slice) -> Run: ...
    def __getitem__(self, place: int | slice) -> Entry | Run:
        if isinstance(place, slice):
            return Run(self._history, self._positions[place])
        return self._history.entry(self._positions[place])

    def first(self, kind: str) -> Entry | None:
        """Return the first entry of a kind; none of the others is read."""
        number, kinds = NUMBERS[kind], self._history.kinds
        return next((self._history.entry(each) for each in self._positions if kinds[each] == number), None)


class Streams:
    """The streams by their names."""

    def __init__(self, history: History) -> None:
        self._history = history

    def get(self, stream: str, default: Sequence[Entry] = ()) -> Sequence[Entry]:
        """Return the entries of a stream; `default` where it has none."""
        positions = [*self._history.positions(stream)]
        return Run(self._history, positions) if positions else default


class History:
    """The folded log. `leaves` has the leaf hash of every line, sound or not; `entries` the sound entries in order.

    A position counts the sound entries. The columns `indexes`, `kinds` and `actors` have one value for each position; a
    stream is a chain of positions, each with the next one, counted from 1 so that 0 is none.
    """

    def __init__(self, fd: int | None = None) -> None:
        self._fd = -1 if fd is None else fd
        self._tree = Heads()
        self._offsets = array("Q")
        self._end = 0
        self._lines = array("Q")
        self.indexes = array("Q")
        self.kinds = array("H")
        self.actors = array("I")
        self.actor_names: dict[Actor, int] = {}
        self._next = array("I")
        self._suspicious = array("I")
        self._numbers: dict[str, int] = {}
        self._first, self._last = array("I"), array("I")
        self._of_noun: dict[str, list[str]] = {}
        self._of_kind = [array("I") for _ in KIND_NAMES]
        self.unread: set[str] = set()
        self.cut = False
        """Whether of some line only the beginning was read."""
        self.heads: dict[int, bytes] = {}
        self.entry = lru_cache(CACHED)(self._read)

    # -- taking the log, segment by segment

    def take(self, leaves: bytes | bytearray, subtrees: list[bytes]) -> None:
        """Take the leaves of a segment and the roots over them."""
        self._tree.take(leaves, subtrees)

    def place(self, offsets: array[int], end: int) -> None:
        """Take the bytes at which the next lines begin, and at which one after them would."""
        self._offsets.extend(offsets)
        self._end = end

    def numbers_of(self, streams: Iterable[str]) -> list[int]:
        """Return the numbers of streams, new ones included."""
        numbers = self._numbers
        found = [numbers.setdefault(stream, len(numbers)) for stream in streams]
        missing = len(numbers) - len(self._first)
        self._first.extend([0] * missing)
        self._last.extend([0] * missing)
        return found

    def fold(self, facts: Facts, rows: Sequence[int], first_line: int, streams: Sequence[int]) -> None:
        """Take the sound ones among the entries of a segment: the `rows` of its facts. `streams`: see `numbers_of`."""
        names = list(facts.stream_names)
        actors = [self.actor_names.setdefault(actor, len(self.actor_names)) for actor in facts.actor_names]
        for row in rows:
            position, kind, stream = len(self.kinds), facts.kinds[row], facts.streams[row]
            self._lines.append(first_line + facts.lines[row])
            self.indexes.append(facts.indexes[row])
            self.kinds.append(kind)
            self.actors.append(actors[facts.actors[row]])
            self._next.append(0)
            self._of_kind[kind].append(position)
            if facts.flags[row] & PERSONAL:
                self._suspicious.append(position)
            number = streams[stream]
            if self._first[number]:
                self._next[self._last[number] - 1] = position + 1
            else:
                self._first[number] = position + 1
                name = names[stream]
                self._of_noun.setdefault(name.partition("/")[0], []).append(name)
            self._last[number] = position + 1

    # -- asking

    @property
    def leaves(self) -> Leaves:
        """The leaf hashes of all lines."""
        return self._tree.leaves

    @property
    def entries(self) -> Run:
        """All sound entries."""
        return Run(self, range(len(self.kinds)))

    @property
    def streams(self) -> Streams:
        """The streams by their names."""
        return Streams(self)

    def of(self, noun: str) -> Iterator[tuple[str, Run]]:
        """Yield (stream, its entries) of every stream of a noun, in the order in which they were opened."""
        return ((name, Run(self, [*self.positions(name)])) for name in self._of_noun.get(noun, ()))

    def count_of(self, noun: str) -> int:
        """Return the number of streams of a noun."""
        return len(self._of_noun.get(noun, ()))

    def of_kind(self, *kinds: str) -> Run:
        """Return the entries of some kinds, in the order of the log."""
        runs = [self._of_kind[NUMBERS[kind]] for kind in kinds]
        return Run(self, runs[0] if len(runs) == 1 else array("I", merge(*runs)))

    def suspicious(self) -> Run:
        """Return the entries of which a reader thought that they hold a person's number."""
        return Run(self, self._suspicious)

    def positions(self, stream: str) -> Iterator[int]:
        """Yield the positions of the entries of a stream."""
        number = self._numbers.get(stream)
        after = 0 if number is None else self._first[number]
        while after:
            yield after - 1
            after = self._next[after - 1]

    def one(self, stream: str, kind: str, before: int | None = None) -> Entry | None:
        """Return the first entry of `kind` in a stream, of those with an index below `before`."""
        return next(map(self.entry, self._positions_of(stream, kind, before)), None)

    def all(self, stream: str, kind: str, before: int | None = None) -> Run:
        """Return the entries of `kind` in a stream, of those with an index below `before`."""
        return Run(self, [*self._positions_of(stream, kind, before)])

    def has(self, stream: str, kind: str) -> bool:
        """Whether a stream has an entry of `kind`; none is read."""
        return next(self._positions_of(stream, kind, None), None) is not None

    def before(self, stream: str, index: int) -> Run:
        """Return the entries of a stream with an index below `index`."""
        return Run(self, [each for each in self.positions(stream) if self.indexes[each] < index])

    def _positions_of(self, stream: str, kind: str, before: int | None) -> Iterator[int]:
        number, kinds, indexes = NUMBERS[kind], self.kinds, self.indexes
        for each in self.positions(stream):
            if kinds[each] == number and (before is None or indexes[each] < before):
                yield each

    def _read(self, position: int) -> Entry:
        """Read an entry again, by its position. Raises Changed where its line is not the one that was checked."""
        return self.line(self._lines[position])

    def line(self, number: int) -> Entry:
        """Read a line again that was found to be an entry, of whatever form. Raises Changed as above."""
        (length,) = self.lengths(number, number + 1)
        entry = read_own(os.pread(self._fd, length, self._offsets[number]))
        if entry.leaf != self.leaves[number]:
            raise Changed
        return entry

    def spans(self) -> Iterator[tuple[int, int, bool]]:
        """Yield (first byte, length, whether it is a sound entry) of every line."""
        sound = iter(self._lines)
        due = next(sound, None)
        for number, (start, end) in enumerate(pairwise([*self._offsets, self._end])):
            yield start, end - start - 1, number == due
            due = next(sound, None) if number == due else due

    def lengths(self, first: int, after: int) -> list[int]:
        """Return the lengths of the lines from `first` to `after`, without their line feeds."""
        starts = [*self._offsets[first : after + 1], self._end][: after - first + 1]
        return [end - start - 1 for start, end in pairwise(starts)]

    # -- what is asked often

    @property
    def created(self) -> dict[str, Any] | None:
        """What `log.created` says: origin, vkey, clock; None where entry 0 is not readable."""
        entry = self.one("log/main", "log.created")
        return entry.data if entry else None

    @property
    def origin(self) -> str:
        """The name of the log; empty where entry 0 is not readable."""
        return str(self.created["origin"]) if self.created else ""

    @property
    def bureau(self) -> str:
        """The code of the first unit: the authority whose log it is."""
        units = self.of_kind("unit.registered")
        return str(units[0].data["unit"]) if units else ""

    @property
    def last_day(self) -> str:
        """The day of the last entry, YYYY-MM-DD: the only "today" a verifier has. Empty for an empty log."""
        return self.entries[-1].day if self.entries else ""

    def opened_account(self, account: str, before: int) -> Entry | None:
        """Return the entry that opened an account, if it has an index below `before`."""
        return self.one(f"account/{account}", "account.opened", before)

    def keep_heads(self, *more: int) -> None:
        """Compute the roots at all sizes that entries name, and `more`."""
        wanted = {size for entry in self.of_kind(*NAMING_HEADS) for size in sizes(entry)}
        self.heads = self._tree.roots(wanted | set(more))


def sizes(entry: Entry) -> Iterator[int]:
    """Yield the sizes of the heads that an entry names."""
    if "covered" in entry.data:
        yield entry.data["covered"]["size"]
    if entry.kind == "draw.frozen":
        yield entry.data["freeze"]["ledger_head"]["size"]
