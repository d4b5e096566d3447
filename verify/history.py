"""The history: what the sound entries of a log say, stream by stream, folded once in the order of the log.

It holds facts and judges nothing. Entries that the chain check left out are missing here; `unread` names their streams,
so that what depends on them can say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from verify.entries import Entry
from verify.tree import EMPTY_ROOT, Frontier


@dataclass
class History:
    """The folded log. `leaves` has the leaf hash of every line, sound or not; `entries` the sound entries in order."""

    leaves: list[bytes] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    streams: dict[str, list[Entry]] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    heads: dict[int, bytes] = field(default_factory=dict)

    def fold(self, entry: Entry) -> None:
        """Take the next sound entry; its bytes are not kept, their leaf hash is in `leaves`."""
        light = replace(entry, raw=b"")
        self.entries.append(light)
        self.streams.setdefault(entry.stream, []).append(light)

    def of(self, noun: str) -> Iterator[tuple[str, list[Entry]]]:
        """Yield (stream, its entries) of every stream of a noun, in the order in which they were opened."""
        prefix = noun + "/"
        return ((name, entries) for name, entries in self.streams.items() if name.startswith(prefix))

    def one(self, stream: str, kind: str, before: int | None = None) -> Entry | None:
        """Return the first entry of `kind` in a stream, of those with an index below `before`."""
        return next(iter(self.all(stream, kind, before)), None)

    def all(self, stream: str, kind: str, before: int | None = None) -> list[Entry]:
        """Return the entries of `kind` in a stream, of those with an index below `before`."""
        found = (entry for entry in self.streams.get(stream, ()) if entry.kind == kind)
        return [entry for entry in found if before is None or entry.index < before]

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
        first = next((entry for entry in self.entries if entry.kind == "unit.registered"), None)
        return str(first.data["unit"]) if first else ""

    @property
    def last_day(self) -> str:
        """The day of the last entry, YYYY-MM-DD: the only "today" a verifier has. Empty for an empty log."""
        return self.entries[-1].day if self.entries else ""

    def opened_account(self, account: str, before: int) -> Entry | None:
        """Return the entry that opened an account, if it has an index below `before`."""
        return self.one(f"account/{account}", "account.opened", before)

    def keep_heads(self, *more: int) -> None:
        """Compute the roots at all sizes that entries name, and `more`, in one pass over the leaves."""
        wanted = {size for entry in self.entries for size in _sizes(entry)} | set(more)
        self.heads = {0: EMPTY_ROOT}
        frontier = Frontier()
        for leaf in self.leaves:
            frontier.append(leaf)
            if frontier.size in wanted:
                self.heads[frontier.size] = frontier.root()


def _sizes(entry: Entry) -> Iterator[int]:
    if "covered" in entry.data:
        yield entry.data["covered"]["size"]
    if entry.kind == "draw.frozen":
        yield entry.data["freeze"]["ledger_head"]["size"]
