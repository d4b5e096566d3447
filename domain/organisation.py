"""Units, accounts and calendars: who exists, and which days are worked."""

from __future__ import annotations

from typing import Any

from domain.base import Fact, Recorded
from domain.roles import Actor, Cause


class Logbook(Recorded):
    """The log itself: where it came from, which keys sign it, what happened to it, and which verifier it hands out."""

    released: dict[str, Any] | None = None
    announced: dict[str, int | None]
    """Verifier key -> the index of the entry that names it, None until it is recorded; so for `retired`."""
    retired: dict[str, int | None]
    anchored: tuple[int, int | None] | None = None
    """The size of the checkpoint that was time-stamped last, and the index of the entry that says so."""

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

    def announce_key(self, cause: Cause, vkey: str) -> None:
        """Record a verifier key that signs from the next checkpoint on, beside the present one."""
        if vkey in self.announced:
            self.refuse_state("已用过这把密钥", "log.key-announced")
        if len(self.keys) > 1:
            self.refuse_state("正在轮换密钥", "log.key-announced")
        self.record("log.key-announced", cause, {"vkey": vkey})

    def retire_key(self, cause: Cause, vkey: str, covered: dict[str, Any]) -> None:
        """Record that the oldest key signs no more. `covered`: a head it signed over the announcement of the next one."""
        if self.keys[:1] != [vkey] or len(self.keys) < 2:
            self.refuse_state("没有接替这把密钥的新密钥", "log.key-retired")
        self.record("log.key-retired", cause, {"vkey": vkey, "covered": covered})

    def anchor(self, cause: Cause, covered: dict[str, Any], note: dict[str, Any], token: dict[str, Any]) -> None:
        """Record that an authority stamped a published checkpoint with its time."""
        self.record("checkpoint.anchored", cause, {"covered": covered, "checkpoint": note, "token": token})

    def apply(self, fact: Fact) -> None:
        match fact.kind:
            case "log.created":
                self.origin, self.clock = fact.data["origin"], fact.data["clock"]
                self.announced, self.retired = {fact.data["vkey"]: fact.index}, {}
            case "log.verifier-released":
                self.released = fact.data
            case "log.key-announced":
                self.announced[fact.data["vkey"]] = fact.index
            case "log.key-retired":
                self.retired[fact.data["vkey"]] = fact.index
            case "checkpoint.anchored":
                self.anchored = fact.data["covered"]["size"], fact.index

    def keys_at(self, size: int) -> list[str]:
        """Return the verifier keys that sign the checkpoint of `size`, the oldest first: announced below, not retired."""
        return [
            vkey
            for vkey, index in self.announced.items()
            if _below(index, size) and not _below(self.retired.get(vkey), size)
        ]

    @property
    def keys(self) -> list[str]:
        """The verifier keys that are announced and not retired, the oldest first."""
        return [vkey for vkey in self.announced if vkey not in self.retired]


def _below(index: int | None, size: int) -> bool:
    return index is not None and index < size


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
