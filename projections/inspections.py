"""The inspections: from the notice to the published result, with the deadline that the recorded calendars give.

The deadline of a result that is not published yet follows every calendar recorded since; once it is published, the
deadline is what the log says it was. A count that runs into a year without a calendar has no deadline: provisional.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import lru_cache

from projections import bulk
from projections.registries import AS_FROZEN
from projections.rows import Key, Rows, UnknownKind, ViewError
from projections.tables import Connection, Record, Table, decoders, execute, fetch, fetch_one
from projections.view import Documents, View, content
from verify import canonical
from verify.calendar import OUTER_DAYS, PUBLICATION_DAYS, Calendar, UnknownYear
from verify.entries import Entry

_RECORDS = 'SELECT record FROM view_calendar ORDER BY "index"'
_COUNTS = Table(
    "view_published", "what TEXT NOT NULL, name TEXT NOT NULL, published BIGINT NOT NULL, PRIMARY KEY (what, name)"
)
"""How many results are published, by `draw` and by `category`."""


def fold(rows: Rows, entry: Entry, documents: Documents) -> None:
    """Fold one entry of an inspection, or a calendar, which moves the deadlines that are still open."""
    key, data = {"stream": entry.stream}, entry.data
    match entry.kind:
        case "calendar.recorded":
            record = canonical.loads(b"".join(content(documents, data["document"])))
            rows.put("view_calendar", index=entry.index, at=entry.at, year=data["year"], record=record)
            _count_anew(rows)
        case "inspection.notified":
            rows.put("view_inspection", **key, **data, state="notified", notified_at=entry.at)
        case "inspection.completed":
            facts = {"completed_on": data["completed_on"], "methods": data["methods"], "completed_at": entry.at}
            dates = _deadlines(rows, data["completed_on"])
            rows.change("view_inspection", key, state="completed", **facts, **dates)
        case "result.recorded":
            rows.change("view_inspection", key, state="recorded", recorded_at=entry.at, **data)
        case "result.published":
            told = {"published": entry.index, "published_at": entry.at}
            rows.change("view_inspection", key, state="published", **told, **data)
            rows.afterwards(_note_results, entry.stream, entry.index)
        case _:
            raise UnknownKind(entry)


def _deadlines(rows: Rows, completed_on: str) -> Record:
    """Return the dates that follow from one day, counted once in a batch."""
    counted: dict[str, Record] = rows.keep("deadlines", dict)
    if completed_on not in counted:
        recorded = rows.keep("calendar", lambda: _whole(rows.fetch(_RECORDS)))
        counted[completed_on] = _count(recorded, completed_on)
    return counted[completed_on]


def _count(recorded: Calendar, completed_on: str) -> Record:
    def count(days: int) -> str | None:
        try:
            return recorded.deadline(completed_on, days)
        except UnknownYear:
            return None

    deadline = count(PUBLICATION_DAYS)
    return {"deadline": deadline, "outer_deadline": count(OUTER_DAYS), "provisional": deadline is None}


def _count_anew(rows: Rows) -> None:
    for name in ("deadlines", "calendar"):
        rows.forget(name)
    sql = "SELECT stream, completed_on FROM view_inspection WHERE completed_on IS NOT NULL AND published IS NULL"
    for row in rows.fetch(sql):
        rows.change("view_inspection", {"stream": row["stream"]}, **_deadlines(rows, row["completed_on"]))


def _note_results(connection: Connection, published: list[Key]) -> None:
    """Note what was published, and count it by draw and by category."""
    sql = (
        "SELECT stream, draw, categories, not_checkable FROM view_inspection WHERE categories IS NOT NULL AND stream IN"
    )
    index_of: dict[str, int] = dict(published)
    results, counted = [], Counter[tuple[str, str]]()
    for row in bulk.named(connection, sql, list(index_of)):
        index = index_of.pop(row["stream"])
        categories = _read(row["categories"]) or [row["not_checkable"]]
        results += [(category, index, row["stream"]) for category in categories]
        counted.update([("draw", row["draw"]), *(("category", category) for category in categories)])
    for stream, index in index_of.items():
        raise ViewError(f"entry {index} publishes a result of {stream} that was not recorded")
    bulk.insert(connection, "view_result", ("category", "published", "inspection"), results)
    bulk.add(connection, _COUNTS, "published", [(*key, number) for key, number in sorted(counted.items())])


_read = lru_cache(maxsize=1024)(json.loads)
"""Reads a list of categories; there are few of them, and each comes thousands of times."""


def _whole(records: list[Record]) -> Calendar:
    """Return the working days of all records, a later record of a year replacing an earlier one."""
    whole = Calendar()
    for found in records:
        whole = whole.plus(canonical.loads(found["record"].encode()))
    return whole


VIEW = View(
    "inspections",
    frozenset({"inspection", "calendar"}),
    {
        "view_calendar": """"index" BIGINT PRIMARY KEY, at TEXT NOT NULL, year BIGINT NOT NULL,
            record TEXT NOT NULL""",
        "view_inspection": """stream TEXT PRIMARY KEY, draw TEXT NOT NULL, object TEXT NOT NULL, item TEXT NOT NULL,
            inspectors TEXT NOT NULL, visit_on TEXT NOT NULL, state TEXT NOT NULL, notified_at TEXT NOT NULL,
            completed_on TEXT, completed_at TEXT, methods TEXT, deadline TEXT, outer_deadline TEXT,
            provisional BIGINT, recorded_at TEXT, categories TEXT, not_checkable TEXT, follow_up TEXT,
            published BIGINT, published_at TEXT, channel TEXT, reference TEXT, late BIGINT""",
        "view_result": """category TEXT NOT NULL, published BIGINT NOT NULL, inspection TEXT NOT NULL,
            PRIMARY KEY (category, published)""",
        _COUNTS.name: _COUNTS.definition,
    },
    fold,
    (
        "view_inspection_open ON view_inspection (completed_on) WHERE published IS NULL",
        "view_inspection_published ON view_inspection (published) WHERE published IS NOT NULL",
    ),
)
_DECODE = decoders(["inspectors", "methods", "categories"], ["provisional", "late"])
_INSPECTION = f"""SELECT n.*, r.name, i.name AS item_name FROM view_inspection n
    LEFT JOIN view_draw d ON d.stream = n.draw
    LEFT JOIN view_registry_row r ON r.registry = d.objects AND r.id = n.object
        AND {AS_FROZEN.format(version="d.objects_version")}
    LEFT JOIN view_plan p ON p.stream = d.plan
    LEFT JOIN view_item i ON i.itemlist = p.itemlist AND i.item = n.item"""
_OPEN = f"{_INSPECTION} WHERE n.completed_on IS NOT NULL AND n.published IS NULL"
_BEHIND = """(:after = '' OR (coalesce(n.deadline, '~'), n.stream) >
    (SELECT coalesce(deadline, '~'), stream FROM view_inspection WHERE stream = :after))"""
_BY_DEADLINE = f"AND {_BEHIND} ORDER BY coalesce(n.deadline, '~'), n.stream LIMIT :limit"


def calendar(connection: Connection) -> Calendar:
    """Return the working days as recorded so far, a later record of a year replacing an earlier one."""
    return _whole(fetch(connection, _RECORDS))


def calendars(connection: Connection) -> list[Record]:
    """Return every calendar recorded, the first record first."""
    return fetch(connection, 'SELECT * FROM view_calendar ORDER BY "index"', decode=decoders(["record"]))


def inspection(connection: Connection, stream: str) -> Record | None:
    """Return one inspection."""
    return fetch_one(connection, f"{_INSPECTION} WHERE n.stream = ?", (stream,), _DECODE)


def inspections(connection: Connection, after: str = "", limit: int = 100) -> list[Record]:
    """Return the inspections in the order of their ids, those behind the stream `after`."""
    return fetch(connection, f"{_INSPECTION} WHERE n.stream > ? ORDER BY n.stream LIMIT ?", (after, limit), _DECODE)


def overdue(connection: Connection, day: str, after: str = "", limit: int = 100) -> list[Record]:
    """Return the inspections whose result was due before `day` and is not public yet, the oldest debt first."""
    given = {"day": day, "after": after, "limit": limit}
    return fetch(connection, f"{_OPEN} AND n.deadline < :day {_BY_DEADLINE}", given, _DECODE)


def due_soon(connection: Connection, day: str, until: str, after: str = "", limit: int = 100) -> list[Record]:
    """Return the inspections whose result is due from `day` to `until` or at a day no calendar tells, soonest first."""
    given = {"day": day, "until": until, "after": after, "limit": limit}
    due = "(n.deadline BETWEEN :day AND :until OR n.deadline IS NULL)"
    return fetch(connection, f"{_OPEN} AND {due} {_BY_DEADLINE}", given, _DECODE)


def results(connection: Connection, category: str = "", before: int | None = None, limit: int = 100) -> list[Record]:
    """Return published results, the latest first: those of one category or state, and those before the log index."""
    given = {"category": category, "before": 2**53 if before is None else before, "limit": limit}
    if category:
        chosen = f"{_INSPECTION} JOIN view_result v ON v.inspection = n.stream AND v.category = :category"
    else:
        chosen = f"{_INSPECTION} JOIN view_inspection v ON v.stream = n.stream"
    sql = f"{chosen} WHERE v.published < :before ORDER BY v.published DESC LIMIT :limit"
    return fetch(connection, sql, given, _DECODE)


def counts(connection: Connection) -> dict[str, int]:
    """Return how many published results there are of each category or state."""
    sql = "SELECT name, published FROM view_published WHERE what = 'category'"
    return dict(execute(connection, sql).fetchall())
