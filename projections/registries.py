"""The two registries: who may be inspected and who inspects, as they stand and as they stood at each version."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from projections.bulk import execute_many
from projections.rows import Key, Rows, UnknownKind, ViewError
from projections.tables import PAGE, Connection, Record, decoders, execute, fetch, fetch_one
from projections.view import Documents, View, content, moment
from verify.documents import own_lines
from verify.entries import Entry

_DECODE = decoders(["created", "filed"])
_DECODE_BATCH = decoders(["source", "document"])
_ROW = ',"row":'
AS_FROZEN = "r.since <= {version} AND (r.until IS NULL OR r.until > {version})"
"""The condition on `view_registry_row r` that picks the rows of one version of a registry."""


def fold(rows: Rows, entry: Entry, documents: Documents) -> None:
    """Fold one entry of a registry."""
    data, key = entry.data, {"stream": entry.stream}
    match entry.kind:
        case "registry.created":
            rows.put("view_registry", **key, **data, version=1, count=0, created=moment(entry))
        case "registry.imported":
            state = data["state"]
            rows.change("view_registry", key, version=entry.version, count=state["count"], root=state["root"])
            _note_batch(rows, entry)
            _apply(rows, entry, own_lines(content(documents, data["document"])))
        case "registry.filed":
            rows.change("view_registry", key, version=entry.version, filed=moment(entry) | data)
        case "registry.paired":
            rows.change("view_registry", key, version=entry.version)
            rows.afterwards(_pair, entry.stream, data["inspectors"], entry.index)
        case _:
            raise UnknownKind(entry)


def _note_batch(rows: Rows, entry: Entry) -> None:
    facts = {key: entry.data[key] for key in ("mode", "added", "changed", "removed", "document", "source")}
    rows.put("view_batch", registry=entry.stream, version=entry.version, **moment(entry), **facts)


def _apply(rows: Rows, entry: Entry, lines: Iterable[bytes]) -> None:
    """End the rows that were changed or removed, begin those that were added or changed: no version is lost."""
    registry, version = entry.stream, entry.version
    for raw in lines:
        text = raw.decode()
        line = json.loads(text)
        if line["op"] != "added":
            rows.afterwards(_end, version, registry, line["id"], version)
        if line["op"] != "removed":
            # Keys are sorted, so the row is the last of the three and its text stands there as it is kept.
            row = text[text.index(_ROW) + len(_ROW) : -1]
            name = _name(line["row"])
            rows.put("view_registry_row", registry=registry, id=line["id"], since=version, name=name, row=row)


def _end(connection: Connection, ended: list[Key]) -> None:
    """End rows in the order of their versions: a row may begin and end within one batch."""
    sql = "UPDATE view_registry_row SET until = ? WHERE registry = ? AND id = ? AND until IS NULL AND since < ?"
    if execute_many(connection, sql, ended) != len(ended):
        registries = ", ".join(sorted({registry for _, registry, _, _ in ended}))
        raise ViewError(f"an import changes rows of {registries} that are not there")


def _pair(connection: Connection, pairs: list[Key]) -> None:
    sql = 'INSERT INTO view_pairing (objects, inspectors, "index") VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
    execute_many(connection, sql, pairs)


def _name(row: Record) -> str | None:
    """The name of a business is public; that of an inspector is a commitment and stays one."""
    return row["name"] if isinstance(row["name"], str) else None


VIEW = View(
    "registries",
    frozenset({"registry"}),
    {
        "view_registry": """stream TEXT PRIMARY KEY, type TEXT NOT NULL, title TEXT NOT NULL, unit TEXT NOT NULL,
            item TEXT, version BIGINT NOT NULL, count BIGINT NOT NULL, root TEXT, created TEXT NOT NULL,
            filed TEXT""",
        "view_pairing": """objects TEXT NOT NULL, inspectors TEXT NOT NULL, "index" BIGINT NOT NULL,
            PRIMARY KEY (objects, inspectors)""",
        "view_batch": """registry TEXT NOT NULL, version BIGINT NOT NULL, "index" BIGINT NOT NULL, at TEXT NOT NULL,
            account TEXT NOT NULL, unit TEXT NOT NULL, mode TEXT NOT NULL, added BIGINT NOT NULL,
            changed BIGINT NOT NULL, removed BIGINT NOT NULL, document TEXT NOT NULL, source TEXT NOT NULL,
            PRIMARY KEY (registry, version)""",
        "view_registry_row": """registry TEXT NOT NULL, id TEXT NOT NULL, since BIGINT NOT NULL, until BIGINT,
            name TEXT, "row" TEXT NOT NULL, PRIMARY KEY (registry, id, since)""",
    },
    fold,
)


def registries(connection: Connection, after: str = "", limit: int = 100) -> list[Record]:
    """Return the registries in the order of their codes, those behind the stream `after`."""
    sql = "SELECT * FROM view_registry WHERE stream > ? ORDER BY stream LIMIT ?"
    return fetch(connection, sql, (after, limit), _DECODE)


def registry(connection: Connection, stream: str) -> Record | None:
    """Return one registry without its rows."""
    return fetch_one(connection, "SELECT * FROM view_registry WHERE stream = ?", (stream,), _DECODE)


def pairings(connection: Connection, objects: str) -> list[str]:
    """Return the registries of inspectors that a registry of objects is paired with, the first pairing first."""
    sql = 'SELECT inspectors FROM view_pairing WHERE objects = ? ORDER BY "index"'
    return [row["inspectors"] for row in fetch(connection, sql, (objects,))]


def batches(connection: Connection, stream: str) -> list[Record]:
    """Return every import into a registry, the first one first: who changed the list, and by how much."""
    sql = "SELECT * FROM view_batch WHERE registry = ? ORDER BY version"
    return fetch(connection, sql, (stream,), _DECODE_BATCH)


def rows(connection: Connection, stream: str, after: str = "", limit: int = 100) -> list[Record]:
    """Return the rows that a registry holds now, in the order of their ids, each as the log says it."""
    sql = 'SELECT "row" FROM view_registry_row WHERE registry = ? AND id > ? AND until IS NULL ORDER BY id LIMIT ?'
    return [found["row"] for found in fetch(connection, sql, (stream, after, limit), decoders(["row"]))]


def overlap(connection: Connection, stream: str, given: Iterator[str]) -> tuple[int, int]:
    """Return how many rows a registry holds now, and how many of them have one of the ids `given`, which come sorted."""
    held = present = 0
    name = next(given, None)
    for there in _ids(connection, stream):
        held += 1
        while name is not None and name < there:
            name = next(given, None)
        present += name == there
    return held, present


def _ids(connection: Connection, stream: str) -> Iterator[str]:
    sql = "SELECT id FROM view_registry_row WHERE registry = ? AND id > ? AND until IS NULL ORDER BY id LIMIT ?"
    after = ""
    while page := execute(connection, sql, (stream, after, PAGE)).fetchall():
        yield from (row[0] for row in page)
        after = page[-1][0]
