"""The library's own way to keep a view: an application, a projection, a runner with a transaction per event.

Only to be imported after `tests.bench.peers.environment.borrow`, because the library's PostgreSQL needs a pool that we do not.
"""

from __future__ import annotations

import json
from itertools import islice
from time import perf_counter
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL

from tests.bench.chains import inspections

SAVED_AT_ONCE = 100


class Inspection(Aggregate):
    """An inspection whose events carry the data of our entries."""

    class Stepped(Aggregate.Event):
        stream: str
        step: str
        data: dict[str, Any]

    def __init__(self, stream: str) -> None:
        pass

    @classmethod
    def create_id(cls, stream: str) -> Any:
        """Name the aggregate after its stream."""
        return uuid5(NAMESPACE_URL, stream)


class Inspections(Application[Any]):
    """The application whose events are followed."""


class Table(PostgresTrackingRecorder):
    """One row per inspection, written together with the place that was reached."""

    def __init__(self, datastore: Any, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        self.sql_create_statements.append(
            SQL(
                "CREATE TABLE IF NOT EXISTS inspection (stream text PRIMARY KEY, draw text, object text, item text, "
                "inspectors text, visit_on text, state text, completed_on text, methods text, categories text, "
                "channel text, reference text, late text)"
            ).format()
        )

    def note(self, tracking: Tracking, sql: bytes, values: tuple[Any, ...]) -> None:
        """Run one statement and note the place, in one transaction."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(sql, values, prepare=True)


class Following(Projection[Table]):
    """Turns each event into one statement."""

    name = "following"

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """Write what one event says."""
        data, stream = getattr(domain_event, "data", None), getattr(domain_event, "stream", "")
        if data is None:
            self.view.insert_tracking(tracking)
        elif domain_event.step == "inspection.notified":
            values = (stream, *(data[key] for key in ("draw", "object", "item")), json.dumps(data["inspectors"]))
            columns = b"INSERT INTO inspection (stream, draw, object, item, inspectors, visit_on, state) "
            self.view.note(
                tracking, columns + b"VALUES (%s, %s, %s, %s, %s, %s, 'notified')", (*values, data["visit_on"])
            )
        elif domain_event.step == "inspection.completed":
            done = (data["completed_on"], json.dumps(data["methods"]), stream)
            self.view.note(
                tracking,
                b"UPDATE inspection SET state = 'completed', completed_on = %s, methods = %s WHERE stream = %s",
                done,
            )
        elif domain_event.step == "result.recorded":
            found = (json.dumps(data["categories"]), stream)
            sql = b"UPDATE inspection SET state = 'recorded', categories = %s WHERE stream = %s"
            self.view.note(tracking, sql, found)
        else:
            told = (data["channel"], data["reference"], str(data["late"]), stream)
            sql = (
                b"UPDATE inspection SET state = 'published', channel = %s, reference = %s, late = %s WHERE stream = %s"
            )
            self.view.note(tracking, sql, told)


class Runner:
    """An application that is given events, and the runner that follows it."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.application = Inspections(environment)
        self._source, self._followed = inspections(), 0
        self._known: dict[str, Inspection] = {}

    def add(self, events: int) -> None:
        """Save so many events more."""
        batch: dict[str, Inspection] = {}
        for number, made in enumerate(islice(self._source, events), 1):
            found = self._known.get(made.stream) or Inspection(made.stream)
            found.trigger_event(Inspection.Stepped, stream=made.stream, step=made.kind, data=json.loads(made.data))
            self._known[made.stream] = batch[made.stream] = found
            if number % SAVED_AT_ONCE == 0 or number == events:
                self.application.save(*batch.values())
                batch.clear()

    def follow(self) -> tuple[float, int]:
        """Let a runner process what was not followed yet; return the seconds, and how many events it processed."""
        last = self.application.recorder.max_notification_id() or 0
        start = perf_counter()
        with ProjectionRunner(
            application_class=Inspections, projection_class=Following, view_class=Table, env=self.environment
        ) as runner:
            runner.wait(last, timeout=600)
            took = perf_counter() - start
        done, self._followed = last - self._followed, last
        return took, done

    def close(self) -> None:
        """Close the application."""
        self.application.close()
