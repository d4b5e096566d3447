"""The chain: every entry names the leaf of the one before it, none is missing, and each is what its kind says.

F01 follows the links with nothing but SHA-256; `entries` asks whether the bytes are an entry of a known kind and form.
Source: ledger specification, sections 1 and 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from verify import entries
from verify.checks import capped
from verify.entries import MAX_BYTES, Entry, EntryError
from verify.findings import Finding, broken, unchecked
from verify.history import History
from verify.kinds import KINDS
from verify.shape import misfit
from verify.tree import leaf_hash

LOG = "log/main"
MOST_UNREADABLE = 10_000
"""After so many lines that are no entries the rest is not read: whatever this file is, it is no log."""


def follow(lines: Iterable[bytes], history: History) -> Iterator[Finding]:
    """Read the log line by line, hand every sound entry to `history`, and yield what is wrong with the others."""
    yield from capped(_follow(lines, history))
    if not history.leaves:
        yield unchecked("F01", "日志是空的，没有可核验的记录。", "The log is empty: there is nothing to check.")


def _follow(lines: Iterable[bytes], history: History) -> Iterator[Finding]:
    chain = _Chain(history)
    unreadable = 0
    for line in lines:
        index, raw = len(history.leaves), line.removesuffix(b"\n")
        if unreadable == MOST_UNREADABLE:
            zh = f"已有 {unreadable} 行不是记录，第 {index} 行以后没有读取。"
            yield broken(
                "tree", zh, f"{unreadable} lines are no entries: from line {index} on nothing was read.", index
            )
            return
        if raw == line and len(raw) <= MAX_BYTES:
            yield broken(
                "entries", f"第 {index} 条没有以换行结束。", f"Entry {index} does not end with a line feed.", index
            )
        yield from chain.link(raw, index)
        history.leaves.append(leaf_hash(raw))
        try:
            entry = entries.parse(raw)
        except EntryError as error:
            unreadable += 1
            yield _no_entry(raw, index, error)
            continue
        yield from chain.order(entry, index)
        faults = [*chain.version(entry), *_form(entry)]
        yield from faults
        if faults:
            history.unread.add(entry.stream)
        else:
            history.fold(entry)


def _no_entry(raw: bytes, index: int, error: EntryError) -> Finding:
    if len(raw) > MAX_BYTES:
        zh = f"第 {index} 行超过一条记录的上限 {MAX_BYTES} 字节，其余没有读取。"
        return broken("entries", zh, f"Line {index} is longer than the {MAX_BYTES} bytes of an entry.", index)
    zh = f"第 {index} 条不是合格的记录：{error}。"
    return broken("entries", zh, f"Line {index} is not an entry: {error}.", index)


class _Chain:
    """What the next entry is compared with: the leaf and the time before it, stream versions, and commands."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.index, self.at = 0, ""
        self.versions: dict[str, int] = {}
        self.commands: dict[tuple[str, str], int] = {}

    def link(self, raw: bytes, index: int) -> Iterator[Finding]:
        """The link needs no JSON: `prev` stands at a fixed place. That of entry 0 is judged when the origin is known."""
        stated = raw[entries.PREV]
        if index and stated != self.history.leaves[-1].hex().encode():
            yield broken(
                "F01",
                f"链断裂：第 {index} 条的 prev 是 {_text(stated)}，而第 {index - 1} 条的哈希是 {self.history.leaves[-1].hex()}；"
                f"第 {index - 1} 条被改动、替换或抽走。",
                f"The chain is broken: entry {index} names prev {_text(stated)}, but the leaf of entry {index - 1} is "
                f"{self.history.leaves[-1].hex()}: entry {index - 1} was altered, exchanged or taken out.",
                index,
            )

    def order(self, entry: Entry, index: int) -> Iterator[Finding]:
        """Index, time and command: faults that leave the facts of the entry readable. A gap is told once."""
        if index == 0:
            yield from _first(entry)
        elif entry.kind == "log.created":
            zh, en = f"第 {index} 条又一次建立日志。", f"Entry {index} creates the log again: only entry 0 may."
            yield broken("entries", zh, en, index)
        if entry.index != self.index:
            zh = f"第 {index} 行的序号是 {entry.index}，应为 {self.index}：编号有缺漏或重复。"
            en = f"Line {index} has the index {entry.index}, expected {self.index}: an entry is missing or repeated."
            yield broken("F01", zh, en, index)
        self.index = entry.index + 1
        if entry.at < self.at:
            zh = f"第 {index} 条的时间 {entry.at} 早于前一条的 {self.at}，时钟倒退。"
            en = f"The clock runs backwards: entry {index} is of {entry.at}, the one before of {self.at}."
            yield broken("F01", zh, en, index)
        self.at = max(self.at, entry.at)
        account = entry.actor["account"]
        before = self.commands.setdefault((account, entry.command), index)
        if before != index:
            zh = f"账号 {account} 的命令 {entry.command} 出现两次：第 {before} 条和第 {index} 条。"
            en = f"Two entries with one command: account {account}, {entry.command}, entries {before} and {index}."
            yield broken("entries", zh, en, index)
        if entry.signature is not None:
            zh, en = "附带签名的记录在本版中无法核验。", "A signed command cannot be checked by this version."
            yield unchecked("entries", zh, en, index)

    def version(self, entry: Entry) -> Iterator[Finding]:
        """Every stream counts 1, 2, 3 ..."""
        expected = self.versions.get(entry.stream, 0) + 1
        if entry.version != expected:
            zh = f"{entry.stream} 的版本号是 {entry.version}，应为 {expected}。"
            en = f"{entry.stream} has version {entry.version}, expected {expected}."
            yield broken("F01", zh, en, entry.index)
        self.versions[entry.stream] = entry.version


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


def _text(raw: bytes) -> str:
    return ascii(raw[:80].decode("ascii", "replace"))[1:-1]
