"""A log's place in PostgreSQL: the schema of its record and the tables of its views, made or updated in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from domain.store.migration import migrate
from domain.store.postgres_schema import VERSION
from projections import tail

VIEW_TABLES = (*tail.TABLES, "view_position")
"""Every table whose rows follow from the entries; the service may change them, a reader may read them."""


@dataclass(frozen=True)
class Prepared:
    """What was done: the version found before (0: none), the version now, and the views whose tables were made anew."""

    found: int
    version: int
    views: tuple[str, ...]


def prepare(dsn: str, schema: str, service_role: str, reader_role: str | None = None) -> Prepared:
    """Make or update `schema` as the migration role that `dsn` connects as; a second call changes nothing.

    A view of another form is made anew and empty: the service folds it again. Raises what `domain.store.migration.migrate`
    raises.
    """
    made: list[str] = []

    def make_views(connection: psycopg.Connection[Any]) -> tuple[str, ...]:
        made.extend(tail.make(connection))
        return VIEW_TABLES

    found = migrate(dsn, schema, service_role, reader_role, make_views)
    return Prepared(found, VERSION, tuple(made))
