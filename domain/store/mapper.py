"""A fact and its bytes: the tail of an entry on the way in, the whole entry on the way out.

The store prepends `prev`, `index` and `at`; nothing is ever serialised again. Topics are the kinds themselves, from the
fixed table of kinds, so a row can never name code to be imported.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from typing import Any

import msgspec
from eventsourcing.persistence import Mapper, ProgrammingError, StoredEvent

from domain.base import Fact
from domain.roles import Actor
from domain.spelled import spell
from domain.store.contract import Change, references
from verify import entries
from verify.kinds import KINDS
from verify.shape import misfit

_FIRST, _LAST = "0" * 64, (2**53 - 1, "9999-12-31T23:59:59.999+08:00")
_ROOM = entries.MAX_BYTES - len(entries.compose(_FIRST, *_LAST, b""))


fact_of = msgspec.json.Decoder(Fact).decode
"""Read the fact of a whole entry, which was spelled here when it was recorded: nothing but its form is looked at."""


class EntryMapper(Mapper[str]):
    """Maps facts to entries."""

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Return the fact with the tail of its entry as state. EntryError where no entry can say it."""
        fact: Fact = domain_event
        return StoredEvent(fact.originator_id, fact.originator_version, fact.kind, tail_of(fact))

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Return the fact read from a whole entry."""
        return fact_of(stored_event.state)


def tail_of(fact: Fact) -> bytes:
    """Return the tail of a fact's entry. EntryError where no entry can say it, NotCanonical where a value has no spelling.

    Whatever comes of this is readable by everybody wherever it is put: a store looks at it no more.
    """
    if fact.kind not in KINDS:
        raise entries.EntryError(f"the kind {fact.kind!r} is unknown")
    stream, version, data = fact.originator_id, fact.originator_version, spell(fact.data)
    tail = entries.spelled_tail(stream, version, fact.kind, _actor(fact.actor), fact.command, data)
    if len(tail) > _ROOM:
        entries.compose(_FIRST, *_LAST, tail)  # as long as an entry with this tail can become
    return tail


@lru_cache(maxsize=4096)
def _actor(actor: Actor) -> bytes:
    reason = misfit(asdict(actor), {"account": "code", "role": "code", "unit": "code"}, "actor")
    if reason:
        raise entries.EntryError(reason)
    return spell(asdict(actor))


def verbatim(entry: entries.Entry) -> Change:
    """Return the change that makes an entry again, byte for byte."""
    tail = entry.raw[len(entries.compose(entry.prev, entry.index, entry.at, b"")) :]
    account, named = entry.actor["account"], references(entry.data)
    return Change(entry.stream, entry.version, tail, entry.at, account, entry.command, b"", named)


def genesis_of(change: Change) -> str:
    """Return the `prev` of entry 0: it is made of the origin that it names. ProgrammingError where it is no beginning."""
    probe = entries.parse(entries.compose(_FIRST, *_LAST, change.tail))
    if probe.kind != "log.created":
        raise ProgrammingError("a log begins with log.created")
    return entries.genesis(str(probe.data["origin"]))
