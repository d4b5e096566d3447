"""The segments of a log: where `entries.jsonl` is cut, so that several processes read it at once and their trees still join.

A segment has `LENGTH` lines, a power of two, so that each but the last is one perfect subtree of the whole tree. Of a line
that is too long for an entry only the first 65,537 bytes are looked at; where its end does not come, the log ends there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from verify.source import LINE, PIECE, SKIPPED

LENGTH = 1 << 14
"""Lines of a segment: some seven megabytes."""


class Changed(Exception):
    """The file is not the one that was read before: nothing can be said about a log that changes while it is checked."""

    def __init__(self) -> None:
        super().__init__("entries.jsonl was changed while it was read 核验期间 entries.jsonl 被改动")


@dataclass(frozen=True)
class Segment:
    """`count` lines from line `first` on, which stand in the bytes from `start` to `end`."""

    first: int
    count: int
    start: int
    end: int


@dataclass(frozen=True)
class Block:
    """Some lines of a segment without their line feeds, which stand in the bytes from `start` to `end`, feeds included.

    `ended`: the last one has its feed; without it `end` lies one byte after the file, where a feed would end.
    """

    start: int
    end: int
    lines: list[bytes]
    ended: bool = True

    @property
    def cut(self) -> bool:
        """Whether this is one line that is too long, of which only the beginning is here."""
        return len(self.lines) == 1 and self.end - self.start - 1 > LINE


def cut(fd: int) -> Iterator[Segment]:
    """Yield the segments of an open file, looking for nothing but line feeds."""
    first = count = start = line = at = 0
    size = os.fstat(fd).st_size
    while at < size:
        piece = os.pread(fd, PIECE, at)
        if not piece:
            raise Changed
        place = 0
        while (found := piece.count(b"\n", place)) and count + found >= LENGTH:
            place = _after(piece, place, LENGTH - count)
            line = at + place
            yield Segment(first, LENGTH, start, line)
            first, count, start = first + LENGTH, 0, line
        if found:
            count += found
            line = at + piece.rindex(b"\n") + 1
        at += len(piece)
        if at - line > LINE + SKIPPED:
            break
    if at > line:  # what follows the last line feed is a line, too
        count += 1
        line = min(at, line + LINE) if at - line > LINE + SKIPPED else at
    if count:
        yield Segment(first, count, start, line)


def _after(piece: bytes, place: int, lines: int) -> int:
    """Return the byte after so many more lines."""
    return len(piece) - len(piece[place:].split(b"\n", lines)[-1])


def blocks(fd: int, segment: Segment) -> Iterator[Block]:
    """Yield the lines of a segment, some thousand at once. Raises Changed where the file has become shorter."""
    at = segment.start
    while at < segment.end:
        piece = os.pread(fd, min(PIECE, segment.end - at), at)
        if not piece:
            raise Changed
        end = piece.rfind(b"\n") + 1
        if end:
            lines = piece[: end - 1].split(b"\n")
            whole = Block(at, at + end, lines)
            yield from [whole] if max(map(len, lines)) <= LINE else _apart(whole)
            at += end
        elif at + len(piece) == segment.end:
            yield Block(at, segment.end + 1, [piece[:LINE]], ended=False)
            at = segment.end
        else:
            after = _next_line(fd, at, segment.end)
            yield Block(at, after, [piece[:LINE]])
            at = after


def _apart(block: Block) -> Iterator[Block]:
    """Yield lines one by one, since one of them is too long: of it only the beginning."""
    at = block.start
    for line in block.lines:
        yield Block(at, at + len(line) + 1, [line[:LINE]])
        at += len(line) + 1


def _next_line(fd: int, at: int, end: int) -> int:
    """Return where the line ends that goes on at byte `at`."""
    while at < end:
        piece = os.pread(fd, min(PIECE, end - at), at)
        if not piece:
            raise Changed
        found = piece.find(b"\n") + 1
        if found:
            return at + found
        at += len(piece)
    return end
