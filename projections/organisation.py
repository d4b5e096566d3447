"""Who acts here: the units, their accounts, and what befell the log itself."""

from __future__ import annotations

from projections.rows import Rows, UnknownKind
from projections.tables import Connection, Record, fetch, fetch_one
from projections.view import Documents, View
from verify.entries import Entry

_UNITS = """SELECT * FROM view_unit WHERE unit > ? ORDER BY unit LIMIT ?"""
_ACCOUNTS = """SELECT * FROM view_account WHERE account > ? ORDER BY account LIMIT ?"""


def fold(rows: Rows, entry: Entry, documents: Documents) -> None:
    """Fold one entry of a log, unit or account."""
    data = entry.data
    match entry.kind:
        case "log.created" | "log.key-announced" | "log.key-retired" | "checkpoint.anchored":
            pass
        case "log.recovered":
            rows.put("view_incident", index=entry.index, at=entry.at, **data)
        case "log.verifier-released":
            rows.put("view_release", index=entry.index, at=entry.at, **data)
        case "unit.registered":
            rows.put("view_unit", **data, index=entry.index, at=entry.at)
        case "account.opened":
            rows.put("view_account", **data, index=entry.index, at=entry.at)
        case "account.closed":
            key = {"account": entry.stream.partition("/")[2]}
            rows.change("view_account", key, closed_at=entry.at, closed_reason=data["reason"])
        case _:
            raise UnknownKind(entry)


VIEW = View(
    "organisation",
    frozenset({"log", "unit", "account"}),
    {
        "view_incident": """"index" BIGINT PRIMARY KEY, at TEXT NOT NULL, published_size BIGINT NOT NULL,
            found_size BIGINT NOT NULL, restored BIGINT NOT NULL, reason TEXT NOT NULL""",
        "view_release": """"index" BIGINT PRIMARY KEY, at TEXT NOT NULL, version TEXT NOT NULL, sha256 TEXT NOT NULL,
            bytes BIGINT NOT NULL""",
        "view_unit": """unit TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, parent TEXT,
            "index" BIGINT NOT NULL, at TEXT NOT NULL""",
        "view_account": """account TEXT PRIMARY KEY, role TEXT NOT NULL, unit TEXT NOT NULL,
            "index" BIGINT NOT NULL, at TEXT NOT NULL, closed_at TEXT, closed_reason TEXT""",
    },
    fold,
)


def units(connection: Connection, after: str = "", limit: int = 100) -> list[Record]:
    """Return units in the order of their codes, those behind the code `after`."""
    return fetch(connection, _UNITS, (after, limit))


def unit(connection: Connection, code: str) -> Record | None:
    """Return one unit."""
    return fetch_one(connection, "SELECT * FROM view_unit WHERE unit = ?", (code,))


def accounts(connection: Connection, after: str = "", limit: int = 100) -> list[Record]:
    """Return accounts in the order of their names, those behind the name `after`."""
    return fetch(connection, _ACCOUNTS, (after, limit))


def account(connection: Connection, name: str) -> Record | None:
    """Return one account."""
    return fetch_one(connection, "SELECT * FROM view_account WHERE account = ?", (name,))


def incidents(connection: Connection) -> list[Record]:
    """Return every recovery of the log from an older database, which the public must see."""
    return fetch(connection, 'SELECT * FROM view_incident ORDER BY "index"')


def releases(connection: Connection) -> list[Record]:
    """Return every verifier that the log named, the last one first."""
    return fetch(connection, 'SELECT * FROM view_release ORDER BY "index" DESC')
