"""The draws: how far each one is, every step with its place in the log, and who was drawn and who inspects whom."""

from __future__ import annotations

from collections.abc import Iterable

from projections.registries import AS_FROZEN
from projections.rows import Rows, UnknownKind
from projections.tables import Connection, Record, decoders, fetch, fetch_one
from projections.view import Documents, View, lines
from verify.entries import Entry

PHASE_AFTER = {
    "draw.opened": "opened",
    "draw.frozen": "frozen",
    "draw.commitments-closed": "commitments-closed",
    "draw.reveals-closed": "reveals-closed",
    "draw.seed-derived": "seed-derived",
    "draw.objects-drawn": "objects-drawn",
    "draw.inspectors-assigned": "inspectors-assigned",
    "draw.witness-signed-off": "signed-off",
}
"""What a draw has reached once an entry of this kind is in the log."""
_STEPS_ONLY = frozenset(
    f"draw.{act}"
    for act in (
        "witness-checked-in",
        "contribution-committed",
        "contribution-revealed",
        "contribution-withheld",
        "beacon-recorded",
    )
)


def fold(rows: Rows, entry: Entry, documents: Documents) -> None:
    """Fold one entry of a draw."""
    if entry.kind not in PHASE_AFTER and entry.kind not in _STEPS_ONLY:
        raise UnknownKind(entry)
    key, data = {"stream": entry.stream}, entry.data
    if entry.kind == "draw.opened":
        rows.put("view_draw", **key, **data, phase="opened", opened_at=entry.at, drawn=0)
    elif entry.kind in PHASE_AFTER:
        rows.change("view_draw", key, phase=PHASE_AFTER[entry.kind])
    _note_step(rows, entry)
    match entry.kind:
        case "draw.frozen":
            freeze = data["freeze"]
            versions = {f"{pool}_version": freeze[pool]["version"] for pool in ("objects", "inspectors")}
            rows.change("view_draw", key, **versions)
        case "draw.objects-drawn":
            rows.change("view_draw", key, drawn=data["count"])
            _note_drawn(rows, entry.stream, lines(documents, data))
        case "draw.inspectors-assigned":
            rows.change("view_draw", key, rung=data["rung"], unassigned=data["unassigned"])
            _note_assigned(rows, entry.stream, lines(documents, data))


def _note_step(rows: Rows, entry: Entry) -> None:
    rows.put(
        "view_draw_step",
        draw=entry.stream,
        version=entry.version,
        index=entry.index,
        at=entry.at,
        leaf=entry.leaf.hex(),
        kind=entry.kind,
        **entry.actor,
        data=entry.data,
    )


def _note_drawn(rows: Rows, draw: str, drawn: Iterable[Record]) -> None:
    for line in drawn:
        facts = {key: line[key] for key in ("rank", "stratum", "ticket")}
        rows.put("view_drawn", draw=draw, object=line["id"], **facts)


def _note_assigned(rows: Rows, draw: str, assigned: Iterable[Record]) -> None:
    """Note the inspectors of each object; ViewError where one was not drawn."""
    for line in assigned:
        rows.change("view_drawn", {"draw": draw, "object": line["id"]}, inspectors=line["inspectors"])


VIEW = View(
    "draws",
    frozenset({"draw"}),
    {
        "view_draw": """stream TEXT PRIMARY KEY, plan TEXT NOT NULL, item TEXT NOT NULL, objects TEXT NOT NULL,
            inspectors TEXT NOT NULL, unit TEXT NOT NULL, phase TEXT NOT NULL, opened_at TEXT NOT NULL,
            objects_version BIGINT, inspectors_version BIGINT, drawn BIGINT NOT NULL, rung BIGINT,
            unassigned BIGINT""",
        "view_draw_step": """draw TEXT NOT NULL, version BIGINT NOT NULL, "index" BIGINT NOT NULL, at TEXT NOT NULL,
            leaf TEXT NOT NULL, kind TEXT NOT NULL, account TEXT NOT NULL, role TEXT NOT NULL, unit TEXT NOT NULL,
            data TEXT NOT NULL, PRIMARY KEY (draw, version)""",
        "view_drawn": """draw TEXT NOT NULL, object TEXT NOT NULL, stratum TEXT NOT NULL, rank BIGINT NOT NULL,
            ticket TEXT NOT NULL, inspectors TEXT, PRIMARY KEY (draw, object)""",
    },
    fold,
    ("view_drawn_by_rank ON view_drawn (draw, stratum, rank)",),
)
_DRAW = """SELECT d.*, p.title AS plan_title, p.period_from, p.period_to, u.name AS unit_name,
        i.name AS item_name, i.class AS item_class, coalesce(c.published, 0) AS published
    FROM view_draw d LEFT JOIN view_published c ON c.what = 'draw' AND c.name = d.stream
    LEFT JOIN view_plan p ON p.stream = d.plan
    LEFT JOIN view_unit u ON u.unit = d.unit
    LEFT JOIN view_item i ON i.itemlist = p.itemlist AND i.item = d.item"""
_DRAWN = f"""SELECT w.object, r.name, r.row, w.stratum, w.rank, w.ticket, w.inspectors, n.stream AS inspection, n.state,
        n.visit_on, n.completed_on, n.deadline, n.late, n.categories, n.not_checkable
    FROM view_drawn w JOIN view_draw d ON d.stream = w.draw
    LEFT JOIN view_registry_row r ON r.registry = d.objects AND r.id = w.object
        AND {AS_FROZEN.format(version="d.objects_version")}
    LEFT JOIN view_inspection n ON n.stream = 'inspection/' || substr(w.draw, 6) || '/' || w.object
    WHERE w.draw = :draw AND (:after = '' OR (w.stratum, w.rank) >
        (SELECT stratum, rank FROM view_drawn WHERE draw = :draw AND object = :after))
    ORDER BY w.stratum, w.rank LIMIT :limit"""


def draws(connection: Connection, after: str = "", limit: int = 100) -> list[Record]:
    """Return the draws in the order of their ids, those behind the stream `after`."""
    return fetch(connection, f"{_DRAW} WHERE d.stream > ? ORDER BY d.stream LIMIT ?", (after, limit))


def latest(connection: Connection, limit: int = 100) -> list[Record]:
    """Return the draws that were opened last, the latest first."""
    return fetch(connection, f"{_DRAW} ORDER BY d.opened_at DESC, d.stream DESC LIMIT ?", (limit,))


def draw(connection: Connection, stream: str) -> Record | None:
    """Return one draw."""
    return fetch_one(connection, f"{_DRAW} WHERE d.stream = ?", (stream,))


def steps(connection: Connection, stream: str) -> list[Record]:
    """Return every entry of one draw: its place in the log, who made it, and what it says."""
    sql = "SELECT * FROM view_draw_step WHERE draw = ? ORDER BY version"
    return fetch(connection, sql, (stream,), decoders(["data"]))


def drawn(connection: Connection, stream: str, after: str = "", limit: int = 100) -> list[Record]:
    """Return the objects drawn, by stratum and rank, those behind the object `after`, and how their inspection stands.

    The name and the row are those of the frozen registry, so a later change or removal of the row does not change what was drawn.
    """
    given = {"draw": stream, "after": after, "limit": limit}
    return fetch(connection, _DRAWN, given, decoders(["row", "inspectors", "categories"], ["late"]))
