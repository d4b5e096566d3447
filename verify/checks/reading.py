"""The reading of one segment: every line strictly parsed, judged by itself, and reduced to the facts that the rest needs.

What a line says is judged here as far as the line alone can tell; what depends on the lines before it is left to whoever
joins the segments. So segments can be read in any order, by any process, and give the same.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from verify import entries
from verify.checks import Cap
from verify.checks.personal import suspicious
from verify.entries import MAX_BYTES, Entry, EntryError
from verify.facts import Facts
from verify.findings import Finding, broken, unchecked
from verify.kinds import KINDS
from verify.links import Links
from verify.segments import Block, Changed, Segment, blocks
from verify.shape import misfit

LOG = "log/main"
Told = tuple[int, int, Finding]
"""(the line within its segment, its place among the findings of that line, the finding)."""
NO_FEED, LINK, NO_ENTRY, FIRST, INDEX, TIME, COMMAND, SIGNED, VERSION, FORM = range(10)


@dataclass
class Piece:
    """A segment that was read: its links, and where it was asked for, `offsets` of its lines, facts, and what is wrong.

    `told`: the first findings of each check, `cap` knows how many more there are. `count`: the lines that were read, up to
    the byte `end`; `cut`: of one of them only the beginning, so that its leaf is not that of the whole line.
    """

    segment: Segment
    links: Links = field(default_factory=Links)
    subtrees: list[bytes] = field(default_factory=list)
    offsets: array[int] = field(default_factory=lambda: array("Q"))
    facts: Facts = field(default_factory=Facts)
    told: list[Told] = field(default_factory=list)
    cap: Cap = field(default_factory=Cap)
    unreadable: int = 0
    cut: bool = False
    count: int = 0
    end: int = 0

    def tell(self, line: int, place: int, finding: Finding) -> None:
        """Note a finding, or that there is one more."""
        if self.cap.admits(finding):
            self.told.append((line, place, finding))


def read(fd: int, segment: Segment, strictly: bool, most: int) -> Piece:
    """Read a segment of an open file: the chain always, the entries `strictly` or not at all.

    It ends after `most` lines that are no entries. Raises Changed where the file is not as it was when it was cut.
    """
    piece = Piece(segment)
    for block in blocks(fd, segment):
        piece.cut |= block.cut
        if not strictly:
            _links_only(piece, block)
        read_here = _entries(piece, block, most) if strictly else len(block.lines)
        piece.links.take(block.lines[:read_here])
        piece.count += read_here
        piece.end = block.end if read_here == len(block.lines) else piece.offsets[piece.count]
        if piece.unreadable >= most:
            break
    else:
        if piece.count != segment.count:
            raise Changed
    del piece.offsets[piece.count :]
    piece.subtrees = piece.links.subtrees()
    for line, stated in piece.links.broken:
        piece.tell(line, LINK, unlinked(segment.first + line, stated, piece.links.leaf(line - 1)))
    return piece


def unlinked(index: int, stated: bytes, leaf: bytes) -> Finding:
    """The link of line `index` is broken: it states another hash than the leaf of the line before."""
    shown = ascii(stated.decode("ascii", "replace"))[1:-1]
    return broken(
        "F01",
        f"链断裂：第 {index} 条的 prev 是 {shown}，而第 {index - 1} 条的哈希是 {leaf.hex()}；"
        f"第 {index - 1} 条被改动、替换或抽走。",
        f"The chain is broken: entry {index} names prev {shown}, but the leaf of entry {index - 1} is "
        f"{leaf.hex()}: entry {index - 1} was altered, exchanged or taken out.",
        index,
    )


def _entries(piece: Piece, block: Block, most: int) -> int:
    """Parse the lines of a block, and return of how many: fewer than all where too many are no entries."""
    piece.offsets.extend(accumulate((len(line) + 1 for line in block.lines[:-1]), initial=block.start))
    loose = -1 if block.ended else piece.count + len(block.lines) - 1
    for number, raw in enumerate(block.lines, piece.count):
        if number == loose and len(raw) <= MAX_BYTES:
            piece.tell(number, NO_FEED, _no_feed(piece.segment.first + number))
        try:
            entry = entries.parse(raw)
        except EntryError as error:
            piece.tell(number, NO_ENTRY, _no_entry(raw, piece.segment.first + number, error))
            piece.unreadable += 1
            if piece.unreadable == most:
                return number - piece.count + 1
            continue
        fit = _judge(piece, number, entry)
        piece.facts.add(number, entry, fit, fit and suspicious(entry))
    return len(block.lines)


def _links_only(piece: Piece, block: Block) -> None:
    """Tell which lines of a block are no lines of a log, where the entries in them are not asked for."""
    last = piece.segment.first + piece.count + len(block.lines) - 1
    if block.cut:
        piece.tell(last - piece.segment.first, NO_ENTRY, _too_long(last))
    elif not block.ended:
        piece.tell(last - piece.segment.first, NO_FEED, _no_feed(last))


def _judge(piece: Piece, number: int, entry: Entry) -> bool:
    """Tell what is wrong with an entry whatever stands before it; whether it keeps the form of its kind."""
    index = piece.segment.first + number
    if index == 0 or entry.kind == "log.created":
        for finding in _first(entry) if index == 0 else _created_again(index):
            piece.tell(number, FIRST, finding)
    if entry.signature is not None:
        zh, en = "附带签名的记录在本版中无法核验。", "A signed command cannot be checked by this version."
        piece.tell(number, SIGNED, unchecked("entries", zh, en, index))
    kind = KINDS.get(entry.kind)
    if (
        kind is not None
        and entry.noun == kind.noun
        and (kind.first is None or kind.first == (entry.version == 1))
        and misfit(entry.data, kind.data) is None
    ):
        return True
    for finding in _form(entry):
        piece.tell(number, FORM, finding)
    return False


def _no_feed(index: int) -> Finding:
    return broken("entries", f"第 {index} 条没有以换行结束。", f"Entry {index} does not end with a line feed.", index)


def _too_long(index: int) -> Finding:
    zh = f"第 {index} 行超过一条记录的上限 {MAX_BYTES} 字节，其余没有读取。"
    return broken("entries", zh, f"Line {index} is longer than the {MAX_BYTES} bytes of an entry.", index)


def _no_entry(raw: bytes, index: int, error: EntryError) -> Finding:
    if len(raw) > MAX_BYTES:
        return _too_long(index)
    zh = f"第 {index} 条不是合格的记录：{error}。"
    return broken("entries", zh, f"Line {index} is not an entry: {error}.", index)


def _created_again(index: int) -> Iterator[Finding]:
    zh, en = f"第 {index} 条又一次建立日志。", f"Entry {index} creates the log again: only entry 0 may."
    yield broken("entries", zh, en, index)


def _first(entry: Entry) -> Iterator[Finding]:
    if entry.kind != "log.created":
        zh, en = f"第 0 条是 {entry.kind}，不是 log.created。", f"Entry 0 is {entry.kind}, not log.created."
        yield broken("F01", zh, en, 0)
        return
    if entry.stream != LOG:
        zh = f"log.created 记在 {entry.stream} 下，应为 {LOG}。"
        yield broken("entries", zh, f"log.created stands in {entry.stream}, not in {LOG}.", 0)
    if not misfit(entry.data, KINDS["log.created"].data):
        expected = entries.genesis(entry.data["origin"])
        if entry.prev != expected:
            zh = f"第 0 条的 prev 是 {entry.prev}，应为日志名称 {entry.data['origin']} 的 SHA-256 {expected}。"
            en = f"Entry 0 has prev {entry.prev}, not SHA-256 of the origin {entry.data['origin']}, {expected}."
            yield broken("F01", zh, en, 0)


def _form(entry: Entry) -> Iterator[Finding]:
    """Kind, noun of the stream, first or not, and the shape of the data."""
    index, kind = entry.index, KINDS.get(entry.kind)
    if kind is None:
        zh, en = f"未知的记录种类 {entry.kind}。", f"Unknown kind {entry.kind}."
        yield broken("entries", zh, en, index)
        return
    if entry.noun != kind.noun:
        zh = f"{entry.kind} 应在 {kind.noun}/ 下，却在 {entry.stream}。"
        yield broken("entries", zh, f"{entry.kind} belongs to {kind.noun}/, not to {entry.stream}.", index)
    if kind.first is not None and kind.first != (entry.version == 1):
        zh = f"{entry.kind} {'应当' if kind.first else '不能'}是 {entry.stream} 的第一条（版本 {entry.version}）。"
        en = f"{entry.kind} {'must' if kind.first else 'cannot'} open {entry.stream} (version {entry.version})."
        yield broken("entries", zh, en, index)
    reason = misfit(entry.data, kind.data)
    if reason:
        zh = f"{entry.kind} 的内容不合格式：{reason}。"
        yield broken("entries", zh, f"The data of {entry.kind} does not fit: {reason}.", index)
