"""How long a draw takes, always against a plain loop of hashes in the same run."""

import hashlib
from collections.abc import Callable
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

from verify.assignment import assign, is_balanced, violations
from verify.selection import select

OBJECTS, TASKS, INSPECTORS, DEPARTMENTS, ROUNDS = 200_000, 10_000, 5_000, 10, 5
KEY = hashlib.sha256(b"bench").digest()


def plain_loop(texts: list[str]) -> None:
    prefix = b"FAIRDRAW-TICKET/1\0" + KEY
    for text in texts:
        hashlib.sha256(prefix + text.encode()).digest()


def pool() -> list[tuple[str, str, bool]]:
    chance = Random(1)
    numbers = sorted(chance.sample(range(10**10), OBJECTS))
    return [(f"91220101{n:010}", chance.choice("ABCD"), chance.random() < 0.02) for n in numbers]


def tasks_and_groups() -> tuple[list[tuple[str, list[int]]], list[list[int]], dict[int, list[int]]]:
    """Return tasks of one or two departments, each with a qualified and any inspector, and recusals in half of them."""
    chance = Random(2)
    groups: list[list[int]] = []
    for department in range(DEPARTMENTS):
        people = list(range(department, INSPECTORS, DEPARTMENTS))
        groups += [people, sorted(chance.sample(people, len(people) * 3 // 10))]
    tasks = []
    for number in range(TASKS):
        departments = chance.sample(range(DEPARTMENTS), 1 if chance.random() < 0.7 else 2)
        tasks.append((f"{number:018}", [seat for d in departments for seat in (2 * d + 1, 2 * d)]))
    recusals = {t: chance.sample(range(INSPECTORS), 3) for t in range(TASKS) if chance.random() < 0.5}
    return tasks, groups, recusals


def seconds(act: Callable[[], object]) -> float:
    start = perf_counter()
    act()
    return perf_counter() - start


def compare(what: str, act: Callable[[], object], baseline: str, plain: Callable[[], object]) -> list[dict[str, Any]]:
    """Return two rows, the measured and its baseline: medians of interleaved rounds, after one round to warm up."""
    rounds = [(seconds(plain), seconds(act)) for _ in range(ROUNDS + 1)][1:]
    ratios = sorted(measured / base for base, measured in rounds)
    base, measured = (median(column) for column in zip(*rounds, strict=True))
    spread = f"ratio {ratios[0]:.2f} to {ratios[-1]:.2f}"
    compared = {"compared_to": baseline, "ratio": median(ratios), "spread": spread}
    return [
        {"what": what, "value": measured, "unit": "s", **compared},
        {"what": baseline, "value": base, "unit": "s", "compared_to": None, "ratio": None, "spread": None},
    ]


def run() -> list[dict[str, Any]]:
    rows = pool()
    ids = [row[0] for row in rows]
    quotas = {"A": 500, "B": 1000, "C": 1500, "D": 2000}
    tasks, groups, recusals = tasks_and_groups()
    seats = [task_id for task_id, team in tasks for _ in team]
    holders = assign(KEY, tasks, groups, INSPECTORS, recusals, None) or []
    size = f"{TASKS:,} inspections, {len(seats):,} seats, {INSPECTORS:,} inspectors"
    one_per_seat = f"a plain loop of {len(seats):,} SHA-256"
    return [
        *compare(
            f"selection from {OBJECTS:,} objects",
            lambda: select(KEY, rows, quotas),
            f"a plain loop of SHA-256 over the same {OBJECTS:,} ids",
            lambda: plain_loop(ids),
        ),
        *compare(
            f"assignment of {size}",
            lambda: assign(KEY, tasks, groups, INSPECTORS, recusals, None),
            one_per_seat,
            lambda: plain_loop(seats),
        ),
        *compare(
            f"check of the constraints and the balance of {size}",
            lambda: (
                violations(holders, tasks, groups, recusals, None),
                is_balanced(holders, tasks, groups, INSPECTORS, recusals, None),
            ),
            one_per_seat,
            lambda: plain_loop(seats),
        ),
    ]


if __name__ == "__main__":
    from tests.bench.__main__ import table

    print(table(run()))  # type: ignore[arg-type]
