"""The state: the little that a watcher must not lose, in one file that is written whole or not at all.

Everything else, the cache beside it, is named by hashes in here and can be fetched and verified again. A lock keeps a
second watcher away from the same folder.
"""

from __future__ import annotations

import base64
import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from verify import durable
from verify.note import parse_vkey
from verify.shape import Map, misfit
from verify.source import UsageError
from verify.tree import Frontier

FILE, LOCK, VERSION = "state.json", "lock", 1
HEADS = 32
"""So many heads are remembered, from the first to the last, to tell how stale another view is."""
_SHAPE = {
    "version": "nat",
    "vkey": "text",
    "keys": [{"vkey": "text", "retired": "nat|null"}],
    "note": "base64",
    "tree": "base64",
    "leaf": "hex32",
    "next": "nat",
    "at": "text|null",
    "today": "text|null",
    "cache": "nat",
    "end": "nat",
    "map": "hex",
    "pages": ["nat"],
    "edge": "hex32",
    "open": "nat",
    "again": "bool",
    "told": Map("nat"),
    "heads": [{"size": "nat", "root": "hex32", "seen": "nat"}],
}


@dataclass(frozen=True)
class State:
    """Where a watcher stands.

    `vkey`: the key that the first round was given; `keys`: that one and those it was handed over to, each with the index
    of the entry that retired it, and at the end one that is announced. `note`: the last signed checkpoint that was taken;
    `tree`: the subtrees over its entries; `leaf`, `next`, `at`: what the next entry is compared with; `today`: the day of
    the last sound entry. `cache`: the number of the folder of the cache, `end` how long its entries are, `map` and `edge`
    the names of what it holds; `pages`: number, length and live bytes of the file of pages. `open`: inspections that are
    completed and not published; `again`: whether their deadlines wait for a full run, because a calendar was recorded;
    `told`: how many findings of each outcome were told so far.
    """

    vkey: str
    keys: tuple[dict[str, Any], ...] = ()
    note: bytes = b""
    tree: bytes = field(default_factory=lambda: Frontier().to_bytes())
    leaf: str = "0" * 64
    next: int = 0
    at: str | None = None
    today: str | None = None
    cache: int = 0
    end: int = 0
    map: str = "0" * 88
    pages: tuple[int, int, int] = (0, 0, 0)
    edge: str = "0" * 64
    open: int = 0
    again: bool = False
    told: dict[str, int] = field(default_factory=dict)
    heads: tuple[dict[str, Any], ...] = ()

    @property
    def frontier(self) -> Frontier:
        """The tree over the entries so far."""
        return Frontier.from_bytes(self.tree)

    @property
    def size(self) -> int:
        """How many entries were verified."""
        return int.from_bytes(self.tree[:8], "big")

    def seen(self, size: int, root: bytes, seconds: int) -> State:
        """Return the state that remembers one more head, and when it was first seen."""
        if any(head["size"] == size for head in self.heads):
            return self
        head = {"size": size, "root": root.hex(), "seen": seconds}
        heads = [*self.heads, head]
        if len(heads) > HEADS:
            # The first stays, so that a view that stays behind is found out however busy the log is.
            between = range(1, len(heads) - 1)
            del heads[min(between, key=lambda place: heads[place + 1]["seen"] - heads[place - 1]["seen"])]
        return replace(self, heads=tuple(heads))

    def encode(self) -> bytes:
        """Return the bytes of the file."""
        value = asdict(self) | {"version": VERSION, "heads": list(self.heads)}
        value["note"], value["tree"] = (base64.b64encode(value[name]).decode() for name in ("note", "tree"))
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def read(folder: Path) -> State | None:
    """Return the state in a folder; None where there is none. Raises UsageError where it is no state."""
    path = folder / FILE
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        value = json.loads(raw)
        reason = misfit(value, _SHAPE, "state") or (None if value["version"] == VERSION else "another version")
        reason = reason or (None if len(value["pages"]) == 3 else "pages")
        if reason:
            raise ValueError(reason)
        del value["version"]
        value["note"], value["tree"] = (base64.b64decode(value[name]) for name in ("note", "tree"))
        state = State(**value | {name: tuple(value[name]) for name in ("heads", "pages", "keys")})
        _ = state.frontier, parse_vkey(state.vkey), [parse_vkey(each["vkey"]) for each in state.keys]
    except (ValueError, TypeError, RecursionError) as error:
        zh = f"{path} 已损坏，无法继续监看：{error}。请从备份恢复，或删除整个目录重新开始（会失去对旧检查点的记忆）。"
        en = f"{path} is damaged: {error}. Restore it, or start anew without the memory of the older checkpoint."
        raise UsageError(zh, en) from error
    return state


def write(folder: Path, state: State) -> None:
    """Put a state in the place of the one before: after a crash there is the old one or the new one, whole."""
    durable.write(folder / FILE, state.encode())


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder for one watcher. Raises UsageError where another one has it; a killed one has it no more."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            zh = f"另一个监看程序正在使用 {folder}。"
            raise UsageError(zh, f"Another watcher is using {folder}.") from error
        yield
