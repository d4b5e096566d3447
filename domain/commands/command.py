"""A command that can be carried out at once, or asked for together with others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, Generic, ParamSpec

from domain.core import Core, Intent, Receipt

P = ParamSpec("P")


class command(Generic[P]):
    """Makes a command of a method that returns an intent: `ledger.notify(…)` carries it out, and
    `ledger.notify.intent(…)` only says what is wanted, for a request of several commands or a group commit.
    """

    def __init__(self, intend: Callable[Concatenate[Any, P], Intent]) -> None:
        self._intend = intend
        self.__doc__ = intend.__doc__

    def __get__(self, ledger: Core, owner: type[Core]) -> Bound[P]:
        return Bound(ledger, self._intend)


class Bound(Generic[P]):
    """A command of one ledger."""

    def __init__(self, ledger: Core, intend: Callable[Concatenate[Any, P], Intent]) -> None:
        self._ledger, self._intend = ledger, intend

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Receipt:
        """Carry the command out."""
        return self._ledger.carry_out([self.intent(*args, **kwargs)])[0]

    def intent(self, *args: P.args, **kwargs: P.kwargs) -> Intent:
        """Return what is wanted; nothing is asked of the log yet."""
        return self._intend(self._ledger, *args, **kwargs)
