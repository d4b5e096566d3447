"""Reading a log while a decision is made: everything read is noted as what the decision rests on.

Several processes may write the log of an authority. A number that follows the last one, a draw that is the first of its
item, a registry as it stands: each was true when it was read, and the store records the decision only if it still is.
No command names its own grounds, so none can forget one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from domain.base import Recorded
from domain.clock import next_day, next_second, spell
from domain.errors import NotFound
from domain.kept import Kept
from domain.log import Log
from domain.store.contract import Grounds
from domain.store.mapper import fact_of
from verify.entries import seconds_of

A = TypeVar("A", bound=Recorded)


@dataclass
class Deciding:
    """The commands of one request while they are decided: what they rest on, and what the earlier of them have made.

    `fresh`: everything is read as it is recorded now. Otherwise what this process kept is believed, and the store finds
    out under its lock whether that was right.
    """

    grounds: Grounds
    fresh: bool
    made: dict[str, Recorded] = field(default_factory=dict)


_DECIDING: ContextVar[Deciding | None] = ContextVar("deciding", default=None)
"""What is being decided in this thread."""


_FAR = 253_000_000_000
"""A second of the year 9987, so that a deadline beyond all calendars is still an instant."""


class Grounded(Log):
    """A log that notes what is read of it."""

    def __init__(self, folder: Path, create: bool = False) -> None:
        super().__init__(folder, create)
        self._kept = Kept()

    @contextmanager
    def _deciding(self, fresh: bool) -> Iterator[Deciding]:
        """Note what is read from here on. It is decided in one moment, and what is decided today counts today."""
        moment = self.clock.now()
        deciding = Deciding(Grounds(moment, next_day(moment)), fresh)
        mark = _DECIDING.set(deciding)
        try:
            yield deciding
        finally:
            _DECIDING.reset(mark)

    def _get(self, kind: type[A], stream: str) -> A:
        """Load an aggregate to decide on, which the decision rests on; NotFound where nothing was recorded in its stream."""
        return self._look(kind, stream).fork()

    def _look(self, kind: type[A], stream: str) -> A:
        """Load an aggregate that the decision rests on but records nothing in. It is shared with others: only to be read."""
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
        """Look at what never changes of an aggregate, so that the decision does not rest on it."""
        deciding = _DECIDING.get()
        if deciding is not None and stream in deciding.made:
            found: Recorded | None = deciding.made[stream]
        else:
            found = self._load(kind, stream, deciding.fresh if deciding is not None else self.store.shared)
        if found is None:
            raise NotFound(f"{stream} 不存在", f"there is no {stream}", "LEDGER 2")
        if not isinstance(found, kind):
            raise NotFound(f"{stream} 不是 {kind.__name__}", f"{stream} is not a {kind.__name__}", "LEDGER 2")
        return found

    def _load(self, kind: type[A], stream: str, fresh: bool) -> A | None:
        kept = self._kept.get(kind, stream)
        if kept is None or fresh:
            since = kept.version if kept is not None else 0
            events = self.store.select_events(stream, gt=since)
            if events:
                facts = (fact_of(event.state) for event in events)
                kept = kind.project(kept.fork() if kept is not None else None, facts)
            if kept is None:
                return None
            self._kept.put(kept)
        return kept

    def _exists(self, stream: str) -> bool:
        deciding = _DECIDING.get()
        if deciding is not None and stream in deciding.made:
            return True
        if self.store.select_events(stream, limit=1):
            return True
        _note(stream, 0)
        return False

    def _is_free(self, kind: type[A], stream: str) -> bool:
        """Whether nothing was recorded in a stream. Where nothing is kept of it this is believed, unread, and noted."""
        deciding = _DECIDING.get()
        if deciding is None or deciding.fresh:
            return not self._exists(stream)
        if stream in deciding.made or self._kept.get(kind, stream) is not None:
            return False
        _note(stream, 0)
        return True

    def _streams(self, prefix: str) -> list[str]:
        """Return the streams that begin with `prefix`; the decision then rests on there being no other."""
        deciding = _DECIDING.get()
        if deciding is None:
            return self.store.streams(prefix)
        kept = self._kept.families.get(prefix)
        if kept is None or deciding.fresh:
            size = self.size  # first: what comes between is found again, never missed
            kept = self._kept.families[prefix] = (size, self.store.streams(prefix))
        deciding.grounds.families.setdefault(prefix, kept[0])
        return kept[1]

    def _next(self, prefix: str) -> int:
        return len(self._streams(prefix)) + 1

    def _now(self) -> str:
        """Return the moment of the decision under way, the present where there is none."""
        grounds = _grounds()
        return grounds.at if grounds is not None else self.clock.now()

    def _today(self) -> str:
        """Return the day of that moment."""
        return self._now()[:10]

    def _seconds(self) -> int:
        """Return the POSIX second of that moment; the decision then counts in this second only."""
        grounds = _grounds()
        if grounds is not None:
            grounds.until = min(grounds.until, next_second(grounds.at))
        return seconds_of(self._now())

    def _only_before(self, seconds: int) -> None:
        """Let the decision count only where it is recorded before a POSIX second."""
        grounds = _grounds()
        if grounds is not None:
            grounds.until = min(grounds.until, spell(datetime.fromtimestamp(min(seconds, _FAR), UTC)))


def _grounds() -> Grounds | None:
    deciding = _DECIDING.get()
    return deciding.grounds if deciding is not None else None


def _note(stream: str, version: int) -> None:
    grounds = _grounds()
    if grounds is not None:
        grounds.note(stream, version)
