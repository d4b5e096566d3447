"""Two sorted lists side by side, read once, and the names in which they differ, of which a few are shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Self

from verify.documents import Row


def paired(one: Iterable[Row], other: Iterable[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    """Yield the rows of two lists, both sorted by id: those of one id together, the others each with None."""
    these, those = iter(one), iter(other)
    this, that = next(these, None), next(those, None)
    while this is not None or that is not None:
        if that is None or (this is not None and this["id"] < that["id"]):
            yield this, None
            this = next(these, None)
        elif this is None or that["id"] < this["id"]:
            yield None, that
            that = next(those, None)
        else:
            yield this, that
            this, that = next(these, None), next(those, None)


class Some:
    """Names to be shown: the first five, and how many there are."""

    def __init__(self) -> None:
        self.count, self.first = 0, list[str]()

    @classmethod
    def of(cls, names: Iterable[str]) -> Self:
        """Return the names, sorted."""
        some = cls()
        for name in sorted(names):
            some.add(name)
        return some

    def add(self, name: str) -> None:
        """Take one more name."""
        self.count += 1
        if self.count <= 5:
            self.first.append(name)

    def __bool__(self) -> bool:
        return self.count > 0

    def __str__(self) -> str:
        return ", ".join(self.first) + (f" …（共 {self.count}）" if self.count > 5 else "")
