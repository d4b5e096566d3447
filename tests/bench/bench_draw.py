"""How long a draw takes, always against a plain loop of hashes in the same run."""

import hashlib
from random import Random

from tests.bench.compare import Row, Scale, Side, compare
from verify.assignment import assign, is_balanced, violations
from verify.selection import select

INSPECTORS, DEPARTMENTS = 5_000, 10
KEY = hashlib.sha256(b"bench").digest()


def plain_loop(texts: list[str]) -> None:
    prefix = b"FAIRDRAW-TICKET/1\0" + KEY
    for text in texts:
        hashlib.sha256(prefix + text.encode()).digest()


def pool(size: int) -> list[tuple[str, str, bool]]:
    chance = Random(1)
    numbers = sorted(chance.sample(range(10**10), size))
    return [(f"91220101{n:010}", chance.choice("ABCD"), chance.random() < 0.02) for n in numbers]


def tasks_and_groups(number_of_tasks: int) -> tuple[list[tuple[str, list[int]]], list[list[int]], dict[int, list[int]]]:
    """Return tasks of one or two departments, each with a qualified and any inspector, and recusals in half of them."""
    chance = Random(2)
    groups: list[list[int]] = []
    for department in range(DEPARTMENTS):
        people = list(range(department, INSPECTORS, DEPARTMENTS))
        groups += [people, sorted(chance.sample(people, len(people) * 3 // 10))]
    tasks = []
    for number in range(number_of_tasks):
        departments = chance.sample(range(DEPARTMENTS), 1 if chance.random() < 0.7 else 2)
        tasks.append((f"{number:018}", [seat for d in departments for seat in (2 * d + 1, 2 * d)]))
    recusals = {t: chance.sample(range(INSPECTORS), 3) for t in range(number_of_tasks) if chance.random() < 0.5}
    return tasks, groups, recusals


def run(scale: Scale) -> list[Row]:
    """Return the rows of the selection, of the assignment, and of the check of an assignment."""
    return [selection_row(scale), *assignment_rows(scale)]


def selection_row(scale: Scale) -> Row:
    """Every object is hashed once; 5 % are drawn."""
    rows = pool(scale.pick(2_000, 200_000, 1_000_000))
    ids = [row[0] for row in rows]
    quotas = dict.fromkeys("ABCD", 500)
    return compare(
        Side(f"selection of 5 % of {len(rows):,} objects", lambda: select(KEY, iter(rows), quotas), len(rows)),
        Side(f"a bare loop hashing the same {len(rows):,} ids", lambda: plain_loop(ids), len(rows)),
        "objects",
        scale,
        at_most=1.3,
    )


def assignment_rows(scale: Scale) -> list[Row]:
    """An assignment, and the check that it keeps every constraint and is balanced, each against a hash per seat."""
    tasks, groups, recusals = tasks_and_groups(scale.pick(100, 2_000, 10_000))
    seats = [task_id for task_id, team in tasks for _ in team]
    holders = assign(KEY, tasks, groups, INSPECTORS, recusals, None) or []
    size = f"{len(tasks):,} inspections, {len(seats):,} seats, {INSPECTORS:,} inspectors"
    bare = Side(f"a bare loop of {len(seats):,} SHA-256", lambda: plain_loop(seats), len(seats))

    def check() -> None:
        violations(holders, tasks, groups, recusals, None)
        is_balanced(holders, tasks, groups, INSPECTORS, recusals, None)

    def again() -> None:
        assign(KEY, tasks, groups, INSPECTORS, recusals, None)

    return [
        compare(Side(f"{what} of {size}", act, len(seats)), bare, "seats", scale)
        for what, act in (("assignment", again), ("constraints and balance", check))
    ]
