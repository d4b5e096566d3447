"""The way from a draft to its publication, which check item lists and annual plans share: two reviews, then the public.

A row has the columns `state` (drafted, legality-reviewed, justice-reviewed, published, rejected) and, once taken, each
step as JSON: who, when, at which index, and what was said.
"""

from __future__ import annotations

from sqlite3 import Connection

from projections.view import UnknownKind, change, decoders, moment
from verify.entries import Entry

COLUMNS = "state TEXT NOT NULL, drafted TEXT NOT NULL, legality TEXT, justice TEXT, publication TEXT"
STEPS = ("drafted", "legality", "justice", "publication")
_COLUMN_OF = {"legality-reviewed": "legality", "justice-reviewed": "justice", "published": "publication"}
DECODE = decoders(STEPS)


def fold_step(connection: Connection, table: str, entry: Entry) -> None:
    """Fold a review or the publication into the row of its stream; a review that was not passed ends the way."""
    act = entry.kind.partition(".")[2]
    if act not in _COLUMN_OF:
        raise UnknownKind(entry)
    state = act if entry.data.get("passed", True) else "rejected"
    step = moment(entry) | entry.data
    change(connection, table, {"stream": entry.stream}, state=state, **{_COLUMN_OF[act]: step})
