"""Group commit: while one batch of commands becomes durable, the next one forms; nobody is acknowledged before his own is.

Commands are decided on the event loop, one request at a time, and committed in a thread. A batch that conflicts is taken
apart: each request is then recorded alone, and only the guilty one is decided again. Source: ledger specification, section 7.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from eventsourcing.persistence import IntegrityError

from domain.core import Core, Decided, Intent, Receipt
from domain.errors import Refusal, Unavailable
from domain.store.contract import Change, Placed, Store

MOST = 500
"""So many entries share a transaction; one request may have more, and then has one of its own."""
OPTIMISTIC = 2
"""So often a request is decided beside others; after that it is let through alone."""

Outcome = list[Placed] | BaseException


@dataclass
class _Request:
    """The changes of one request that wait to be recorded, and the promise that is kept then."""

    changes: list[Change]
    settled: asyncio.Future[list[Placed]]


class Group:
    """The group commit of one log in one event loop; `close` waits for the batch under way."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._waiting: list[_Request] = []
        self._committing = self._closed = False
        self._committer = ThreadPoolExecutor(1, "fairdraw-commit")

    def close(self) -> None:
        """Wait until what is under way is durable or refused; whoever comes later is Unavailable."""
        self._closed = True
        self._committer.shutdown()

    async def carry_out(self, intents: Sequence[Intent]) -> list[Receipt]:
        """Carry out the commands of one request, all or none. As `Core.carry_out`, in a transaction shared with others."""
        self._core.admit(intents)
        if self._closed:
            raise Unavailable("台账已关闭", "the log is closed", "LEDGER 7")
        for attempt in range(OPTIMISTIC):
            try:
                decided = self._core.decide(intents, fresh=attempt > 0)
                placed = await self._recorded(decided)
                return [self._core.acknowledge(each, place) for each, place in zip(decided, placed, strict=True)]
            except Unavailable:
                raise
            except (Refusal, IntegrityError) as fault:
                # It may have been carried out before: that is looked up only where it did not go through.
                done = await asyncio.to_thread(self._core.done, intents)
                if done is not None:
                    return done
                if isinstance(fault, Refusal):
                    raise
        return await asyncio.to_thread(self._core.carry_out, intents)

    def _recorded(self, decided: list[Decided]) -> asyncio.Future[list[Placed]]:
        request = _Request([each.change for each in decided], asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        self._commit_next()
        return request.settled

    def _commit_next(self) -> None:
        if self._committing or not self._waiting:
            return
        self._committing = True
        batch, self._waiting = together(self._waiting)
        asyncio.get_running_loop().create_task(self._commit(batch))

    async def _commit(self, batch: list[_Request]) -> None:
        loop = asyncio.get_running_loop()
        orders = [request.changes for request in batch]
        try:
            outcomes = await loop.run_in_executor(self._committer, record, self._core.store, orders)
        except BaseException as fault:  # whatever it is, nobody waits for ever
            outcomes = [fault] * len(batch)
        self._committing = False
        for request, outcome in zip(batch, outcomes, strict=True):
            if request.settled.cancelled():
                continue  # whoever asked has hung up; what is recorded stays recorded
            if isinstance(outcome, BaseException):
                request.settled.set_exception(outcome)
            else:
                request.settled.set_result(outcome)
        self._commit_next()


def together(waiting: Sequence[_Request]) -> tuple[list[_Request], list[_Request]]:
    """Return the requests of the next batch and those that wait on: at most `MOST` entries, of which none touches another.

    What a decision rests on is compared with what was there before the batch, so whoever rests on what another one of it
    changes comes after it, and learns then that it has moved.
    """
    batch: list[_Request] = []
    later: list[_Request] = []
    number, changed, commands = 0, set[str](), set[tuple[str | None, str | None]]()
    for request in waiting:
        own = {(change.account, change.command) for change in request.changes}
        full = bool(batch) and number + len(request.changes) > MOST
        if full or own & commands or _rests_on(request, changed):
            later.append(request)
            continue
        batch.append(request)
        number += len(request.changes)
        changed.update(change.stream for change in request.changes)
        commands |= own
    return batch, later


def _rests_on(request: _Request, changed: set[str]) -> bool:
    grounds = request.changes[0].grounds
    if grounds is None or not changed:
        return False
    if not changed.isdisjoint(grounds.streams):
        return True
    return any(stream.startswith(prefix) for prefix in grounds.families for stream in changed)


def record(store: Store, orders: Sequence[list[Change]]) -> list[Outcome]:
    """Record requests in one transaction; where one of them does not go through, each in one of its own."""
    try:
        placed = iter(store.append([change for changes in orders for change in changes]))
        return [[next(placed) for _ in changes] for changes in orders]
    except IntegrityError as fault:
        if len(orders) == 1:
            return [fault]
    except Exception as fault:
        return [fault for _ in orders]
    return [outcome for changes in orders for outcome in record(store, [changes])]
