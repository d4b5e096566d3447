"""The new lines: each is judged alone as the whole verifier does, and joined to what the register knows of those before."""

from __future__ import annotations

import os
from binascii import hexlify
from collections.abc import Iterator
from dataclasses import dataclass, field

from verify.checks import Cap
from verify.checks.chain import backwards, gap, skipped, twice
from verify.checks.reading import COMMAND, INDEX, LINK, TIME, VERSION, Told, read, unlinked
from verify.entries import Entry, EntryError, parse, read_own
from verify.facts import FIT, NUMBERS, PERSONAL
from verify.findings import Finding
from verify.segments import Segment
from verify.tree import leaf_hash
from verify.watch.pages import Damaged
from verify.watch.register import Place, Register

REMEMBERED = 5_000
AT_ONCE = 200_000
"""So many entries are entered in the register before its pages are written."""


@dataclass
class Following:
    """What the next line is compared with; `fresh` and `suspicious` have the sound entries that came, `findings` the rest."""

    leaf: str
    next: int
    at: str
    fresh: list[tuple[str, Place]] = field(default_factory=list)
    suspicious: set[int] = field(default_factory=set)
    streams: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


class Reader:
    """Reads entries again from the copy; some thousand are remembered."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._known: dict[bytes, Entry] = {}

    def at(self, place: Place) -> Entry:
        """Return an entry. Raises Damaged where its bytes are not those that were verified."""
        known = self._known.get(place.leaf)
        if known is not None:
            return known
        raw = os.pread(self._fd, place.length, place.offset)
        if leaf_hash(raw) != place.leaf:
            raise Damaged(f"entry {place.index} of the copy is not the one that was verified")
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        entry = self._known[place.leaf] = read_own(raw)
        return entry


def follow(fd: int, segment: Segment, before: Following, register: Register) -> Following:
    """Judge the lines of a segment of the copy, and enter them in the register."""
    piece = read(fd, segment, strictly=True, most=segment.count + 1)
    after = Following(piece.links.leaf(piece.count - 1).hex(), before.next, before.at)
    told: list[Told] = list(piece.told)
    if segment.first and piece.links.first != hexlify(bytes.fromhex(before.leaf)):
        told.append((0, LINK, unlinked(segment.first, piece.links.first, bytes.fromhex(before.leaf))))
    facts = piece.facts
    names = list(facts.stream_names)
    ends = [*piece.offsets[1:], piece.end]
    rows = zip(facts.lines, facts.streams, facts.versions, facts.flags, strict=True)
    joint = _Joint(after, register, told)
    for line, stream, version, flags in rows:
        start = piece.offsets[line]
        entry = read_own(os.pread(fd, ends[line] - start - 1, start))
        joint.compare(entry, line, segment.first + line)
        joint.enter(entry, names[stream], version, flags, line, start)
    cap = Cap()
    after.findings = [finding for _, _, finding in sorted(told, key=lambda each: each[:2]) if cap.admits(finding)]
    cap.add(piece.cap)
    after.findings += cap.rest()
    return after


@dataclass
class _Joint:
    """Where new entries meet the ones before."""

    after: Following
    register: Register
    told: list[Told]

    def compare(self, entry: Entry, line: int, number: int) -> None:
        """Index, time and command; `line` counts the new lines, `number` all of them."""
        after = self.after
        if entry.index != after.next:
            self.told.append((line, INDEX, gap(number, entry.index, after.next)))
        after.next = entry.index + 1
        if entry.at < after.at:
            self.told.append((line, TIME, backwards(number, entry.at, after.at)))
        else:
            after.at = entry.at
        account = entry.actor["account"]
        used = self.register.used(account, entry.command)
        if used is None:
            self.register.use(account, entry.command, number)
        else:
            self.told.append((line, COMMAND, twice(account, entry.command, used, number)))

    def enter(self, entry: Entry, stream: str, version: int, flags: int, line: int, start: int) -> None:
        """Note the entry in its stream, as one that counts only where its form and its version are right."""
        after, due, sound = self.after, self.register.version(stream) + 1, None
        if version != due:
            self.told.append((line, VERSION, skipped(stream, version, due, entry.index)))
        elif flags & FIT:
            sound = Place(NUMBERS[entry.kind], entry.index, start, len(entry.raw), entry.leaf)
            after.fresh.append((stream, sound))
            if flags & PERSONAL:
                after.suspicious.add(entry.index)
        self.register.add(stream, version, sound)
        after.streams.add(stream)


def enter_all(fd: int, spans: Iterator[tuple[int, int, bool]], register: Register) -> tuple[int, str]:
    """Enter every line of a log that was verified whole; `spans` are (first byte, length, whether the entry counts).

    Returns the index that is due next, and the latest time.
    """
    due, at = 0, ""
    for number, (start, length, sound) in enumerate(spans):
        if number % AT_ONCE == AT_ONCE - 1:
            register.pages.settle()
        raw = os.pread(fd, length, start)
        try:
            entry = read_own(raw) if sound else parse(raw)
        except EntryError:
            continue
        due, at = entry.index + 1, max(at, entry.at)
        register.use(entry.actor["account"], entry.command, number)
        place = Place(NUMBERS[entry.kind], entry.index, start, length, entry.leaf) if sound else None
        register.add(entry.stream, entry.version, place)
    return due, at
