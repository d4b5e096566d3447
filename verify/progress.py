"""The progress bar: what is under way and how much of it is done, for people at a terminal, and for nobody else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TextIO, TypeVar

Thing = TypeVar("Thing")
WIDTH = 24


class Progress:
    """One line of a terminal that is drawn over itself; silent where the stream is none, and where it cannot be written to."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream if stream is not None and stream.isatty() else None
        self._shown = ""

    def show(self, zh: str, en: str, done: int = 0, total: int = 0) -> None:
        """Say what is under way, and where `total` is known, which share of it is done."""
        if self._stream is None:
            return
        text = f"{zh} {en} …"
        if total:
            full = min(done * WIDTH // total, WIDTH)
            text = f"{zh} {en} [{'█' * full}{' ' * (WIDTH - full)}] {min(done * 100 // total, 100):3d}%"
        self._draw(text)

    def over(self, things: Iterable[Thing], total: int, zh: str, en: str) -> Iterator[Thing]:
        """Yield the things, showing how many of `total` have come."""
        step = max(total // 100, 1)
        for number, thing in enumerate(things):
            if number % step == 0:
                self.show(zh, en, number, total)
            yield thing

    def close(self) -> None:
        """Take the line away, so that the answer stands alone."""
        if self._shown:
            self._draw("")

    def _draw(self, text: str) -> None:
        if self._stream is None or text == self._shown:
            return
        self._shown = text
        with suppress(OSError, ValueError):
            self._stream.write(f"\r\x1b[K{text}")
            self._stream.flush()
