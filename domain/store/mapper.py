"""A fact and its bytes: the tail of an entry on the way in, the whole entry on the way out.

The store prepends `prev`, `index` and `at`; nothing is ever serialised again. Topics are the kinds themselves, from the
fixed table of kinds, so a row can never name code to be imported.
"""

from __future__ import annotations

from typing import Any

from eventsourcing.persistence import Mapper, StoredEvent

from domain.base import Fact, as_entry_actor
from domain.roles import Actor
from verify import entries


class EntryMapper(Mapper[str]):
    """Maps facts to entries."""

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Return the fact with the tail of its entry as state."""
        fact: Fact = domain_event
        actor = as_entry_actor(fact.actor)
        tail = entries.tail(fact.originator_id, fact.originator_version, fact.kind, actor, fact.command, fact.data)
        return StoredEvent(fact.originator_id, fact.originator_version, fact.kind, tail)

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Return the fact read from a whole entry."""
        entry = entries.read_own(stored_event.state)  # parsed when it was recorded
        return Fact(
            entry.stream,
            entry.version,
            entry.kind,
            Actor(**entry.actor),
            entry.command,
            entry.data,
            entry.at,
            entry.index,
        )
