"""The holdings: what every registry holds as the log goes on, folded batch by batch, and who changed what.

The batches are read once, line by line, in the order of the log; whoever needs the state at an index asks for it in that
order. Of what was before only that is remembered which a check asks for.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from verify import registry
from verify.documents import Row
from verify.entries import Entry
from verify.findings import Finding, broken, unchecked
from verify.history import History
from verify.library import Absent, Library, Unlike
from verify.registry import Change
from verify.rows import Rows


@dataclass
class Gap:
    """A row that took part, then did not (removed, or no longer active), and later did again: the indexes of both entries."""

    id: str
    left: int
    returned: int | None = None


@dataclass
class Holding:
    """One registry; `item` is that of an object registry.

    `known` is False once a batch could not be folded: from then on nobody can say what it holds. `reached`: the entry of
    the last batch in it.
    """

    type: str
    item: str | None = None
    state: Rows = field(default_factory=Rows)
    known: bool = True
    reached: int = -1
    gaps: list[Gap] = field(default_factory=list)
    open_gaps: dict[str, Gap] = field(default_factory=dict)
    people: dict[str, list[tuple[int, Row | None]]] = field(default_factory=dict)

    def inspector_at(self, inspector: str, index: int) -> Row | None:
        """Return an inspector's row as it was before entry `index`; None where he was not in the registry."""
        rows = [row for at, row in self.people.get(inspector, ()) if at < index]
        return rows[-1] if rows else None


class Holdings:
    """All registries; `advance` folds the batches up to an index and notes in `findings` what is wrong with them.

    `saved`: what some of them held before, from which they go on.
    """

    def __init__(self, history: History, library: Library, saved: Mapping[str, Holding] | None = None) -> None:
        self.library = library
        self.by_stream: dict[str, Holding] = {}
        for stream, entries in history.of("registry"):
            if entries[0].kind == "registry.created":
                data = entries[0].data
                known = stream not in history.unread
                self.by_stream[stream] = (saved or {}).get(stream) or Holding(data["type"], data["item"], known=known)
                self.by_stream[stream].known &= known
        batches = (entry for entry in history.of_kind("registry.imported") if not self._folded(entry))
        self._waiting = list(batches)[::-1]
        self.findings: list[Finding] = []
        self.batches = 0

    def _folded(self, entry: Entry) -> bool:
        holding = self.by_stream.get(entry.stream)
        return holding is not None and entry.index <= holding.reached

    def advance(self, index: int | None = None) -> None:
        """Fold every batch before entry `index`, all of them without one."""
        while self._waiting and (index is None or self._waiting[-1].index < index):
            entry = self._waiting.pop()
            holding = self.by_stream.get(entry.stream)
            if holding is not None:
                self.batches += 1
                holding.reached = entry.index
                self.findings.extend(self._fold(holding, entry))

    def _fold(self, holding: Holding, entry: Entry) -> Iterator[Finding]:
        name, index = entry.stream, entry.index
        seen = _Seen(holding)
        try:
            if not holding.known:
                deque(self.library.lines(entry.data), maxlen=0)  # whether it is here and a list is told all the same
                return
            counted = registry.apply(holding.state, self.library.changes(entry.data, holding.type), seen.note)
        except Absent:
            holding.known = False
            zh = f"{name} 的一批数据缺失，此后的名录库无法重建。"
            yield unchecked(
                "registries", zh, f"A batch of {name} is not here: its later state cannot be rebuilt.", index
            )
            return
        except (Unlike, registry.RegistryError) as error:
            holding.known = False
            zh = f"{name} 的一批数据不成立：{error.zh if isinstance(error, Unlike) else error}。"
            yield broken("registries", zh, f"A batch of {name} does not hold: {error}.", index)
            return
        seen.settle(index)
        yield from _counts(holding, entry, counted)


def _counts(holding: Holding, entry: Entry, counted: Counter[str]) -> Iterator[Finding]:
    """The entry's own summary of its batch: how many rows were added, changed and removed, and what is there now."""
    for key in ("added", "changed", "removed"):
        if counted[key] != entry.data[key]:
            zh = f"{entry.stream} 写明 {key} {entry.data[key]} 行，实为 {counted[key]} 行。"
            en = f"{entry.stream} states {entry.data[key]} rows {key}, the batch has {counted[key]}."
            yield broken("registries", zh, en, entry.index)
    if counted["removed"] and entry.data["mode"] == "merge":
        zh = f"{entry.stream} 的合并导入却删除了 {counted['removed']} 行。"
        en = f"A merge removes nothing, but the one into {entry.stream} removes {counted['removed']} rows."
        yield broken("registries", zh, en, entry.index)
    now = registry.summary(holding.state)
    if now != entry.data["state"]:
        zh = f"{entry.stream} 导入后应有 {now['count']} 行、根 {now['root']}，记录写 {entry.data['state']}。"
        en = f"After the batch {entry.stream} holds {now}, the entry states {entry.data['state']}."
        yield broken("registries", zh, en, entry.index)


class _Seen:
    """What is noted of a batch while it is folded, and counts only once it is folded whole."""

    def __init__(self, holding: Holding) -> None:
        self.holding = holding
        self.left: list[str] = []
        self.returned: list[str] = []
        self.people: list[tuple[str, Row | None]] = []

    def note(self, before: Row | None, change: Change) -> None:
        """Note who stopped to take part or came back, and the row of an inspector, whose standing changes."""
        if not change.active:
            if before is not None and before["status"] == "active":
                self.left.append(change.id)
        elif change.id in self.holding.open_gaps:
            self.returned.append(change.id)
        if self.holding.type == "inspectors":
            self.people.append((change.id, json.loads(change.text) if change.text else None))

    def settle(self, index: int) -> None:
        """Add all of it to the holding; `index` is the entry of the batch."""
        for name in self.returned:
            self.holding.open_gaps.pop(name).returned = index
        for name in self.left:
            self.holding.open_gaps[name] = Gap(name, index)
            self.holding.gaps.append(self.holding.open_gaps[name])
        for name, row in self.people:
            self.holding.people.setdefault(name, []).append((index, row))
