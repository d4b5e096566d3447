"""The anchors: published checkpoints that an authority outside stamped with its own time (RFC 3161).

A token that stamps something else, or that no entry of its time could have held, is BROKEN; whether it is the authority's
is asked with `--tsa`, the authority's certificates from outside, and is UNCHECKED without.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from verify import checkpoint as checkpoints
from verify import note as notes
from verify import timestamps
from verify.checks.keys import signed_by
from verify.ed25519 import LibraryMissing
from verify.entries import Entry
from verify.findings import Finding, broken, holds, noted, unchecked
from verify.history import History
from verify.kinds import NOTE_MEDIA, TOKEN_MEDIA
from verify.library import Absent, Library
from verify.note import NoteError
from verify.rotation import Ring
from verify.source import SMALL
from verify.timestamps import Stamp, StampError

TOLERANCE = 60
"""By so many seconds the clocks of a log and of an authority may differ."""
NO_TSA = ("没有给出时间戳机构的证书（--tsa）", "no certificate of the authority was given (--tsa)")
Words = tuple[str, str]


class Refuted(Exception):
    """An anchor is not what its entry says; `zh` and `en` say in what."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass
class Anchors:
    """The anchors of a log. `tsa`: the authority's certificates, PEM."""

    history: History
    library: Library
    ring: Ring
    tsa: bytes | None = None
    good: list[Entry] = field(default_factory=list)
    unasked: list[Words] = field(default_factory=list)

    def check(self) -> Iterator[Finding]:
        """Check each anchor, and say of all of them what holds."""
        anchored = self.history.of_kind("checkpoint.anchored")
        for entry in anchored:
            try:
                yield from self._one(entry)
            except Refuted as fault:
                yield broken("anchors", fault.zh, fault.en, entry.index)
            except Absent:
                pass  # told with the documents
        if self.unasked:
            zh, en = self.unasked[0]
            yield unchecked(
                "anchors",
                f"{len(self.unasked)} 个时间戳未能核验：{zh}。",
                f"{len(self.unasked)} time stamps are unchecked: {en}.",
            )
        if self.good:
            entry = self.good[-1]
            size = entry.data["covered"]["size"]
            zh = f"{len(self.good)} 个检查点带有该机构的时间戳，最近一个覆盖 {size} 条。"
            en = f"{len(self.good)} checkpoints were stamped by this authority, the last one over {size} entries."
            yield holds("anchors", zh, en, entry.index)
        if anchored and self._stepped:
            zh, en = (
                "日志的时钟是步进式的，未与时间戳比较。",
                "The log's clock is stepped and was not compared with time stamps.",
            )
            yield noted("anchors", zh, en)

    @property
    def _stepped(self) -> bool:
        created = self.history.created
        return created is not None and created["clock"] == "stepped"

    def _one(self, entry: Entry) -> Iterator[Finding]:
        note = self._document(entry, "checkpoint", NOTE_MEDIA)
        token = self._document(entry, "token", TOKEN_MEDIA)
        digest = hashlib.sha256(note).digest()
        try:
            self._require_published(entry, note)
            stamp = timestamps.read(token)
            if stamp.imprint != digest:
                raise Refuted(
                    f"时间戳不是这个检查点的，而是 {stamp.imprint.hex()} 的：被挪用。",
                    f"The token stamps {stamp.imprint.hex()}, not this checkpoint: it was replayed.",
                )
            yield from self._in_time(entry, stamp)
            if self.tsa is None:
                self.unasked.append(NO_TSA)
                return
            timestamps.verify(token, digest, self.tsa)
            self.good.append(entry)
        except StampError as error:
            raise Refuted(f"时间戳不成立：{error}。", f"The time stamp does not hold: {error}.") from error
        except (LibraryMissing, timestamps.LibraryMissing) as error:
            self.unasked.append((f"缺少库（{error}）", str(error)))

    def _document(self, entry: Entry, name: str, media: str) -> bytes:
        """Return the bytes of one of the two documents. Absent, Refuted."""
        reference = entry.data[name]
        if reference["type"] != media or reference["bytes"] > SMALL:
            raise Refuted(
                f"{name} 应为不超过 {SMALL} 字节的 {media}。", f"Its {name} is not a {media} of at most {SMALL} bytes."
            )
        return b"".join(self.library.pieces(reference))

    def _require_published(self, entry: Entry, note: bytes) -> None:
        """Refute a checkpoint that is not of this log, or not what the entry says. LibraryMissing."""
        covered, history = entry.data["covered"], self.history
        try:
            head = checkpoints.parse(note)[0]
            if (head.origin, head.size, head.root.hex()) != (history.origin, covered["size"], covered["root"]):
                raise NoteError("another checkpoint than the entry names")
            if not head.size <= entry.index or history.heads.get(head.size) != head.root:
                raise NoteError("no head of the entries before it")
            keys = self.ring.keys_at(head.size)
            notes.open_note(note, keys)
            if not signed_by(covered, history.origin, keys):
                raise NoteError("the signature in the entry fails")
        except NoteError as error:
            raise Refuted(
                f"加盖时间戳的不是本日志此前的检查点：{error}。",
                f"What was stamped is no checkpoint of this log: {error}.",
            ) from error

    def _in_time(self, entry: Entry, stamp: Stamp) -> Iterator[Finding]:
        """The stamp was made after the entries it covers and before the entry that holds it, by clocks that may differ."""
        if self._stepped:
            return  # told once, for all
        place = bisect_right(self.history.indexes, entry.data["covered"]["size"] - 1) - 1
        last = self.history.entry(max(0, place))
        early, late = last.seconds - stamp.at, stamp.at - entry.seconds - 1
        if early > TOLERANCE:
            raise Refuted(
                f"时间戳比它覆盖的第 {last.index} 条早 {early:.0f} 秒：日志的时间超前，或记录是后来补的。",
                f"The stamp is {early:.0f} s older than entry {last.index}, which it covers.",
            )
        if late > TOLERANCE:
            raise Refuted(
                f"时间戳比记下它的这一条晚 {late:.0f} 秒：日志的时间被倒签。",
                f"The stamp is {late:.0f} s younger than the entry that holds it: the log is backdated.",
            )
        if early > 0 or late > 0:
            zh = f"日志与时间戳机构的时钟相差 {max(early, late):.0f} 秒（容许 {TOLERANCE} 秒）。"
            en = f"The clocks of log and authority differ by {max(early, late):.0f} s ({TOLERANCE} s are allowed)."
            yield noted("anchors", zh, en, entry.index)
