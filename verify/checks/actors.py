"""The actors: every entry was caused by an open account with the role and the unit that it states, and a role that may.

`system` is the log itself: it creates the log, registers the first unit and opens the first account, and nothing else
but `log.recovered`. Units and accounts are checked here too: an account is in a unit that may have its role, so that
whoever reviews or watches is of another house than whoever is reviewed and watched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from verify.checks import capped, concluded
from verify.checks.personal import check_texts
from verify.entries import Entry
from verify.findings import Finding, broken, holds
from verify.history import History
from verify.kinds import KINDS, ROLE_UNITS

SYSTEM = {"account": "system", "role": "system", "unit": "system"}


def check_actors(history: History) -> Iterator[Finding]:
    """Walk through the log once, opening and closing accounts on the way."""
    people = _People()
    found = capped(each for entry in people.worth_a_look(history) for each in people.look_at(entry))
    yield from concluded(found, people.conclusion, len(history.entries))
    yield from check_texts(history)


class _People:
    """The units and their kinds, and the accounts so far: account -> (role, unit)."""

    def __init__(self) -> None:
        self.units: dict[str, str] = {}
        self.accounts: dict[str, tuple[str, str]] = {}
        self.closed: dict[str, int] = {}
        self.changing: dict[str, Callable[[Entry], Iterator[Finding]]] = {
            "unit.registered": self._unit,
            "account.opened": self._account,
            "account.closed": self._closing,
        }

    def worth_a_look(self, history: History) -> Iterator[Entry]:
        """Yield the entries that say something of units and accounts, and of others the first of each kind and actor.

        Whether an actor may cause a kind changes only with those; what passed once passes until an account is closed, or
        opened a second time. What did not pass is looked at again, each time.
        """
        passed: set[tuple[int, int]] = set()
        for position, act in enumerate(zip(history.kinds, history.actors, strict=True)):
            if act in passed:
                continue
            entry = history.entry(position)
            if entry.kind not in self.changing:
                if self._actor_fault(entry) is None:
                    passed.add(act)
            elif entry.kind == "account.closed" or entry.data.get("account") in self.accounts:
                passed.clear()
            yield entry

    def conclusion(self) -> Finding:
        """What holds when every entry passed."""
        zh = f"所有记录都由当时有效、角色相符的账号作出（{len(self.accounts)} 个账号，{len(self.units)} 个单位）。"
        en = f"Every entry was caused by an open account whose role may do so ({len(self.accounts)} accounts)."
        return holds("actors", zh, en)

    def look_at(self, entry: Entry) -> Iterator[Finding]:
        """Judge the actor, then what the entry says of units and accounts."""
        fault = self._actor_fault(entry)
        if fault:
            yield broken("actors", fault[0], fault[1], entry.index)
        handler = self.changing.get(entry.kind)
        if handler:
            yield from handler(entry)

    def _actor_fault(self, entry: Entry) -> tuple[str, str] | None:
        name, role, unit = entry.actor["account"], entry.actor["role"], entry.actor["unit"]
        if role not in KINDS[entry.kind].roles:
            return f"角色 {role} 无权作出 {entry.kind}。", f"The role {role} is not allowed to cause {entry.kind}."
        if name == "system" or role == "system":
            return self._system_fault(entry)
        if name in self.closed:
            closed = self.closed[name]
            return f"账号 {name} 已在第 {closed} 条关闭。", f"The account {name} was closed in entry {closed}."
        if name not in self.accounts:
            return f"账号 {name} 从未开立。", f"The account {name} was never opened."
        if self.accounts[name] != (role, unit):
            stated = "/".join(self.accounts[name])
            zh = f"账号 {name} 的角色和单位是 {stated}，记录却写 {role}/{unit}。"
            return zh, f"The account {name} is {stated}, the entry says {role}/{unit}."
        return None

    def _system_fault(self, entry: Entry) -> tuple[str, str] | None:
        if entry.actor != SYSTEM:
            return "system 账号的角色和单位必须都是 system。", "The account system has the role and the unit system."
        if (entry.kind == "unit.registered" and self.units) or (entry.kind == "account.opened" and self.accounts):
            return (
                f"只有第一个单位和账号由 system 登记：{entry.stream}。",
                f"Only the first is for system: {entry.stream}.",
            )
        return None

    def _unit(self, entry: Entry) -> Iterator[Finding]:
        unit, parent = entry.data["unit"], entry.data["parent"]
        if entry.stream != f"unit/{unit}":
            zh = f"单位 {unit} 记在 {entry.stream} 下。"
            yield broken("actors", zh, f"The unit {unit} stands in {entry.stream}.", entry.index)
        if parent is not None and parent not in self.units:
            zh = f"上级单位 {parent} 没有登记。"
            yield broken("actors", zh, f"The parent unit {parent} is not registered.", entry.index)
        self.units[unit] = entry.data["kind"]

    def _account(self, entry: Entry) -> Iterator[Finding]:
        account, unit, role = entry.data["account"], entry.data["unit"], entry.data["role"]
        if entry.stream != f"account/{account}":
            zh = f"账号 {account} 记在 {entry.stream} 下。"
            yield broken("actors", zh, f"The account {account} stands in {entry.stream}.", entry.index)
        if account == "system":
            zh = "system 是日志自身，不能开立为账号。"
            yield broken("actors", zh, "The account system is the log itself and nobody's.", entry.index)
        if unit not in self.units:
            zh = f"账号 {account} 的单位 {unit} 没有登记。"
            yield broken("actors", zh, f"The unit {unit} of the account {account} is not registered.", entry.index)
        elif self.units[unit] not in ROLE_UNITS.get(role, (self.units[unit],)):
            zh = f"账号 {account} 的角色 {role} 不能设在单位 {unit}（{self.units[unit]}）。"
            en = f"The account {account} has the role {role} in {unit}, a unit of the kind {self.units[unit]}."
            yield broken("actors", zh, en, entry.index)
        self.accounts[account] = (role, unit)

    def _closing(self, entry: Entry) -> Iterator[Finding]:
        name = entry.stream.partition("/")[2]
        if name in self.closed:
            zh = f"账号 {name} 已经关闭。"
            yield broken("actors", zh, f"The account {name} is closed already.", entry.index)
        self.closed.setdefault(name, entry.index)
