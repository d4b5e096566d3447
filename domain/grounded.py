"""Reading a log while a decision is made: everything read is noted as what the decision rests on.

Several processes may write the log of an authority. A number that follows the last one, a draw that is the first of its
item, a registry as it stands: each was true when it was read, and the store records the decision only if it still is.
No command names its own grounds, so none can forget one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TypeVar

from eventsourcing.application import AggregateNotFoundError

from domain.base import Recorded
from domain.clock import next_day, next_second, spell
from domain.errors import NotFound
from domain.log import Log
from domain.store.contract import Grounds
from verify.entries import seconds_of

A = TypeVar("A", bound=Recorded)

_GROUNDS: ContextVar[Grounds | None] = ContextVar("grounds", default=None)
"""What the decision that is being made in this thread rests on."""


_FAR = 253_000_000_000
"""A second of the year 9987, so that a deadline beyond all calendars is still an instant."""


class Grounded(Log):
    """A log that notes what is read of it."""

    @contextmanager
    def _deciding(self) -> Iterator[Grounds]:
        """Note what is read from here on. It is decided in one moment, and what is decided today counts today."""
        moment = self.clock.now()
        grounds = Grounds(moment, next_day(moment))
        mark = _GROUNDS.set(grounds)
        try:
            yield grounds
        finally:
            _GROUNDS.reset(mark)

    def _get(self, kind: type[A], stream: str) -> A:
        """Load an aggregate that the decision rests on; NotFound where nothing was recorded in its stream."""
        try:
            return self._rest_on(self._peek(kind, stream))
        except NotFound:
            _note(stream, 0)
            raise

    def _rest_on(self, found: A) -> A:
        """Let the decision rest on an aggregate as it was loaded."""
        _note(found.id, found.version)
        return found

    def _peek(self, kind: type[A], stream: str) -> A:
        """Load an aggregate of which only what never changes is used, so that the decision does not rest on it."""
        try:
            found = self._application.repository.get(stream, projector_func=kind.project)
        except AggregateNotFoundError:
            raise NotFound(f"{stream} 不存在", f"there is no {stream}", "LEDGER 2") from None
        if not isinstance(found, kind):
            raise NotFound(f"{stream} 不是 {kind.__name__}", f"{stream} is not a {kind.__name__}", "LEDGER 2")
        return found

    def _exists(self, stream: str) -> bool:
        if self.store.select_events(stream, limit=1):
            return True
        _note(stream, 0)
        return False

    def _streams(self, prefix: str) -> list[str]:
        """Return the streams that begin with `prefix`; the decision then rests on there being no other."""
        grounds = _GROUNDS.get()
        if grounds is not None and prefix not in grounds.families:
            grounds.families[prefix] = self.size
        return self.store.streams(prefix)

    def _next(self, prefix: str) -> int:
        return len(self._streams(prefix)) + 1

    def _now(self) -> str:
        """Return the moment of the decision under way, the present where there is none."""
        grounds = _GROUNDS.get()
        return grounds.at if grounds is not None else self.clock.now()

    def _today(self) -> str:
        """Return the day of that moment."""
        return self._now()[:10]

    def _seconds(self) -> int:
        """Return the POSIX second of that moment; the decision then counts in this second only."""
        grounds = _GROUNDS.get()
        if grounds is not None:
            grounds.until = min(grounds.until, next_second(grounds.at))
        return seconds_of(self._now())

    def _only_before(self, seconds: int) -> None:
        """Let the decision count only where it is recorded before a POSIX second."""
        grounds = _GROUNDS.get()
        if grounds is not None:
            grounds.until = min(grounds.until, spell(datetime.fromtimestamp(min(seconds, _FAR), UTC)))


def _note(stream: str, version: int) -> None:
    grounds = _GROUNDS.get()
    if grounds is not None:
        grounds.note(stream, version)
