"""The way from a draft to its publication, which check item lists and annual plans share: two reviews, then the public.

A row has the columns `state` (drafted, legality-reviewed, justice-reviewed, published, rejected) and, once taken, each
step as JSON: who, when, at which index, and what was said; `published` is the index of the publication.
"""

from __future__ import annotations

from projections.rows import Rows, UnknownKind
from projections.tables import decoders
from projections.view import moment
from verify.entries import Entry

COLUMNS = "state TEXT NOT NULL, drafted TEXT NOT NULL, legality TEXT, justice TEXT, publication TEXT, published BIGINT"
STEPS = ("drafted", "legality", "justice", "publication")
_COLUMN_OF = {"legality-reviewed": "legality", "justice-reviewed": "justice", "published": "publication"}
DECODE = decoders(STEPS)


def fold_step(rows: Rows, table: str, entry: Entry) -> None:
    """Fold a review or the publication into the row of its stream; a review that was not passed ends the way."""
    act = entry.kind.partition(".")[2]
    if act not in _COLUMN_OF:
        raise UnknownKind(entry)
    state = act if entry.data.get("passed", True) else "rejected"
    step = moment(entry) | entry.data
    told = {"published": entry.index} if act == "published" else {}
    rows.change(table, {"stream": entry.stream}, state=state, **{_COLUMN_OF[act]: step}, **told)
