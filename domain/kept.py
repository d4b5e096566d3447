"""What a process keeps of the aggregates it has loaded, so that the next decision need not read them again.

It is a cache and no more: whether a decision rested on the latest state is found out by the store, under its lock.
"""

from __future__ import annotations

import threading
from typing import TypeVar

from domain.base import Fact, Recorded

A = TypeVar("A", bound=Recorded)

MOST = 20_000
"""So many aggregates are kept; an inspection is about a kilobyte."""


class Kept:
    """Aggregates as they were after a recorded fact, by class and stream. Nobody changes one that is kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._aggregates: dict[tuple[type[Recorded], str], Recorded] = {}
        self.families: dict[str, tuple[int, list[str]]] = {}
        """The streams that begin with a prefix, and the size of the log before they were listed."""

    def get(self, kind: type[A], stream: str) -> A | None:
        """Return what is kept, to be forked before it is decided on; None where nothing is."""
        return self._aggregates.get((kind, stream))  # type: ignore[return-value]

    def put(self, aggregate: Recorded) -> None:
        """Keep an aggregate, where nothing newer is kept; the one that was put longest ago goes when there are too many."""
        aggregate.shared = True
        key = (type(aggregate), aggregate.id)
        with self._lock:
            kept = self._aggregates.pop(key, None)
            newer = kept is not None and kept.version > aggregate.version
            self._aggregates[key] = kept if newer and kept is not None else aggregate
            if len(self._aggregates) > MOST:
                del self._aggregates[next(iter(self._aggregates))]

    def advance(self, kind: type[Recorded], fact: Fact) -> None:
        """Take a fact that was just recorded; what is not one version behind it is left to be read when it is needed."""
        kept = self._aggregates.get((kind, fact.originator_id))
        if fact.originator_version == 1 or (kept is not None and kept.version == fact.originator_version - 1):
            after = kind.project(kept.fork() if kept is not None else None, [fact])
            if after is not None:
                self.put(after)
