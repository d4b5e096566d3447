"""Units, accounts and calendars: who exists, and which days are worked."""

from __future__ import annotations

from typing import Any

from domain.base import Fact, Recorded
from domain.roles import Actor, Cause


class Logbook(Recorded):
    """The log itself: where it came from, what happened to it, and which verifier it hands out."""

    released: dict[str, Any] | None = None

    def create(self, cause: Cause, origin: str, vkey: str, clock: str) -> None:
        """Record the origin, the verifier key and the kind of clock: entry 0."""
        data = {"origin": origin, "vkey": vkey, "clock": clock, "specification": "fairdraw-ledger/1"}
        self.record("log.created", cause, data)

    def recover(self, cause: Cause, published: int, found: int, restored: int, reason: str) -> None:
        """Record that the database was behind what was published, and how it was brought up again."""
        data = {"published_size": published, "found_size": found, "restored": restored, "reason": reason}
        self.record("log.recovered", cause, data)

    def release(self, cause: Cause, program: dict[str, Any]) -> None:
        """Record which verifier is handed out: `{"version","sha256","bytes"}` of its one file."""
        if program == self.released:
            self.refuse_state("已记录这一校验程序", "log.verifier-released")
        self.record("log.verifier-released", cause, program)

    def apply(self, fact: Fact) -> None:
        if fact.kind == "log.created":
            self.origin, self.clock = fact.data["origin"], fact.data["clock"]
        elif fact.kind == "log.verifier-released":
            self.released = fact.data


class Unit(Recorded):
    """A unit: the bureau, an office, a county body, or an outside body that takes part."""

    def register(self, cause: Cause, unit: str, name: str, kind: str, parent: str | None) -> None:
        """Record the unit under its code."""
        self.record("unit.registered", cause, {"unit": unit, "name": name, "kind": kind, "parent": parent})

    def apply(self, fact: Fact) -> None:
        self.name, self.kind = fact.data["name"], fact.data["kind"]


class Account(Recorded):
    """An account: one role in one unit, until it is closed."""

    closed = False
    actor: Actor

    def open(self, cause: Cause, account: str, role: str, unit: str) -> None:
        """Record the account."""
        self.record("account.opened", cause, {"account": account, "role": role, "unit": unit})

    def close(self, cause: Cause, reason: str) -> None:
        """Record that the account acts no more."""
        if self.closed:
            self.refuse_state("已经注销", "account.closed")
        self.record("account.closed", cause, {"reason": reason})

    def apply(self, fact: Fact) -> None:
        if fact.kind == "account.opened":
            self.actor = Actor(fact.data["account"], fact.data["role"], fact.data["unit"])
        else:
            self.closed = True


class CalendarYear(Recorded):
    """The holidays and make-up working days of one year; a later record replaces an earlier one from then on."""

    document: dict[str, Any]

    def note(self, cause: Cause, year: int, document: dict[str, Any]) -> None:
        """Record the calendar document of the year."""
        self.record("calendar.recorded", cause, {"year": year, "document": document})

    def apply(self, fact: Fact) -> None:
        self.document = fact.data["document"]
