"""Refusals: a command that may not be carried out is answered with a reason in Chinese and English, and its rule.

The class decides the HTTP status, never the text. A refusal changes nothing and loses nothing.
"""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """A command was refused. `zh`, `en`: the reason with its values; `rule`: the clause; `errors`: the faulty places."""

    def __init__(self, zh: str, en: str, rule: str, errors: list[dict[str, Any]] | None = None) -> None:
        super().__init__(f"{zh} / {en} [{rule}]")
        self.zh, self.en, self.rule, self.errors = zh, en, rule, errors or []


class Forbidden(Refusal):
    """The account's role, unit or part in the matter does not allow this command."""


class NotFound(Refusal):
    """What the command names does not exist."""


class Conflict(Refusal):
    """The state of the matter does not allow this command now, or its id was used for another one."""


class Invalid(Refusal):
    """The facts of the command break a rule; with other facts it could be carried out."""


class Unavailable(Refusal):
    """Not now: another process has the log, its database is older than what was published, or a draw's cosigners are away."""
