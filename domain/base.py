"""What every aggregate shares: it decides in plain methods and records facts, and replaying facts checks nothing.

`apply` also runs on every replay, so it holds no rule: a rule that is tightened next year must not make last year's
history unloadable.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, Self

import msgspec

from domain.errors import Conflict, Invalid
from domain.roles import Actor, Cause
from domain.words import STEPS
from verify.kinds import KINDS
from verify.personal import looks_personal, texts
from verify.shape import misfit


class Fact(msgspec.Struct, frozen=True, rename={"originator_id": "stream", "originator_version": "version"}):
    """One thing that happened to one aggregate; `at` and `index` are None until the store has recorded it.

    Its fields are called as the library calls them, and read from an entry by the names they have there.
    """

    originator_id: str
    originator_version: int
    kind: str
    actor: Actor
    command: str
    data: dict[str, Any]
    at: str | None = None
    index: int | None = None


def refuse_personal(value: Any, where: str = "") -> None:
    """Refuse what would become public with something like a person's number in its texts; `where` names the place."""
    personal = looks_personal("\n".join(texts(value)))  # no number goes over the end of a line
    if personal:
        place = f"{where}：" if where else ""
        raise Invalid(
            f"{place}公开内容中疑有公民身份号码或手机号（{personal[:4]}…），不得写入",
            f"{where and where + ': '}something like a person's identity number or phone ({personal[:4]}…) must not become public",
            "LEDGER 5",
        )


class Recorded(ABC):
    """An aggregate: its stream as `id`, its `version`, and the facts not yet saved."""

    shared = False
    """Whether others may be reading this very object, so that nothing may be recorded in it."""

    def __init__(self, stream: str) -> None:
        self.id = stream
        self.version = 0
        self.pending: list[Fact] = []

    def record(self, kind: str, cause: Cause, data: dict[str, Any]) -> None:
        """Note a fact and change the state by it. Invalid where `data` has not the form of its kind."""
        if self.shared:
            raise RuntimeError(f"{self.id} is shared with other decisions: decide on a fork")
        form = KINDS[kind]
        reason = misfit(data, form.data)
        if reason:
            raise Invalid(f"{STEPS[kind]}的数据格式不符（{reason}）", reason, "LEDGER 2")
        refuse_personal(data)
        if form.first is not None and form.first != (self.version == 0):
            self.refuse_state("尚未建立" if self.version == 0 else "已经存在", kind)
        fact = Fact(self.id, self.version + 1, kind, cause.actor, cause.command, data)
        self._replay(fact)
        self.pending.append(fact)

    def refuse_state(self, state: str, kind: str) -> None:
        """Refuse a command that the present state does not allow."""
        raise Conflict(f"{self.id} {state}，不能{STEPS[kind]}", f"{self.id} does not allow {kind} now", "LEDGER 2")

    def fork(self) -> Self:
        """Return the same aggregate to decide on: what is recorded in the one does not show in the other.

        Copied are the collections that `apply` adds to; what it puts into them is never changed afterwards.
        """
        twin = object.__new__(type(self))
        for name, value in self.__dict__.items():
            twin.__dict__[name] = value.copy() if isinstance(value, list | dict | set) else value
        twin.pending, twin.shared = [], False
        return twin

    def collect_events(self) -> Sequence[Fact]:
        """Hand over the facts to be saved, once."""
        pending, self.pending = self.pending, []
        return pending

    @abstractmethod
    def apply(self, fact: Fact) -> None:
        """Change the state by one fact. No checks here."""

    def _replay(self, fact: Fact) -> None:
        self.apply(fact)
        self.version = fact.originator_version

    @classmethod
    def project(cls, aggregate: Self | None, facts: Iterable[Fact]) -> Self | None:
        """Fold recorded facts, from nothing or from an older state; None where there are none."""
        for fact in facts:
            if aggregate is None:
                aggregate = cls(fact.originator_id)
            aggregate._replay(fact)
        return aggregate
