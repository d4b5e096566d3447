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
    """The rows of one registry, the batches that made them, and the one that is folded on trial."""

    def __init__(self) -> None:
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
        self._lock = threading.RLock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    @contextmanager
    def rows(self, registry: Registry) -> Iterator[Rows]:
        """Give the rows of a registry as it was loaded, to be read and not changed; nobody else is given any meanwhile."""
        with self._lock:
            yield self._standing(registry).rows

    def try_batch(self, registry: Registry, batch: Listing) -> Counter[str]:
        """Fold one more batch on trial and return how many rows it adds, changes and removes; inside `rows`.

        `rows` then are those after it. RegistryError where it does not fit; then they are as before.
        """
        kept = self._standing(registry)
        kept.rows.mark()
        try:
            counted = rules.apply(kept.rows, rules.own_batch(batch.pieces(), registry.type))
        except BaseException:
            kept.rows.undo()
            raise
        kept.trial = str(batch.reference["sha256"])
        return counted

    def _standing(self, registry: Registry) -> _Kept:
        """Return the rows of a registry, folded as far as the batches it has."""
        wanted = [sha256 for _, sha256 in registry.batches]
        kept = self._kept.pop(registry.id, None) or _Kept()
        if not kept.settle(wanted):
            kept.rows.close()
            kept = _Kept()
        for sha256 in wanted[len(kept.batches) :]:
            rules.apply(kept.rows, rules.own_batch(self._pieces(sha256), registry.type))
            kept.batches.append(sha256)
        self._kept[registry.id] = kept
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)[1].rows.close()
        return kept

    def close(self) -> None:
        """Let go of everything."""
        with self._lock:
            while self._kept:
                self._kept.popitem()[1].rows.close()
