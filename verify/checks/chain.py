"""The chain: every entry names the leaf of the one before it, none is missing, and each is what its kind says.

F01 follows the links with nothing but SHA-256; `entries` asks whether the bytes are an entry of a known kind and form.
The segments of the log are read one by one; here they are joined, and what depends on earlier lines is judged. Source:
ledger specification, sections 1 and 2.
"""

from __future__ import annotations

import os
from array import array
from binascii import hexlify
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from operator import itemgetter

from verify.checks import TOLD, Cap
from verify.checks.reading import COMMAND, INDEX, LINK, TIME, VERSION, Piece, Told, read, unlinked
from verify.crew import in_order
from verify.facts import FIT, Facts
from verify.findings import Finding, broken, unchecked
from verify.history import History
from verify.progress import Progress
from verify.segments import Segment, cut
from verify.source import LINE

MOST_UNREADABLE = 10_000
"""After so many lines that are no entries the rest is not read: whatever this file is, it is no log."""
IN_ORDER = itemgetter(0, 1)
ALONE = 4 << 20
"""A log of fewer bytes is read by this process alone: starting others would take longer."""


def follow(
    fd: int | None, history: History, bar: Progress, strictly: bool = True, processes: int = 1
) -> Iterator[Finding]:
    """Read an open log, hand every sound entry to `history`, and yield what is wrong with the others.

    `fd` None: there is none. Not `strictly`: the links alone, and entry 0, which says whose log it is.
    """
    cap = Cap()
    if fd is not None:
        few = os.fstat(fd).st_size < ALONE
        yield from _follow(fd, _Joints(history, cap), bar, strictly, 1 if few else processes)
    yield from cap.rest()
    if not history.leaves:
        yield unchecked("F01", "日志是空的，没有可核验的记录。", "The log is empty: there is nothing to check.")


def _follow(fd: int, joints: _Joints, bar: Progress, strictly: bool, processes: int) -> Iterator[Finding]:
    left, size = MOST_UNREADABLE, os.fstat(fd).st_size
    pieces = in_order(partial(read, fd, strictly=strictly, most=left), cut(fd), processes)
    with closing(pieces):
        for piece in pieces:
            bar.show("核验记录链", "the chain", piece.segment.end, size)
            if piece.unreadable >= left < MOST_UNREADABLE:
                piece = read(fd, piece.segment, strictly, left)  # the reader did not know of those before
            if not strictly and piece.segment.first == 0:
                _add_entry_0(fd, piece)
            yield from joints.join(piece)
            left -= piece.unreadable
            if left == 0 and (piece.count < piece.segment.count or next(pieces, None) is not None):
                index = piece.segment.first + piece.count
                zh = f"已有 {MOST_UNREADABLE} 行不是记录，第 {index} 行以后没有读取。"
                en = f"{MOST_UNREADABLE} lines are no entries: from line {index} on nothing was read."
                yield broken("tree", zh, en, index)
                return


def _add_entry_0(fd: int, piece: Piece) -> None:
    """Read entry 0 strictly into a piece of which only the links were followed."""
    beginning = os.pread(fd, LINE, 0)
    only = read(fd, Segment(0, 1, 0, beginning.find(b"\n") + 1 or len(beginning)), strictly=True, most=2)
    piece.facts, piece.offsets, piece.end = only.facts, only.offsets, only.end
    for told in only.told:
        piece.tell(*told)


class _Joints:
    """What the next entry is compared with: the leaf and the time before it, stream versions, and commands."""

    def __init__(self, history: History, cap: Cap) -> None:
        self.history, self.cap = history, cap
        self.index, self.at = 0, ""
        self.versions = array("Q")
        self.hashes: set[int] = set()
        self.proved = 0
        self.commands, self.lines = array("q"), array("Q")

    def join(self, piece: Piece) -> Iterator[Finding]:
        """Add the next segment to the history and yield its findings line by line, as many as are told."""
        history, links, first = self.history, piece.links, piece.segment.first
        told = piece.told
        if first:
            leaf = history.leaves[-1]
            if links.first != hexlify(leaf):
                told.append((0, LINK, unlinked(first, links.first, leaf)))
        history.take(links.leaves, piece.subtrees)
        history.cut |= piece.cut
        if piece.offsets:
            history.place(piece.offsets, piece.end)
        told += self._judge(piece.facts, first)
        yield from (finding for _, _, finding in sorted(told, key=IN_ORDER) if self.cap.admits(finding))
        self.cap.add(piece.cap)

    def _judge(self, facts: Facts, first: int) -> list[Told]:
        """Judge the entries of a segment by what came before, and fold those that are sound."""
        told: list[Told] = []
        names, sound = list(facts.stream_names), list[int]()
        streams = self.history.numbers_of(names)
        self.versions.extend([0] * (max(streams, default=-1) + 1 - len(self.versions)))
        columns = (facts.lines, facts.indexes, facts.times, facts.commands, facts.streams, facts.versions, facts.flags)
        for row, (line, index, at, command, stream, version, flags) in enumerate(zip(*columns, strict=True)):
            if index != self.index:
                told.append((line, INDEX, gap(first + line, index, self.index)))
            self.index = index + 1
            if at < self.at:
                told.append((line, TIME, backwards(first + line, at, self.at)))
            else:
                self.at = at
            if command in self.hashes:
                told += [(line, COMMAND, finding) for finding in self._repeated(first + line, command)]
            self.hashes.add(command)
            self.commands.append(command)
            self.lines.append(first + line)
            due = self.versions[streams[stream]] + 1
            self.versions[streams[stream]] = version
            if version != due:
                told.append((line, VERSION, skipped(names[stream], version, due, index)))
            if version == due and flags & FIT:
                sound.append(row)
            else:
                self.history.unread.add(names[stream])
        self.history.fold(facts, sound, first, streams)
        return told

    def _repeated(self, line: int, command: int) -> Iterator[Finding]:
        """Tell where the account and command of a line stood before. Their hashes are equal; only the lines prove it."""
        if self.proved == TOLD:
            yield twice("", "", 0, line)  # it is only counted
            return
        entry, at = self.history.line(line), -1
        account = entry.actor["account"]
        for _ in range(self.commands.count(command)):
            at = self.commands.index(command, at + 1)
            before = self.history.line(self.lines[at])
            if (before.actor["account"], before.command) == (account, entry.command):
                self.proved += 1
                yield twice(account, entry.command, self.lines[at], line)
                return


def gap(line: int, index: int, due: int) -> Finding:
    """The index of a line is not the next one."""
    zh = f"第 {line} 行的序号是 {index}，应为 {due}：编号有缺漏或重复。"
    en = f"Line {line} has the index {index}, expected {due}: an entry is missing or repeated."
    return broken("F01", zh, en, line)


def backwards(line: int, at: str, before: str) -> Finding:
    """A line is of an earlier time than the one before."""
    zh = f"第 {line} 条的时间 {at} 早于前一条的 {before}，时钟倒退。"
    en = f"The clock runs backwards: entry {line} is of {at}, the one before of {before}."
    return broken("F01", zh, en, line)


def twice(account: str, command: str, before: int, line: int) -> Finding:
    """An account used one command in two lines."""
    zh = f"账号 {account} 的命令 {command} 出现两次：第 {before} 条和第 {line} 条。"
    en = f"Two entries with one command: account {account}, {command}, entries {before} and {line}."
    return broken("entries", zh, en, line)


def skipped(stream: str, version: int, due: int, index: int) -> Finding:
    """The version of an entry is not the next one of its stream."""
    zh = f"{stream} 的版本号是 {version}，应为 {due}。"
    return broken("F01", zh, f"{stream} has version {version}, expected {due}.", index)
