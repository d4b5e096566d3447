"""Who acts here: the units, their accounts, and what befell the log itself."""

from __future__ import annotations

from sqlite3 import Connection

from projections.view import Documents, Record, UnknownKind, View, change, fetch, fetch_one, put
from verify.entries import Entry

_UNITS = """SELECT * FROM view_unit WHERE unit > ? ORDER BY unit LIMIT ?"""
_ACCOUNTS = """SELECT * FROM view_account WHERE account > ? ORDER BY account LIMIT ?"""


def fold(connection: Connection, entry: Entry, documents: Documents) -> None:
    """Fold one entry of a log, unit or account."""
    data = entry.data
    match entry.kind:
        case "log.created":
            pass
        case "log.recovered":
            put(connection, "view_incident", index=entry.index, at=entry.at, **data)
        case "unit.registered":
            put(connection, "view_unit", **data, index=entry.index, at=entry.at)
        case "account.opened":
            put(connection, "view_account", **data, index=entry.index, at=entry.at)
        case "account.closed":
            key = {"account": entry.stream.partition("/")[2]}
            change(connection, "view_account", key, closed_at=entry.at, closed_reason=data["reason"])
        case _:
            raise UnknownKind(entry)


VIEW = View(
    "organisation",
    frozenset({"log", "unit", "account"}),
    {
        "view_incident": """"index" INTEGER PRIMARY KEY, at TEXT NOT NULL, published_size INTEGER NOT NULL,
            found_size INTEGER NOT NULL, restored INTEGER NOT NULL, reason TEXT NOT NULL""",
        "view_unit": """unit TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, parent TEXT,
            "index" INTEGER NOT NULL, at TEXT NOT NULL""",
        "view_account": """account TEXT PRIMARY KEY, role TEXT NOT NULL, unit TEXT NOT NULL,
            "index" INTEGER NOT NULL, at TEXT NOT NULL, closed_at TEXT, closed_reason TEXT""",
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
