"""The holdings: what every registry holds as the log goes on, folded batch by batch, and who changed what.

The batches are read once, in the order of the log; whoever needs the state at an index asks for it in that order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from verify import registry
from verify.entries import Entry
from verify.findings import Finding, broken, unchecked
from verify.history import History
from verify.library import Absent, Library, Row, Unlike


@dataclass
class Gap:
    """A row that took part, then did not (removed, or no longer active), and later did again: the indexes of both entries."""

    id: str
    left: int
    returned: int | None = None


@dataclass
class Holding:
    """One registry; `item` is that of an object registry.

    `known` is False once a batch could not be folded: from then on nobody can say what it holds.
    """

    type: str
    item: str | None = None
    state: registry.State = field(default_factory=dict)
    known: bool = True
    gaps: list[Gap] = field(default_factory=list)
    open_gaps: dict[str, Gap] = field(default_factory=dict)
    people: dict[str, list[tuple[int, Row | None]]] = field(default_factory=dict)

    def inspector_at(self, inspector: str, index: int) -> Row | None:
        """Return an inspector's row as it was before entry `index`; None where he was not in the registry."""
        rows = [row for at, row in self.people.get(inspector, ()) if at < index]
        return rows[-1] if rows else None


class Holdings:
    """All registries; `advance` folds the batches up to an index and notes in `findings` what is wrong with them."""

    def __init__(self, history: History, library: Library) -> None:
        self.library = library
        self.by_stream: dict[str, Holding] = {}
        for stream, entries in history.of("registry"):
            if entries[0].kind == "registry.created":
                data = entries[0].data
                self.by_stream[stream] = Holding(data["type"], data["item"], known=stream not in history.unread)
        self._waiting = [entry for entry in history.entries if entry.kind == "registry.imported"][::-1]
        self.findings: list[Finding] = []
        self.batches = 0

    def advance(self, index: int | None = None) -> None:
        """Fold every batch before entry `index`, all of them without one."""
        while self._waiting and (index is None or self._waiting[-1].index < index):
            entry = self._waiting.pop()
            holding = self.by_stream.get(entry.stream)
            if holding is not None:
                self.batches += 1
                self.findings.extend(self._fold(holding, entry))

    def _fold(self, holding: Holding, entry: Entry) -> Iterator[Finding]:
        name, index = entry.stream, entry.index
        try:
            lines = self.library.listing(entry.data)
            if not holding.known:
                return
            before = {line["id"]: holding.state.get(line["id"]) for line in lines}
            registry.apply(holding.state, lines, holding.type)
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
        _remember(holding, lines, before, index)
        yield from _counts(holding, entry, Counter(line["op"] for line in lines))


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


def _remember(holding: Holding, lines: list[Row], before: dict[str, Row | None], index: int) -> None:
    """Note which rows stopped to take part and came back, and the rows of inspectors, whose standing changes."""
    for line in lines:
        name, row = line["id"], line.get("row")
        took_part, takes_part = _active(before[name]), _active(row)
        if took_part and not takes_part:
            holding.open_gaps[name] = Gap(name, index)
            holding.gaps.append(holding.open_gaps[name])
        elif takes_part and name in holding.open_gaps:
            holding.open_gaps.pop(name).returned = index
        if holding.type == "inspectors":
            holding.people.setdefault(name, []).append((index, row))


def _active(row: Row | None) -> bool:
    return row is not None and row["status"] == "active"
