"""The check item lists: what may be inspected at all, on which legal basis and in which share."""

from __future__ import annotations

from projections import reviewed
from projections.rows import Rows
from projections.tables import Connection, Record, decoders, fetch, fetch_one
from projections.view import Documents, View, lines, moment
from verify.entries import Entry


def fold(rows: Rows, entry: Entry, documents: Documents) -> None:
    """Fold one entry of a check item list."""
    if entry.kind != "itemlist.drafted":
        reviewed.fold_step(rows, "view_itemlist", entry)
        return
    data, stream = entry.data, entry.stream
    facts = {key: data[key] for key in ("title", "unit", "count", "root", "document")}
    rows.put("view_itemlist", stream=stream, **facts, state="drafted", drafted=moment(entry))
    for line in lines(documents, data):
        rows.put("view_item", itemlist=stream, item=line.pop("id"), **line)


VIEW = View(
    "itemlists",
    frozenset({"itemlist"}),
    {
        "view_itemlist": f"""stream TEXT PRIMARY KEY, title TEXT NOT NULL, unit TEXT NOT NULL, count BIGINT NOT NULL,
            root TEXT NOT NULL, document TEXT NOT NULL, {reviewed.COLUMNS}""",
        "view_item": """itemlist TEXT NOT NULL, item TEXT NOT NULL, name TEXT NOT NULL, class TEXT NOT NULL,
            ratio_min_bp BIGINT NOT NULL, ratio_max_bp BIGINT NOT NULL, object_type TEXT NOT NULL, lead_office TEXT,
            legal_basis TEXT NOT NULL, methods TEXT NOT NULL, tag TEXT, PRIMARY KEY (itemlist, item)""",
    },
    fold,
)
_DECODE = {**reviewed.DECODE, **decoders(["document"])}


def itemlists(connection: Connection, after: str = "", limit: int = 100) -> list[Record]:
    """Return the lists in the order of their ids, those behind the stream `after`."""
    sql = "SELECT * FROM view_itemlist WHERE stream > ? ORDER BY stream LIMIT ?"
    return fetch(connection, sql, (after, limit), _DECODE)


def itemlist(connection: Connection, stream: str) -> Record | None:
    """Return one list without its items."""
    return fetch_one(connection, "SELECT * FROM view_itemlist WHERE stream = ?", (stream,), _DECODE)


def items(connection: Connection, stream: str, after: str = "", limit: int = 1000) -> list[Record]:
    """Return the items of one list in the order of their codes."""
    sql = "SELECT * FROM view_item WHERE itemlist = ? AND item > ? ORDER BY item LIMIT ?"
    return fetch(connection, sql, (stream, after, limit), decoders(["methods"]))
