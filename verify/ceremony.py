"""One draw as the log tells it: its entries by kind, and what a replay has found out about it so far.

The checks of a draw pass it on from one to the next, so that each document is read once and let go with the draw.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from verify.documents import Listing, Row
from verify.entries import Entry
from verify.library import Listed
from verify.pool import Tally

ORDER = {
    "draw.opened": 0,
    "draw.frozen": 1,
    "draw.contribution-committed": 2,
    "draw.commitments-closed": 3,
    "draw.contribution-revealed": 4,
    "draw.contribution-withheld": 4,
    "draw.reveals-closed": 5,
    "draw.beacon-recorded": 6,
    "draw.seed-derived": 7,
    "draw.objects-drawn": 8,
    "draw.inspectors-assigned": 9,
    "draw.witness-signed-off": 10,
}
"""The acts of a draw, in their order; check-ins of the discipline office stand between them."""
REPEATED = frozenset({2, 4, 6})
_ZH = "开启、冻结名录、承诺、截止承诺、揭示、截止揭示、信标、生成种子、抽取对象、选派人员、纪检签字"
_EN = "opened, frozen, commitment, commitments closed, reveal, reveals closed, beacon, seed, objects drawn, "
_EN += "inspectors assigned, signed off"
STEPS_ZH, STEPS = _ZH.split("、"), _EN.split(", ")


@dataclass
class Draw:
    """A draw whose stream begins with `draw.opened`.

    Filled by the checks, None where it cannot be told: `objects` and `inspectors`, the sorted lines of the frozen pool,
    of which the objects are many and read anew each time; `tally`, what the objects come to; `eligible`, inspector ->
    ground of exclusion or None, as the registry says and not as the pool says; `recused`, object -> commitment; `c0`,
    `c1`, `c2`, `beacons` and `seed` as recomputed; `drawn` and `teams` as recorded.
    """

    stream: str
    entries: list[Entry]
    objects: Listing | Listed | None = None
    tally: Tally | None = None
    inspectors: list[Row] | None = None
    eligible: dict[str, str | None] | None = None
    recused: dict[str, str] | None = None
    c0: bytes | None = None
    c1: bytes | None = None
    c2: bytes | None = None
    beacons: list[bytes] = field(default_factory=list)
    seed: bytes | None = None
    drawn: list[Row] | None = None
    teams: list[Row] | None = None

    @property
    def id(self) -> str:
        """The draw's id, without its noun."""
        return self.stream.partition("/")[2]

    @property
    def opened(self) -> Entry:
        """The entry that opened it."""
        return self.entries[0]

    @property
    def frozen(self) -> Entry | None:
        """The entry that froze the pool."""
        return self.one("draw.frozen")

    @property
    def freeze(self) -> dict[str, Any]:
        """The frozen terms; only where there is a freeze."""
        frozen = self.frozen
        return frozen.data["freeze"] if frozen else {}

    def one(self, kind: str) -> Entry | None:
        """Return the first entry of a kind."""
        return next((entry for entry in self.entries if entry.kind == kind), None)

    def all(self, kind: str) -> list[Entry]:
        """Return the entries of a kind."""
        return [entry for entry in self.entries if entry.kind == kind]

    @property
    def progress(self) -> int:
        """The furthest act that is recorded, as a number of `ORDER`."""
        return max(ORDER.get(entry.kind, 0) for entry in self.entries)

    def let_go(self) -> None:
        """Forget the frozen pool, which may be large."""
        self.objects = self.tally = self.inspectors = None
