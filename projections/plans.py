"""The annual plans: which check items are to be drawn in which period, with which share of each risk class."""

from __future__ import annotations

from projections import reviewed
from projections.rows import Rows
from projections.tables import Connection, Record, decoders, fetch, fetch_one
from projections.view import Documents, View, moment
from verify.entries import Entry

_FACTS = ("title", "unit", "year", "form", "mode", "purpose", "itemlist", "joint_departments")
_DECODE = {**reviewed.DECODE, **decoders(["joint_departments"])}


def fold(rows: Rows, entry: Entry, documents: Documents) -> None:
    """Fold one entry of a plan."""
    if entry.kind != "plan.drafted":
        reviewed.fold_step(rows, "view_plan", entry)
        return
    data, period = entry.data, entry.data["period"]
    rows.put(
        "view_plan",
        stream=entry.stream,
        **{key: data[key] for key in _FACTS},
        period_from=period["from"],
        period_to=period["to"],
        state="drafted",
        drafted=moment(entry),
    )
    for item in data["items"]:
        rows.put("view_plan_item", plan=entry.stream, **item)


VIEW = View(
    "plans",
    frozenset({"plan"}),
    {
        "view_plan": f"""stream TEXT PRIMARY KEY, title TEXT NOT NULL, unit TEXT NOT NULL, year BIGINT NOT NULL,
            form TEXT NOT NULL, mode TEXT NOT NULL, purpose TEXT NOT NULL, itemlist TEXT NOT NULL,
            joint_departments TEXT NOT NULL, period_from TEXT NOT NULL, period_to TEXT NOT NULL, {reviewed.COLUMNS}""",
        "view_plan_item": """plan TEXT NOT NULL, item TEXT NOT NULL, quota_bp TEXT NOT NULL,
            PRIMARY KEY (plan, item)""",
    },
    fold,
)


def plans(connection: Connection, after: str = "", limit: int = 100) -> list[Record]:
    """Return the plans in the order of their ids, those behind the stream `after`."""
    sql = "SELECT * FROM view_plan WHERE stream > ? ORDER BY stream LIMIT ?"
    return fetch(connection, sql, (after, limit), _DECODE)


def plan(connection: Connection, stream: str) -> Record | None:
    """Return one plan without its items."""
    return fetch_one(connection, "SELECT * FROM view_plan WHERE stream = ?", (stream,), _DECODE)


def published(connection: Connection, limit: int = 100) -> list[Record]:
    """Return the plans that the public was told of, the latest first."""
    sql = "SELECT * FROM view_plan WHERE published IS NOT NULL ORDER BY published DESC LIMIT ?"
    return fetch(connection, sql, (limit,), _DECODE)


def items(connection: Connection, stream: str) -> list[Record]:
    """Return the items of one plan with their names and classes, in the order of their codes."""
    sql = """SELECT p.item, i.name, i.class, p.quota_bp FROM view_plan_item p
        JOIN view_plan ON view_plan.stream = p.plan
        LEFT JOIN view_item i ON i.itemlist = view_plan.itemlist AND i.item = p.item
        WHERE p.plan = ? ORDER BY p.item"""
    return fetch(connection, sql, (stream,), decoders(["quota_bp"]))
