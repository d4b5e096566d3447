"""The assignment: every seat of every inspection gets an inspector, by public random lists and with even loads.

Form: FAIRDRAW/1. Each seat has its own random list of the inspectors of its group. F are all assignments in which every
holder belongs to the seat's group, is not recused from the task, sits in it once and stays under his cap. F* are those
of F whose sum of load squared is least. The result is the one of F* whose vector (position of the first seat's holder
in the first seat's list, of the second's in the second's, ...) is least. This is the definition; the search behind it
(`verify.assignment_search`) may be exchanged for any exact one.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import count

from verify.assignment_board import Board, Tasks
from verify.assignment_search import Settling, even_out, seat_all
from verify.seed import lp

Rung = tuple[Sequence[Sequence[int]], Sequence[int] | None]


def seat_list(k_assign: bytes, task_id: str, seat_no: int, group: Sequence[int]) -> Iterator[int]:
    """Return the random order of `group` for seat `seat_no` (from 0) of a task: a uniform permutation.

    It is made as it is read. Step t swaps name t with name t + v mod r, where r names remain and v is the first 8 bytes
    of SHA-256("FAIRDRAW-SEAT/1\\0" || K_assign || LP(task id) || BE16(seat no) || BE32(t) || BE32(c)), with the first
    c from 0 whose v lies below the largest multiple of r that 64 bits hold.
    Raises ValueError for a key that has not 32 bytes and a seat number beyond 16 bits.

    >>> list(seat_list(bytes(32), "T1", 0, [2, 3, 5, 7]))
    [7, 2, 3, 5]
    """
    if len(k_assign) != 32:
        raise ValueError(f"a key has 32 bytes, this one has {len(k_assign)}")
    if not 0 <= seat_no < 1 << 16:
        raise ValueError(f"a seat number has 16 bits, {seat_no} does not fit")
    prefix = b"FAIRDRAW-SEAT/1\0" + k_assign + lp(task_id) + seat_no.to_bytes(2, "big")
    return _shuffled(group, hashlib.sha256(prefix).copy)


def _shuffled(group: Sequence[int], fresh: "Callable[[], hashlib._Hash]") -> Iterator[int]:
    swapped: dict[int, int] = {}
    for t in range(len(group)):
        remaining = len(group) - t
        limit = (1 << 64) // remaining * remaining
        for c in count():
            hashing = fresh()
            hashing.update((t << 32 | c).to_bytes(8, "big"))
            v = int.from_bytes(hashing.digest()[:8], "big")
            if v < limit:  # else some names would be likelier than others
                break
        j = t + v % remaining
        chosen = swapped.get(j, j)
        swapped[j] = swapped.get(t, t)
        yield group[chosen]


def assign(
    k_assign: bytes,
    tasks: Tasks,
    groups: Sequence[Sequence[int]],
    inspectors: int,
    recusals: Mapping[int, Collection[int]],
    caps: Sequence[int] | None,
) -> list[int] | None:
    """Return the inspector's index for every seat, tasks in order and seats in template order; None if F is empty.

    `tasks` are (task id, group number of each seat) in task order, `groups` ascending lists of inspector indexes,
    `recusals` maps a task's position to inspectors, `caps` the most seats of each inspector (None: no limit).
    Raises ValueError for numbers out of range.
    """
    board = Board(tasks, groups, inspectors, recusals, caps)
    if not seat_all(board):
        return None
    even_out(board)
    settling = Settling(board)
    seat = 0
    for task_id, in_task in tasks:
        for seat_no, group in enumerate(in_task):
            settling.settle(seat, seat_list(k_assign, task_id, seat_no, groups[group]))
            seat += 1
    return board.holder


def assign_with_ladder(
    k_assign: bytes,
    tasks: Tasks,
    rungs: Sequence[Rung],
    inspectors: int,
    recusals: Mapping[int, Collection[int]],
) -> tuple[int, int, list[int]]:
    """Return (rung, tasks assigned, holder per seat of those tasks), for the first rung that can be fulfilled.

    A rung is (groups, caps). When none can be fulfilled the last one counts, and tasks stay unassigned from the end of
    the task order, one by one, until it can. Raises ValueError without a rung.
    """
    if not rungs:
        raise ValueError("a ladder needs at least one rung")
    for number, (groups, caps) in enumerate(rungs):
        holders = assign(k_assign, tasks, groups, inspectors, recusals, caps)
        if holders is not None:
            return number, len(tasks), holders
    groups, caps = rungs[-1]

    def first(length: int) -> tuple[Tasks, dict[int, Collection[int]]]:
        return tasks[:length], {t: people for t, people in recusals.items() if t < length}

    low, high = 0, len(tasks)  # `low` tasks can be seated, `high` cannot; fewer tasks are never harder
    while high - low > 1:
        middle = (low + high) // 2
        some, recused = first(middle)
        low, high = (middle, high) if seat_all(Board(some, groups, inspectors, recused, caps)) else (low, middle)
    some, recused = first(low)
    return len(rungs) - 1, low, assign(k_assign, some, groups, inspectors, recused, caps) or []


def violations(
    holders: Sequence[int],
    tasks: Tasks,
    groups: Sequence[Sequence[int]],
    recusals: Mapping[int, Collection[int]],
    caps: Sequence[int] | None,
) -> list[str]:
    """Return, in words, every hard constraint that `holders` breaks; an empty list puts the assignment in F.

    Takes time in proportion to the seats. Whether it is even is asked of `is_balanced`, whether it is the result of
    `assign`.
    """
    seats = sum(len(in_task) for _, in_task in tasks)
    if len(holders) != seats:
        return [f"there are {seats} seats, but {len(holders)} holders"]
    members = [frozenset(group) for group in groups]
    faults: list[str] = []
    loads: dict[int, int] = {}
    seat = 0
    for position, (task_id, in_task) in enumerate(tasks):
        recused, team = frozenset(recusals.get(position, ())), set[int]()
        for seat_no, group in enumerate(in_task):
            holder, where = holders[seat], f"seat {seat_no} of task {task_id}"
            if holder not in members[group]:
                faults.append(f"{where}: inspector {holder} is not in group {group}")
            if holder in recused:
                faults.append(f"{where}: inspector {holder} is recused")
            if holder in team:
                faults.append(f"{where}: inspector {holder} already sits in this task")
            team.add(holder)
            loads[holder] = loads.get(holder, 0) + 1
            seat += 1
    limits = enumerate(caps or ())
    return faults + [
        f"inspector {i} holds {loads[i]} seats, at most {cap} are allowed" for i, cap in limits if loads.get(i, 0) > cap
    ]


def is_balanced(
    holders: Sequence[int],
    tasks: Tasks,
    groups: Sequence[Sequence[int]],
    inspectors: int,
    recusals: Mapping[int, Collection[int]],
    caps: Sequence[int] | None,
) -> bool:
    """Return whether `holders`, an assignment without violations, has the least sum of load squared of all of F."""
    board = Board(tasks, groups, inspectors, recusals, caps)
    board.move(enumerate(holders))
    return even_out(board, only_look=True)
