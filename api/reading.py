"""How a view is asked: it first catches up with the log, so that whoever wrote reads what was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from api.problems import Problem
from domain.ledger import Ledger
from projections import follow, rebuild, tail
from projections.tables import Connection, Record, snapshot

PATIENCE = 30.0
"""Seconds that a reader waits for what was written before."""


class Page(BaseModel):
    """A list, page by page: `index` entries of the log are in it, `next` is the `after` of the next page."""

    model_config = ConfigDict(json_schema_extra={"example": {"index": 42, "items": [{"id": "220100"}], "next": None}})
    index: int
    items: list[dict[str, Any]]
    next: str | None = None


class One(BaseModel):
    """One thing, as `index` entries of the log say it."""

    model_config = ConfigDict(json_schema_extra={"example": {"index": 42, "item": {"id": "220100-2026-1"}}})
    index: int
    item: dict[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """One moment of the views: every query on `connection` sees the same `index` entries."""

    connection: Connection
    index: int


def catch_up(ledger: Ledger) -> int:
    """Fold what the views lack, or wait for the worker that does; return how many entries they hold.

    503 where that takes longer than a reader may be kept waiting.
    """
    try:
        return follow.wait_for(ledger.store, ledger.size, PATIENCE)
    except follow.Behind as behind:
        reason = "视图正在追赶日志，请稍后再读", f"the views are catching up with the log, ask again soon: {behind}"
        raise Problem(503, *reason, headers={"Retry-After": "1"}) from behind


def rebuild_views(ledger: Ledger) -> tuple[str, str]:
    """Make every view anew beside the running service; return the digest over all rows before and after, to be equal."""
    follow.fold(ledger.store, ledger.size)
    return rebuild.rebuild(ledger.store)


@contextmanager
def up_to_date(ledger: Ledger) -> Iterator[Snapshot]:
    """Give a snapshot of the views that holds every entry acknowledged before."""
    size = ledger.size
    with ledger.store.reading() as connection, snapshot(connection):
        reached = tail.position(connection)
        if reached >= size or ledger.read_only:  # a copy has no hand in folding: it shows how far its views have come
            yield Snapshot(connection, reached)
            return
    catch_up(ledger)
    with ledger.store.reading() as connection, snapshot(connection):
        yield Snapshot(connection, tail.position(connection))


def page(
    ledger: Ledger, query: Callable[[Connection], list[Record]], limit: int, key: str = "id", noun: str = ""
) -> Page:
    """Return one page; `key` names the column that the next page goes on behind. Streams also get their `id`."""
    with up_to_date(ledger) as snapshot:
        items = [named(item) for item in query(snapshot.connection)]
        more = str(items[-1][key]) if len(items) == limit else None
        return Page(index=snapshot.index, items=items, next=more)


def one(ledger: Ledger, query: Callable[[Connection], Record | None]) -> One:
    """Return one thing; 404 where there is none."""
    with up_to_date(ledger) as snapshot:
        return One(index=snapshot.index, item=named(existing(query(snapshot.connection))))


def existing(found: Record | None) -> Record:
    """Return what was found; 404 where nothing was."""
    if found is None:
        raise Problem(404, "没有这项记录", "there is no such record")
    return found


def named(item: Mapping[str, Any]) -> Record:
    """Return a record of a stream with its `id`, the stream without its noun, as paths spell it."""
    identity = {"id": item["stream"].partition("/")[2]} if "stream" in item else {}
    return identity | dict(item)


def behind(noun: str, after: str) -> str:
    """Return the stream that a page begins behind."""
    return f"{noun}/{after}" if after else ""
