"""Simulated histories: draws and teams by the real code on small lists, without a log around them, and planted faults."""

import hashlib
from collections.abc import Callable
from typing import Any

from verify.audit.evidence import Away, Evidence, Sent
from verify.replay import assign_inspectors, draw_objects

FREEZE: dict[str, Any] = {
    "quota_bp": {"A": 2000, "B": 3000},
    "groups": [{}],
    "seats": [0, 0],
    "cap": None,
    "fallback": [],
}
PEOPLE = [{"id": f"INS-{n}"} for n in range(8)]
Grind = Callable[[list[str]], bool]


def seed_of(*words: object) -> bytes:
    return hashlib.sha256(repr(words).encode()).digest()


def pool(count: int) -> list[dict[str, str]]:
    lines = [{"id": f"B{n:03d}", "stratum": "AB"[n % 2]} for n in range(count)]
    return [{**line, "excluded": "status:closed"} if n % 10 == 9 else line for n, line in enumerate(lines)]


def history(
    number: int, draws: int = 12, count: int = 60, wanted: Grind = lambda drawn: True, teams: bool = False
) -> Evidence:
    """Draw so many times; a seed whose list is not `wanted` is thrown away, which an honest organiser never can."""
    evidence, lines = Evidence(), pool(count)
    groups = {line["id"]: (f"district:{n % 3}",) for n, line in enumerate(lines)}
    for draw in range(draws):
        tries = (
            (seed, draw_objects(seed, FREEZE, lines)) for seed in (seed_of(number, draw, n) for n in range(10_000))
        )
        seed, drawn = next(each for each in tries if wanted([line["id"] for line in each[1].lines]))
        evidence.add_draw(seed, lines, drawn, groups, {})
        if teams:
            names = [line["id"] for line in drawn.lines]
            made = assign_inspectors(seed, FREEZE, PEOPLE, names, {}).lines
            sent = Sent(
                f"draw/{draw}", seed, FREEZE, PEOPLE, names, {}, {each["id"]: each["inspectors"] for each in made}
            )
            evidence.sent.setdefault("", []).append(sent)
    return evidence


def gone_before_each_freeze(business: str, times: int) -> list[Away]:
    return [Away(business, 86_400.0, 0.01, True)] * times
