"""Teams where two of one task change their seats: what a search that looks at persons alone does not find."""

from __future__ import annotations

from collections.abc import Callable

from tests.forge import Forge, Json
from tests.twins.answers import answer

KEY = "7b413606708dcf1827e65ff5aad459b9855adba64a3d8c19874b9445e77f5904"
CASES: list[tuple[list[str], int, dict[str, list[int]], str]] = [
    (["A", "B"], 4, {"1": [0]}, "section 11: at the first seat of B the mate changes seats, though a failed search closed him"),
    (["A", "B"], 4, {"0": [3], "1": [0]}, "the same where another is recused from A besides"),
    (["A", "B", "C"], 3, {"2": [0]}, "the same in the last of three tasks, with two seats each"),
]


def vectors(fresh: Callable[[], Forge]) -> list[Json]:
    """Return them; the teams are those that the naive twin finds by trying all."""
    found = []
    for n, (names, inspectors, recusals, why) in enumerate(CASES, 101):
        asked: Json = {"key": KEY, "tasks": [[name, [0, 0]] for name in names], "groups": [list(range(inspectors))]}
        asked |= {"inspectors": inspectors, "recusals": recusals, "caps": None}
        vector: Json = {"id": f"assignment-assign-{n}", "operation": "assignment.assign", "input": asked, "expect": "pass"}
        found.append(vector | {"output": answer(vector), "why": why, "source": "the naive twin in tests/twins"})
    return found
