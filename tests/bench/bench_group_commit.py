"""Sixteen clients that command at once: with group commit, and with a transaction for each command."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

from domain.core import Decision, Intent
from domain.grouping import Group
from domain.ledger import Ledger
from domain.organisation import Unit
from domain.roles import Actor, Cause
from tests.bench.chains import ORIGIN
from tests.bench.compare import Row, Scale, Side, compare
from tests.postgres import server

CLIENTS = 16
ADMIN = Actor("admin", "admin", "220100")
Do = Callable[[Intent], Awaitable[object]]


def run(scale: Scale) -> list[Row]:
    """Return the rows of both databases."""
    with tempfile.TemporaryDirectory() as name, server() as postgres:
        places = {"SQLite": (None, 2.0), "PostgreSQL": (postgres.place().store, 4.0)}
        rows = []
        for database, (store, target) in places.items():
            folder = Path(name) / database
            with Ledger.create(folder, ORIGIN, unit="220100", unit_name="示例局", store=store) as ledger:
                rows.append(row(scale, database, ledger, target))
        return rows


def row(scale: Scale, database: str, ledger: Ledger, target: float) -> Row:
    """One log, both ways in turn."""
    each, wanted = scale.pick(2, 20, 60), intents(ledger)

    def grouped() -> None:
        async def all_of_them() -> None:
            with closing(Group(ledger)) as group:
                await clients(wanted, each, lambda intent: group.carry_out([intent]))

        asyncio.run(all_of_them())

    def alone() -> None:
        asyncio.run(clients(wanted, each, lambda intent: asyncio.to_thread(ledger.carry_out, [intent])))

    return compare(
        Side(f"{CLIENTS} concurrent commands with group commit, {database}", grouped, CLIENTS * each),
        Side("the same with one commit each", alone, CLIENTS * each),
        "commands",
        scale,
        at_least=target,
        how="whole commands: may they, load, decide, record, durable before the answer; units are registered",
    )


async def clients(wanted: Iterator[Intent], each: int, do: Do) -> None:
    """Let all clients command at once, each the next as soon as the one before is answered."""

    async def client() -> None:
        for _ in range(each):
            await do(next(wanted))

    await asyncio.gather(*(client() for _ in range(CLIENTS)))


def intents(ledger: Ledger) -> Iterator[Intent]:
    """Yield commands that do not touch one another."""
    for number in count():
        yield intent(ledger, f"2201{number:06}")


def intent(ledger: Ledger, unit: str) -> Intent:
    """Return the command that registers one unit."""

    def decide(cause: Cause) -> Decision:
        ledger._get(Unit, "unit/220100")
        fresh = ledger._fresh(Unit, f"unit/{unit}")
        fresh.register(cause, unit, "示例单位", "office", "220100")
        return Decision(fresh)

    facts = {"unit": unit, "name": "示例单位", "kind": "office", "parent": "220100"}
    return Intent(ADMIN, f"register-{unit}", "unit.registered", facts, decide)
