"""Carrying out commands: decided one request at a time, one entry each, and each as if it had been alone with the log.

A command is: may they? - load - decide - save. What is loaded meanwhile is noted, and the store records the decision only
while all of that still stands; otherwise it is decided again. It is acknowledged after its transaction is durable; the same
command id again is answered with the same receipt. Source: ledger specification, sections 2 and 7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import msgspec
from eventsourcing.persistence import IntegrityError

from domain import roles
from domain.base import Fact, Recorded, refuse_personal
from domain.clock import SteppedClock
from domain.errors import Conflict, Forbidden, Invalid, Refusal, Unavailable
from domain.grounded import Deciding, Grounded
from domain.organisation import Account
from domain.roles import SYSTEM, Actor, Cause
from domain.spelled import fingerprint_of, refusing_bad_values
from domain.store.contract import Beside, Change, Grounds, Placed, references
from domain.store.mapper import tail_of
from verify import entries

ATTEMPTS, BESIDE_OTHERS = 5, 2
"""So often a command is decided, and so often of these while others write; then only a lost server can come between."""


class Receipt(msgspec.Struct, frozen=True):
    """What a client gets for a command that was carried out: where its entry stands, and the leaf to look for."""

    index: int
    leaf: str
    at: str
    stream: str
    version: int
    kind: str
    command: str


class Decision:
    """What a command decided: the aggregate with its new fact, and what is kept beside it."""

    def __init__(self, aggregate: Recorded, beside: Beside | None = None) -> None:
        self.aggregate, self.beside = aggregate, beside


class Intent(msgspec.Struct, frozen=True):
    """One command before it is carried out: who wants what under which id, and how it is decided."""

    by: Actor
    command: str
    kind: str
    facts: Mapping[str, Any]
    decide: Callable[[Cause], Decision]


class Decided(msgspec.Struct, frozen=True):
    """One command that was decided: the class of its aggregate, its fact, and the change for the store."""

    kind: type[Recorded]
    fact: Fact
    change: Change


class Core(Grounded):
    """A log that carries out commands."""

    def actor(self, account: str) -> Actor:
        """Return who an account is. NotFound where there is none, Forbidden where it was closed."""
        found = self._look(Account, f"account/{account}")
        if found.closed:
            raise Forbidden(f"账号 {account} 已注销", f"the account {account} is closed", "方案四")
        return found.actor

    def _do(
        self, by: Actor, command: str, kind: str, facts: dict[str, Any], decide: Callable[[Cause], Decision]
    ) -> Receipt:
        """Carry out one command."""
        return self.carry_out([Intent(by, command, kind, facts, decide)])[0]

    def carry_out(self, intents: Sequence[Intent]) -> list[Receipt]:
        """Carry out the commands of one request in one transaction, all or none, each on what the ones before it made.

        Roles are asked first, then whether all was done already, then it is decided and recorded; again where another
        process moved what it rested on.
        """
        self.admit(intents)
        with self._command_lock:
            fault: Exception | None = None
            if (done := self.done(intents)) is not None:
                return done
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    with self.store.alone() if attempt > BESIDE_OTHERS else nullcontext():
                        return self._record(self.decide(intents, fresh=attempt > 1))
                except IntegrityError as error:
                    fault = error
                except Unavailable:
                    raise
                except Refusal as refusal:
                    fault = refusal
                # The same command may reach two processes: the one that comes second finds its entry, whatever it was
                # refused.
                if (done := self.done(intents)) is not None:
                    return done
                if isinstance(fault, Refusal):
                    raise fault
                self._follow_clock()
        names = ", ".join(intent.command for intent in intents[:3])
        raise Conflict(
            f"{names} 与同时进行的其他命令冲突，请重试", f"{names} collides with others, try again", "LEDGER 2"
        ) from fault

    def admit(self, intents: Sequence[Intent]) -> None:
        """Refuse what a role may not do, and an id that cannot be one, or is that of a person."""
        for intent in intents:
            roles.require(intent.by, intent.kind)
            if not entries.COMMAND.fullmatch(intent.command):
                raise Invalid("命令标识不合要求", "a command id has 1 to 64 of A-Z a-z 0-9 . _ -", "LEDGER 2")
            refuse_personal(intent.command)
        if len({(intent.by.account, intent.command) for intent in intents}) < len(intents):
            raise Invalid("同一请求中命令标识重复", "a command id occurs twice in one request", "LEDGER 2")

    def done(self, intents: Sequence[Intent]) -> list[Receipt] | None:
        """Return the receipts of what was carried out before, None where nothing of it was. Conflict for other commands."""
        found = [self.store.command(intent.by.account, intent.command) for intent in intents]
        if not any(found):
            return None
        receipts = []
        for intent, known in zip(intents, found, strict=True):
            if known is None or not _same(known, intent.kind, fingerprint_of(intent.kind, intent.facts)):
                used = intent.command if known else next(i.command for i, k in zip(intents, found, strict=True) if k)
                raise Conflict(
                    f"命令标识 {used} 已用于另一条命令",
                    f"the command id {used} was used for another command",
                    "LEDGER 2",
                )
            receipts.append(_receipt(entries.read_own(known[0])))
        self.clock.not_before(receipts[-1].at)
        return receipts

    def decide(self, intents: Sequence[Intent], fresh: bool) -> list[Decided]:
        """Decide the commands of one request in their order, and record nothing.

        What is not read `fresh` may be out of date. So a refusal is only told while what it rests on still stands;
        otherwise everything is decided again, on what is recorded now.
        """
        if self.store.shared and isinstance(self.clock, SteppedClock):
            self.clock.not_before(self.private.clock() or "")
        with self._deciding(fresh) as deciding:
            try:
                with refusing_bad_values():
                    return [self._decide(intent, deciding) for intent in intents]
            except Refusal:
                if fresh or self.store.still(deciding.grounds):
                    raise
        return self.decide(intents, fresh=True)

    def _decide(self, intent: Intent, deciding: Deciding) -> Decided:
        by = intent.by
        if by != SYSTEM and not deciding.fresh:
            # An open account has one entry. That this still holds is left to the store to check, unread.
            deciding.grounds.note(f"account/{by.account}", 1)
        elif by != SYSTEM and self.actor(by.account) != by:
            raise Forbidden(f"账号 {by.account} 不是这一角色", f"{by.account} has another role or unit", "方案四")
        decision = intent.decide(Cause(by, intent.command))
        deciding.made[decision.aggregate.id] = decision.aggregate
        fingerprint = fingerprint_of(intent.kind, intent.facts)
        return self._decided(decision, by, intent.command, fingerprint, deciding.grounds)

    def _decided(self, decision: Decision, by: Actor, command: str, fingerprint: bytes, grounds: Grounds) -> Decided:
        (fact,) = decision.aggregate.collect_events()
        at, clock = grounds.at, None
        if isinstance(self.clock, SteppedClock):
            at = self.clock.now()
            clock = self.clock.advance(1)
        change = Change(
            fact.originator_id,
            fact.originator_version,
            tail_of(fact),
            at,
            by.account,
            command,
            fingerprint,
            references(fact.data),
            grounds,
            decision.beside,
            clock,
            None if clock else self.clock.now,
        )
        return Decided(type(decision.aggregate), fact, change)

    def _record(self, decided: Sequence[Decided]) -> list[Receipt]:
        """Record in one transaction what was decided; return the receipts."""
        placed = self.store.append([each.change for each in decided])
        return [self.acknowledge(each, place) for each, place in zip(decided, placed, strict=True)]

    def acknowledge(self, decided: Decided, place: Placed) -> Receipt:
        """Take note of what was recorded, and return its receipt."""
        fact = msgspec.structs.replace(decided.fact, at=place.at, index=place.index)
        self._kept.advance(decided.kind, fact)
        self.clock.not_before(place.at)
        stream, version = fact.originator_id, fact.originator_version
        return Receipt(place.index, place.leaf.hex(), place.at, stream, version, fact.kind, fact.command)

    def _follow_clock(self) -> None:
        """Let this process's clock not stand before the last entry: another machine's may be ahead."""
        last = next(self.store.entries(max(0, self.size - 1)), None)
        if last is not None:
            self.clock.not_before(entries.read_own(last).at)

    def advance_clock(self, seconds: float) -> str:
        """Move the stepped clock of a demonstration on and return where it stands. Conflict for a real clock."""
        with self._command_lock:
            if not isinstance(self.clock, SteppedClock):
                raise Conflict("真实台账的时钟不可拨动", "the clock of a real log cannot be moved", "LEDGER 11")
            self.clock.not_before(self.private.clock() or "")
            now = self.clock.advance(seconds)
            self.private.set_clock(now)
            return now


def _same(done: tuple[bytes, bytes], kind: str, fingerprint: bytes) -> bool:
    """Whether a recorded command is the one asked for; of a restored entry only its kind is known."""
    return done[1] == fingerprint if done[1] else entries.parse(done[0]).kind == kind


def _receipt(entry: entries.Entry) -> Receipt:
    return Receipt(entry.index, entry.leaf.hex(), entry.at, entry.stream, entry.version, entry.kind, entry.command)
