"""Commands about who exists and which days are worked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from domain.core import Decision, Receipt
from domain.errors import Conflict, Invalid
from domain.opening import Opened
from domain.organisation import Account, CalendarYear, Logbook, Unit
from domain.roles import NAMES, SYSTEM, Actor, Cause
from domain.words import UNITS
from verify import canonical, documents
from verify.calendar import Calendar
from verify.kinds import CALENDAR, ROLE_UNITS
from verify.program import release
from verify.shape import misfit


class OrganisationCommands(Opened):
    """Units, accounts and calendars."""

    def __init__(self, folder: Path, create: bool = False) -> None:
        super().__init__(folder, create)
        self._calendars: dict[tuple[str, ...], Calendar] = {}

    def register_unit(self, by: Actor, command: str, *, unit: str, name: str, kind: str, parent: str | None) -> Receipt:
        """Register a unit under its code, below its parent."""

        def decide(cause: Cause) -> Decision:
            if parent is not None:
                self._look(Unit, f"unit/{parent}")
            fresh = self._fresh(Unit, f"unit/{unit}")
            fresh.register(cause, unit, name, kind, parent)
            return Decision(fresh)

        facts = {"unit": unit, "name": name, "kind": kind, "parent": parent}
        return self._do(by, command, "unit.registered", facts, decide)

    def open_account(self, by: Actor, command: str, *, account: str, role: str, unit: str) -> Receipt:
        """Open an account with one role in one registered unit."""

        def decide(cause: Cause) -> Decision:
            home = self._look(Unit, f"unit/{unit}")
            if account == SYSTEM.account:
                raise Invalid("system 是台账自身的账号", "the account system is the log's own", "LEDGER 2")
            if role in ROLE_UNITS and home.kind not in ROLE_UNITS[role]:
                raise Invalid(
                    f"{NAMES[role]}账号不能设在{UNITS[home.kind]} {unit}",
                    f"an account of the role {role} cannot be in {unit}, which is of the kind {home.kind}",
                    "方案第五(一)1条、第五(三)1条",
                )
            fresh = self._fresh(Account, f"account/{account}")
            fresh.open(cause, account, role, unit)
            return Decision(fresh)

        facts = {"account": account, "role": role, "unit": unit}
        return self._do(by, command, "account.opened", facts, decide)

    def close_account(self, by: Actor, command: str, *, account: str, reason: str) -> Receipt:
        """Close an account: it acts no more."""

        def decide(cause: Cause) -> Decision:
            found = self._get(Account, f"account/{account}")
            if not found.closed and found.actor.role == "admin" and self._administrators() == [account]:
                raise Conflict(
                    "这是最后一个管理员账号，不能注销", "the last administrator cannot be closed", "LEDGER 2"
                )
            found.close(cause, reason)
            return Decision(found)

        return self._do(by, command, "account.closed", {"account": account, "reason": reason}, decide)

    def record_calendar(self, by: Actor, command: str, *, record: dict[str, Any]) -> Receipt:
        """Record the holidays and make-up working days of one year, as the State Council published them."""

        def decide(cause: Cause) -> Decision:
            reason = misfit(record, CALENDAR, "record")
            days = [] if reason else [*record["holidays"], *record["makeup_workdays"]]
            foreign = next((day for day in days if day[:4] != f"{record['year']:04d}"), None)
            if foreign:
                zh, reason = f"{foreign} 不在 {record['year']} 年内", f"{foreign} is not a day of {record['year']}"
            elif not reason and not _in_order(record):
                zh = "日期须按序、不重复，同一天不能既放假又上班，并须写明通知出处"
                reason = "days are sorted, once each, not both holiday and working day, and the notice is named"
            else:
                zh = f"格式不符（{reason}）"
            if reason:
                raise Invalid(f"日历有误：{zh}", reason, "方案第五(五)条")
            stream = f"calendar/{record['year']}"
            year = self._get(CalendarYear, stream) if self._exists(stream) else CalendarYear(stream)
            year.note(cause, record["year"], self.put(canonical.encode(record), documents.JSON))
            return Decision(year)

        return self._do(by, command, "calendar.recorded", {"record": record}, decide)

    def release_verifier(self, by: Actor, command: str) -> Receipt:
        """Record the hash of the verifier that this service hands out. Conflict where it is the one recorded last."""

        def decide(cause: Cause) -> Decision:
            log = self._get(Logbook, "log/main")
            log.release(cause, program)
            return Decision(log)

        program = release().as_data()
        return self._do(by, command, "log.verifier-released", program, decide)

    def _administrators(self) -> list[str]:
        """Return the open accounts of administrators."""
        accounts = (self._look(Account, stream) for stream in self._streams("account/"))
        return [found.actor.account for found in accounts if not found.closed and found.actor.role == "admin"]

    def calendar(self) -> Calendar:
        """Return the working days of all recorded years."""
        years = tuple(self._look(CalendarYear, stream).document["sha256"] for stream in self._streams("calendar/"))
        if years not in self._calendars:
            known = Calendar()
            for sha256 in years:
                known = known.plus(canonical.decode(b"".join(self.pieces(sha256))))
            self._calendars = {years: known}
        return self._calendars[years]

    def _fresh(self, kind: type[Any], stream: str) -> Any:
        if not self._is_free(kind, stream):
            raise Conflict(f"{stream} 已存在", f"{stream} exists already", "LEDGER 2")
        return kind(stream)


def _in_order(record: dict[str, Any]) -> bool:
    """Whether the days of a calendar are sorted and once each, no day is on both lists, and the notice is named."""
    lists = (record["holidays"], record["makeup_workdays"])
    ordered = all(days == sorted(set(days)) for days in lists)
    return ordered and not set(lists[0]) & set(lists[1]) and bool(record["papers"])
