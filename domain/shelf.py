"""The rows of the registries, kept at hand between commands; what they are is what the batches in the log say, nothing else.

A registry stands at the batches that were folded into it. A batch that was just decided may never be recorded: it is folded
on trial, and whoever asks next, by the batches that the registry then has, keeps it or undoes it.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from domain.registries import Registry
from verify import registry as rules
from verify.documents import Listing
from verify.rows import Rows

Pieces = Callable[[str], Iterator[bytes]]
KEPT = 16
"""So many registries are kept at hand; the one that was not asked for longest is folded anew when it is asked for again."""


class _Kept:
    """The rows of one registry, the batches that made them, and the one that is folded on trial; `users` hold or await it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.users = 0
        self.clear()

    def clear(self) -> None:
        """Begin anew, with no rows."""
        self.rows = Rows()
        self.batches: list[str] = []
        self.trial: str | None = None

    def settle(self, wanted: list[str]) -> bool:
        """Keep or undo the batch on trial; False where the rows are not those of any beginning of the batches `wanted`."""
        if self.trial is not None:
            with_it, self.trial = [*self.batches, self.trial], None
            if wanted[: len(with_it)] == with_it:
                self.rows.keep()
                self.batches = with_it
            else:
                self.rows.undo()
        return wanted[: len(self.batches)] == self.batches


class Shelf:
    """The rows of registries. `pieces` gives the bytes of a stored document by its hash."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    @contextmanager
    def rows(self, registry: Registry) -> Iterator[Rows]:
        """Give the rows of a registry as it was loaded, to be read and not changed; nobody else is given them meanwhile.

        Others are: whoever asks for inspectors does not wait for an import of a million objects.
        """
        kept = self._take(registry.id)
        try:
            with kept.lock:
                self._fold(kept, registry)
                yield kept.rows
        finally:
            with self._lock:
                kept.users -= 1

    def try_batch(self, registry: Registry, batch: Listing) -> Counter[str]:
        """Fold one more batch on trial and return how many rows it adds, changes and removes; inside `rows`.

        `rows` then are those after it. RegistryError where it does not fit; then they are as before.
        """
        kept = self._kept[registry.id]
        kept.rows.mark()
        try:
            counted = rules.apply(kept.rows, rules.own_batch(batch.pieces(), registry.type))
        except BaseException:
            kept.rows.undo()
            raise
        kept.trial = str(batch.reference["sha256"])
        return counted

    def _take(self, name: str) -> _Kept:
        """Return what is kept of a registry, for one more user; of what nobody uses the oldest is let go."""
        with self._lock:
            kept = self._kept.pop(name, None) or _Kept()
            kept.users += 1
            self._kept[name] = kept
            idle = [other for other, each in self._kept.items() if not each.users]
            for other in idle[: max(0, len(self._kept) - KEPT)]:
                self._kept.pop(other).rows.close()
            return kept

    def _fold(self, kept: _Kept, registry: Registry) -> None:
        """Let the rows be those of the batches that the registry has."""
        wanted = [sha256 for _, sha256 in registry.batches]
        if not kept.settle(wanted):
            kept.rows.close()
            kept.clear()
        for sha256 in wanted[len(kept.batches) :]:
            rules.apply(kept.rows, rules.own_batch(self._pieces(sha256), registry.type))
            kept.batches.append(sha256)

    def close(self) -> None:
        """Let go of everything."""
        with self._lock:
            while self._kept:
                self._kept.popitem()[1].rows.close()
