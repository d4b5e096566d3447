"""The ledger: every command there is, over one log."""

from __future__ import annotations

from domain.commands.log import LogCommands


class Ledger(LogCommands):
    """One authority's log: written by one process on SQLite, by several on PostgreSQL.

    `Ledger.create(folder, origin, …)` makes one, `Ledger.open(folder)` opens it; commands are its methods, each answering
    a `Receipt` or raising a `domain.errors.Refusal`.
    """
