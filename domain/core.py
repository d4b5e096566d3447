"""Carrying out commands: one lock, one command at a time, one entry each.

A command is: may they? - load - decide - save. It is acknowledged after its transaction is durable; the same command id
again is answered with the same receipt. Source: ledger specification, sections 2 and 7.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from eventsourcing.application import AggregateNotFoundError

from domain import roles
from domain.base import Recorded
from domain.clock import SteppedClock, SystemClock, after
from domain.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from domain.log import Log
from domain.organisation import Account, Logbook, Unit
from domain.roles import SYSTEM, Actor, Cause
from domain.signer import Signer
from domain.store.sqlite import Private as Beside
from domain.store.sqlite import references
from verify import canonical, entries, note
from verify.checkpoint import Checkpoint
from verify.kinds import KINDS
from verify.shape import misfit

A = TypeVar("A", bound=Recorded)
RECOVERY = "recovery.json"
"""While this file is in the log's folder, a recovery is under way and nothing else may be written."""


@dataclass(frozen=True)
class Receipt:
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


class Core(Log):
    """A log that carries out commands."""

    _moment = ""

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open an existing log. Unavailable when another process has it, or when it is behind what was published."""
        if not (folder / "signer").is_dir():
            raise Unavailable(f"{folder} 中没有台账", f"there is no log in {folder}", "LEDGER 7")
        core = cls(folder)
        try:
            core._start()
        except BaseException:
            core.close()
            raise
        return core

    @classmethod
    def create(
        cls,
        folder: Path,
        origin: str,
        *,
        clock: str = "system",
        unit: str,
        unit_name: str,
        account: str = "admin",
    ) -> Self:
        """Make a new log: its key, entry 0, its first unit (the bureau) and its first account (an administrator).

        An interrupted creation is finished by calling this again with the same facts.
        """
        _refuse_founding(origin, clock, unit, unit_name, account)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (folder / "signer" / "head.json").is_file():
            with suppress(FileNotFoundError):
                (folder / "signer" / "key.pem").unlink()
                (folder / "signer").rmdir()
            Signer.create(folder / "signer", origin)
        # Once something was signed, a database that is missing was lost: making another would be a fork.
        core = cls(folder, create=Signer(folder / "signer").size == 0)
        try:
            core._found(origin, clock, unit, unit_name, account)
            core._start()
        except BaseException:
            core.close()
            raise
        return core

    def _found(self, origin: str, clock: str, unit: str, unit_name: str, account: str) -> None:
        if self.signer.origin != origin:
            raise Conflict(f"此处已有台账 {self.signer.origin}", f"here is the log {self.signer.origin}", "LEDGER 1")
        (self.folder / "log.vkey").write_text(self.signer.vkey + "\n", "ascii")
        self.clock = SteppedClock() if clock == "stepped" else SystemClock()

        def log(cause: Cause) -> Decision:
            aggregate = Logbook("log/main")
            aggregate.create(cause, origin, self.signer.vkey, clock)
            return Decision(aggregate)

        def bureau(cause: Cause) -> Decision:
            aggregate = Unit(f"unit/{unit}")
            aggregate.register(cause, unit, unit_name, "bureau", None)
            return Decision(aggregate)

        def first(cause: Cause) -> Decision:
            aggregate = Account(f"account/{account}")
            aggregate.open(cause, account, "admin", unit)
            return Decision(aggregate)

        self._do(SYSTEM, "create-log", "log.created", {"origin": origin, "clock": clock}, log)
        self._do(SYSTEM, "create-unit", "unit.registered", {"unit": unit, "name": unit_name}, bureau)
        self._do(SYSTEM, "create-account", "account.opened", {"account": account}, first)

    def _start(self) -> None:
        """Check the database against the signer's head, and set the clock.

        Unavailable where it is behind, where a recovery was begun and not finished, or where nothing is founded yet.
        """
        self.require_not_behind()
        if (self.folder / RECOVERY).exists():
            raise Unavailable(
                "恢复尚未完成，请再次运行 fairdraw recover",
                "a recovery is not finished: run `fairdraw recover` again",
                "LEDGER 7",
            )
        if self.size < 3:
            raise Unavailable("台账尚未建成，请再次运行 init", "the log is not wholly made: run init again", "LEDGER 7")
        log = self._get(Logbook, "log/main")
        self.origin, self.vkey = log.origin, self.signer.vkey
        self.agency = entries.parse(next(self.store.entries(1, 2))).data["unit"]
        if log.clock == "stepped":
            last = entries.parse(next(self.store.entries(self.size - 1)))
            self.clock = SteppedClock(max(self.private.clock() or "", last.at))

    def actor(self, account: str) -> Actor:
        """Return who an account is. NotFound where there is none, Forbidden where it was closed."""
        found = self._get(Account, f"account/{account}")
        if found.closed:
            raise Forbidden(f"账号 {account} 已注销", f"the account {account} is closed", "方案四")
        return found.actor

    def _do(
        self, by: Actor, command: str, kind: str, facts: dict[str, Any], decide: Callable[[Cause], Decision]
    ) -> Receipt:
        """Carry out one command: its role is asked first, then whether it was done already, then it is decided."""
        roles.require(by, kind)
        if not entries.COMMAND.fullmatch(command):
            raise Invalid("命令标识不合要求", "a command id has 1 to 64 of A-Z a-z 0-9 . _ -", "LEDGER 2")
        fingerprint = _fingerprint(kind, facts)
        with self._command_lock:
            done = self.store.command(by.account, command)
            if done is None:
                # One moment for the decision and for its entry: a clock read twice would let a deadline pass in between.
                self._moment = max(self.clock.now(), self._last_at())
                with _refusing_bad_values():
                    self._save(decide(Cause(by, command)), by, command, fingerprint)
                done = self.store.command(by.account, command)
        if done is None or not _same(done, kind, fingerprint):
            raise Conflict(
                f"命令标识 {command} 已用于另一条命令",
                f"the command id {command} was used for another command",
                "LEDGER 2",
            )
        return _receipt(entries.parse(done[0]))

    def _save(self, decision: Decision, by: Actor, command: str, fingerprint: bytes) -> None:
        at = self._moment
        stepped = self.clock if isinstance(self.clock, SteppedClock) else None
        facts = decision.aggregate.pending
        self._application.save(
            decision.aggregate,
            at=at,
            account=by.account,
            command=command,
            fingerprint=fingerprint,
            documents=[reference for fact in facts for reference in references(fact.data)],
            private=decision.beside,
            clock=after(at, 1) if stepped else None,
        )
        if stepped:
            stepped.advance(1)

    def _now(self) -> str:
        """Return the moment at which the command under way is decided."""
        return self._moment

    def _seconds(self) -> int:
        return entries.seconds_of(self._moment)

    def _today(self) -> str:
        return self._moment[:10]

    def _last_at(self) -> str:
        last = next(self.store.entries(max(0, self.size - 1)), None)
        return entries.parse(last).at if last else ""

    def _get(self, kind: type[A], stream: str) -> A:
        """Load an aggregate; NotFound where nothing was recorded in its stream."""
        try:
            found = self._application.repository.get(stream, projector_func=kind.project)
        except AggregateNotFoundError:
            raise NotFound(f"{stream} 不存在", f"there is no {stream}", "LEDGER 2") from None
        if not isinstance(found, kind):
            raise NotFound(f"{stream} 不是 {kind.__name__}", f"{stream} is not a {kind.__name__}", "LEDGER 2")
        return found

    def _exists(self, stream: str) -> bool:
        return bool(self.store.select_events(stream, limit=1))

    def _next(self, prefix: str) -> int:
        return len(self.store.streams(prefix)) + 1

    def advance_clock(self, seconds: float) -> str:
        """Move the stepped clock of a demonstration on and return where it stands. Conflict for a real clock."""
        with self._command_lock:
            if not isinstance(self.clock, SteppedClock):
                raise Conflict("真实台账的时钟不可拨动", "the clock of a real log cannot be moved", "LEDGER 11")
            now = self.clock.advance(seconds)
            self.private.set_clock(now)
            return now


def _refuse_founding(origin: str, clock: str, unit: str, unit_name: str, account: str) -> None:
    """Refuse, before anything is made, what entry 0 and the first two could not say."""
    if clock == "stepped" and not origin.startswith("demo."):
        raise Invalid("步进时钟只用于演示台账", "a stepped clock is for origins that begin with demo.", "LEDGER 11")
    try:
        Checkpoint(origin, 1, bytes(32))
        note.parse_vkey(note.format_vkey(origin, bytes(32)))
    except note.NoteError as error:
        raise Invalid(
            f"台账来源名 {origin!r} 不可用", f"the origin {origin!r} cannot be used: {error}", "TLOG 3"
        ) from error
    bureau = {"unit": unit, "name": unit_name, "kind": "bureau", "parent": None}
    first = {"account": account, "role": "admin", "unit": unit}
    reason = misfit(bureau, KINDS["unit.registered"].data) or misfit(first, KINDS["account.opened"].data)
    if reason or account == SYSTEM.account:
        raise Invalid(
            f"机关代码、名称或首个账号不合要求（{reason or account}）",
            reason or "the account system is the log's own",
            "LEDGER 2",
        )
    with _refusing_bad_values():
        canonical.encode([origin, unit_name])


def _fingerprint(kind: str, facts: dict[str, Any]) -> bytes:
    with _refusing_bad_values():
        return hashlib.sha256(canonical.encode({"kind": kind, "facts": facts})).digest()


class _refusing_bad_values:
    """Turn a value without a canonical spelling, or an entry that grew too long, into a refusal."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, canonical.NotCanonical | entries.EntryError):
            raise Invalid(f"内容不能规范表示：{error}", str(error), "LEDGER 2") from error


def _same(done: tuple[bytes, bytes], kind: str, fingerprint: bytes) -> bool:
    """Whether a recorded command is the one asked for; of a restored entry only its kind is known."""
    return done[1] == fingerprint if done[1] else entries.parse(done[0]).kind == kind


def _receipt(entry: entries.Entry) -> Receipt:
    return Receipt(entry.index, entry.leaf.hex(), entry.at, entry.stream, entry.version, entry.kind, entry.command)
