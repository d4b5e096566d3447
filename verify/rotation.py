"""The keys of a log, one after the other: each is announced in an entry before it signs, and retired in one.

The first is named by `log.created`. From the announcement of the next one on both sign each checkpoint, until the old one
is retired: whoever trusts either of them sees the other coming.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from verify import note as notes
from verify.entries import Entry
from verify.kinds import KINDS
from verify.note import NoteError, VerifierKey
from verify.shape import misfit
from verify.tree import Frontier

LOG, CREATED, ANNOUNCED, RETIRED = "log/main", "log.created", "log.key-announced", "log.key-retired"


@dataclass
class Term:
    """One key: the index of the entry that names it, and the entry that retires it."""

    key: VerifierKey
    since: int
    retired: Entry | None = None

    def holds_at(self, size: int) -> bool:
        """Whether the key signs checkpoints of `size`."""
        return self.since < size and (self.retired is None or self.retired.index >= size)


@dataclass
class Ring:
    """The keys of a log in the order in which they were announced. `faults`: (index, zh, en) of entries that do not fit."""

    terms: list[Term] = field(default_factory=list)
    faults: list[tuple[int, str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Ring:
        """Return the ring that the entries of `log/main` make."""
        ring = cls()
        for entry in entries:
            if entry.kind == CREATED:
                key = _key(entry.data["vkey"])
                ring.terms += [Term(key, entry.index)] if key and not ring.terms else []
            elif entry.kind == ANNOUNCED:
                ring._announce(entry)
            elif entry.kind == RETIRED:
                ring._retire(entry)
        return ring

    def keys_at(self, size: int) -> list[VerifierKey]:
        """Return the keys that sign the checkpoint of `size`, the oldest first."""
        return [term.key for term in self.terms if term.holds_at(size)]

    def place(self, key: VerifierKey | None) -> int | None:
        """Return where a key stands in the ring, None where it is none of the log's."""
        return next((n for n, term in enumerate(self.terms) if term.key == key), None)

    def _announce(self, entry: Entry) -> None:
        key, active = _key(entry.data["vkey"]), [term for term in self.terms if term.retired is None]
        if key is None or not self.terms or key.name != self.terms[0].key.name or key.kind != notes.ED25519:
            zh = f"公布的新密钥不是本日志的 Ed25519 公钥：{entry.data['vkey']}。"
            self.faults.append(
                (entry.index, zh, f"The key announced is no Ed25519 key of this log: {entry.data['vkey']}.")
            )
        elif any(key.key_id == term.key.key_id or key == term.key for term in self.terms):
            zh = f"公布的新密钥 {key.key_id.hex()} 已经用过。"
            self.faults.append((entry.index, zh, f"The key announced was the log's before: {key.key_id.hex()}."))
        elif len(active) > 1:
            zh = "前一次密钥轮换尚未结束，又公布了新密钥。"
            self.faults.append((entry.index, zh, "A key is announced while another is being handed over."))
        else:
            self.terms.append(Term(key, entry.index))

    def _retire(self, entry: Entry) -> None:
        active = [term for term in self.terms if term.retired is None]
        if len(active) < 2 or active[0].key != _key(entry.data["vkey"]):
            zh = f"停用的密钥不是现用的旧密钥，或没有接替它的密钥：{entry.data['vkey']}。"
            en = f"The key retired is not the older of two that sign: {entry.data['vkey']}."
            self.faults.append((entry.index, zh, en))
        else:
            active[0].retired = entry


@dataclass
class KeyEntries:
    """The entries of a log that name its keys, picked out where the log is not folded."""

    found: list[Entry] = field(default_factory=list)

    def take(self, entry: Entry, place: int) -> None:
        """Take the entry at a place of the log, where it names a key and is what it should be."""
        if entry.kind not in (CREATED, ANNOUNCED, RETIRED) or entry.stream != LOG or entry.index != place:
            return
        if (entry.kind == CREATED) == (place == 0) and misfit(entry.data, KINDS[entry.kind].data) is None:
            self.found.append(entry)

    def cited(self) -> set[int]:
        """Return the sizes of the heads on which the handovers rest."""
        return {entry.data["covered"]["size"] for entry in self.found if entry.kind == RETIRED}


def roots_at(leaves: Iterable[bytes], sizes: Collection[int]) -> dict[int, bytes]:
    """Return size -> root over so many of the leaves, for those of the sizes that there are; no further leaf is read."""
    tree, found, wanted = Frontier(), dict[int, bytes](), set(sizes)
    source = iter(leaves)
    while wanted and (leaf := next(source, None)) is not None:
        tree.append(leaf)
        if tree.size in wanted:
            found[tree.size] = tree.root()
            wanted.remove(tree.size)
    return found


def _key(text: str) -> VerifierKey | None:
    try:
        return notes.parse_vkey(text)
    except NoteError:
        return None
