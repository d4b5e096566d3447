"""The two registries: who may be inspected and who inspects, as they stand and as they stood at each version."""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection

from projections.view import (
    Documents,
    Record,
    UnknownKind,
    View,
    ViewError,
    change,
    decoders,
    fetch,
    fetch_one,
    lines,
    moment,
    put,
    put_all,
)
from verify.entries import Entry

_DECODE = decoders(["created", "filed"])
_DECODE_BATCH = decoders(["source", "document"])
AS_FROZEN = "r.since <= {version} AND (r.until IS NULL OR r.until > {version})"
"""The condition on `view_registry_row r` that picks the rows of one version of a registry."""


def fold(connection: Connection, entry: Entry, documents: Documents) -> None:
    """Fold one entry of a registry."""
    data, key = entry.data, {"stream": entry.stream}
    match entry.kind:
        case "registry.created":
            put(connection, "view_registry", **key, **data, version=1, count=0, created=moment(entry))
        case "registry.imported":
            state = data["state"]
            change(connection, "view_registry", key, version=entry.version, count=state["count"], root=state["root"])
            _note_batch(connection, entry)
            _apply(connection, entry, lines(documents, data))
        case "registry.filed":
            change(connection, "view_registry", key, version=entry.version, filed=moment(entry) | data)
        case "registry.paired":
            change(connection, "view_registry", key, version=entry.version)
            pair = (entry.stream, data["inspectors"], entry.index)
            connection.execute("INSERT OR IGNORE INTO view_pairing VALUES (?, ?, ?)", pair)
        case _:
            raise UnknownKind(entry)


def _note_batch(connection: Connection, entry: Entry) -> None:
    facts = {key: entry.data[key] for key in ("mode", "added", "changed", "removed", "document", "source")}
    put(connection, "view_batch", registry=entry.stream, version=entry.version, **moment(entry), **facts)


def _apply(connection: Connection, entry: Entry, batch: Iterable[Record]) -> None:
    """End the rows that were changed or removed, begin those that were added or changed: no version is lost."""
    batch = list(batch)
    registry, version = entry.stream, entry.version
    ended = [(version, registry, line["id"]) for line in batch if line["op"] != "added"]
    sql = "UPDATE view_registry_row SET until = ? WHERE registry = ? AND id = ? AND until IS NULL"
    done = connection.executemany(sql, ended)
    if ended and done.rowcount != len(ended):
        raise ViewError(f"entry {entry.index} changes rows of {registry} that are not there")
    put_all(
        connection,
        "view_registry_row",
        (
            {"registry": registry, "id": line["id"], "since": version, "name": _name(line["row"]), "row": line["row"]}
            for line in batch
            if line["op"] != "removed"
        ),
    )


def _name(row: Record) -> str | None:
    """The name of a business is public; that of an inspector is a commitment and stays one."""
    return row["name"] if isinstance(row["name"], str) else None


VIEW = View(
    "registries",
    frozenset({"registry"}),
    {
        "view_registry": """stream TEXT PRIMARY KEY, type TEXT NOT NULL, title TEXT NOT NULL, unit TEXT NOT NULL,
            item TEXT, version INTEGER NOT NULL, count INTEGER NOT NULL, root TEXT, created TEXT NOT NULL,
            filed TEXT""",
        "view_pairing": """objects TEXT NOT NULL, inspectors TEXT NOT NULL, "index" INTEGER NOT NULL,
            PRIMARY KEY (objects, inspectors)""",
        "view_batch": """registry TEXT NOT NULL, version INTEGER NOT NULL, "index" INTEGER NOT NULL, at TEXT NOT NULL,
            account TEXT NOT NULL, unit TEXT NOT NULL, mode TEXT NOT NULL, added INTEGER NOT NULL,
            changed INTEGER NOT NULL, removed INTEGER NOT NULL, document TEXT NOT NULL, source TEXT NOT NULL,
            PRIMARY KEY (registry, version)""",
        "view_registry_row": """registry TEXT NOT NULL, id TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER,
            name TEXT, row TEXT NOT NULL, PRIMARY KEY (registry, id, since)""",
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
    sql = """SELECT row FROM view_registry_row WHERE registry = ? AND id > ? AND until IS NULL ORDER BY id LIMIT ?"""
    return [found["row"] for found in fetch(connection, sql, (stream, after, limit), decoders(["row"]))]


def ids(connection: Connection, stream: str) -> set[str]:
    """Return the ids of all rows that a registry holds now."""
    sql = "SELECT id FROM view_registry_row WHERE registry = ? AND until IS NULL"
    return {row[0] for row in connection.execute(sql, (stream,))}
