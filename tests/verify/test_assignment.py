"""The assignment: vectors of an independent program, a twin that tries everything, and every hard constraint broken."""

import hashlib
import json
from itertools import combinations, product
from math import prod
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twins import draw as twin
from verify.assignment import assign, assign_with_ladder, is_balanced, seat_list, violations
from verify.assignment_board import Board
from verify.assignment_search import Settling, even_out, seat_all

FOLDER = Path(__file__).parents[1] / "vectors/draw"
VECTORS = json.loads((FOLDER / "assignment.json").read_text(encoding="utf-8"))
KEY = bytes.fromhex(VECTORS["key"])


def instance(case):
    recusals = {int(position): people for position, people in case["recusals"].items()}
    return case["tasks"], case["groups"], case["inspectors"], recusals, case["caps"]


def combinations_of(case):
    return prod(len(case["groups"][group]) for _, in_task in case["tasks"] for group in in_task)


CASES = {case["name"]: case for case in VECTORS["cases"]}
FEW = [name for name, case in CASES.items() if name.startswith("small-") and combinations_of(case) <= 200_000]


@pytest.mark.parametrize("name", CASES)
def test_the_assignment_is_that_of_the_independent_program(name):
    case = CASES[name]
    tasks, groups, inspectors, recusals, caps = instance(case)

    holders = assign(KEY, tasks, groups, inspectors, recusals, caps)

    if "holders_sha256" in case:
        assert holders is not None
        raw = b"".join(twin.be(i, 4) for i in holders)
        assert hashlib.sha256(raw).hexdigest() == case["holders_sha256"]
    else:
        assert holders == case["holders"]
    if holders is not None:
        assert violations(holders, tasks, groups, recusals, caps) == []
        assert is_balanced(holders, tasks, groups, inspectors, recusals, caps)


@pytest.mark.parametrize("name", FEW)
def test_trying_everything_gives_the_vector(name):
    assert twin.assign(KEY, *instance(CASES[name])) == CASES[name]["holders"]


@st.composite
def instances(draw, most_seats=8):
    inspectors = draw(st.integers(1, 6))
    people = st.sets(st.integers(0, inspectors - 1), min_size=1)
    groups = [sorted(group) for group in draw(st.lists(people, min_size=1, max_size=4))]
    teams = st.lists(st.integers(0, len(groups) - 1), max_size=3)
    tasks, seats = [], 0
    for number, team in enumerate(draw(st.lists(teams, max_size=6))):
        if (seats := seats + len(team)) <= most_seats:
            tasks.append((f"T{number}", team))
    positions = st.integers(0, len(tasks) - 1) if tasks else st.nothing()
    recusals = draw(st.dictionaries(positions, st.sets(st.integers(0, inspectors - 1), max_size=2)))
    caps = draw(st.none() | st.lists(st.integers(0, 4), min_size=inspectors, max_size=inspectors))
    return tasks, groups, inspectors, recusals, caps


@settings(max_examples=300)
@given(st.binary(min_size=32, max_size=32), instances())
def test_the_twin_that_tries_everything_gives_the_same_holders(key, given_instance):
    assert assign(key, *given_instance) == twin.assign(key, *given_instance)


@settings(max_examples=200)
@given(instances(most_seats=5))
def test_balanced_is_said_of_the_evenest_and_of_no_other(given_instance):
    tasks, groups, inspectors, recusals, caps = given_instance
    everything = list(twin.feasible(tasks, groups, inspectors, recusals, caps))
    least = min(map(twin.loads_squared, everything), default=0)

    for holders in everything[:40]:
        even = is_balanced(holders, tasks, groups, inspectors, recusals, caps)
        assert even == (twin.loads_squared(holders) == least)


@settings(max_examples=100)
@given(instances(most_seats=5))
def test_no_violation_is_said_of_the_feasible_and_of_no_other(given_instance):
    tasks, groups, inspectors, recusals, caps = given_instance
    feasible = set(twin.feasible(tasks, groups, inspectors, recusals, caps))
    seats = sum(len(team) for _, team in tasks)

    for holders in list(product(range(inspectors), repeat=seats))[:500]:
        assert (violations(holders, tasks, groups, recusals, caps) == []) == (holders in feasible)


@given(st.binary(min_size=32, max_size=32), st.text(max_size=5), st.integers(0, 65535), st.sets(st.integers(0, 99)))
def test_a_seat_list_is_the_shuffle_of_the_twin(key, task_id, seat_no, group):
    names = sorted(group)

    assert list(seat_list(key, task_id, seat_no, names)) == twin.seat_list(key, task_id, seat_no, names)


def settled(tasks, groups, inspectors, recusals, caps, lists):
    board = Board(tasks, groups, inspectors, recusals, caps)
    if not seat_all(board):
        return None
    even_out(board)
    settling = Settling(board)
    for seat, names in enumerate(lists):
        settling.settle(seat, iter(names))
    return board.holder


@settings(max_examples=150)
@given(instances(most_seats=12), st.randoms(use_true_random=False))
def test_new_numbers_for_inspectors_change_nothing_but_the_numbers(given_instance, chance):
    tasks, groups, inspectors, recusals, caps = given_instance
    new = chance.sample(range(inspectors), inspectors)
    lists = [chance.sample(groups[g], len(groups[g])) for _, team in tasks for g in team]

    before = settled(tasks, groups, inspectors, recusals, caps, lists)
    after = settled(
        tasks,
        [sorted(new[i] for i in group) for group in groups],
        inspectors,
        {position: {new[i] for i in people} for position, people in recusals.items()},
        None if caps is None else [caps[new.index(i)] for i in range(inspectors)],
        [[new[i] for i in names] for names in lists],
    )

    assert after == (None if before is None else [new[i] for i in before])


def test_of_four_alike_every_pair_is_equally_likely():
    keys = [hashlib.sha256(b"%d" % n).digest() for n in range(3000)]
    teams = [frozenset(assign(key, [("T", [0, 0])], [[0, 1, 2, 3]], 4, {}, None) or ()) for key in keys]

    counts = [teams.count(frozenset(pair)) for pair in combinations(range(4), 2)]

    assert sum((count - 500) ** 2 / 500 for count in counts) < 15.1  # chi squared, 5 degrees, p = 0.01


def test_a_recusal_passes_over_a_name_and_shuffles_nothing():
    group = list(range(9))
    names = list(seat_list(KEY, "T", 0, group))

    holders = assign(KEY, [("T", [0])], [group], 9, {0: names[:4]}, None)

    assert holders == [names[4]]


def test_an_even_load_comes_before_the_first_name():
    tasks = [(f"T{n}", [0]) for n in range(10)]

    holders = assign(KEY, tasks, [[0, 1, 2, 3, 4]], 5, {}, None)

    assert holders is not None
    assert sorted(holders) == sorted([*range(5), *range(5)])


def test_teammates_may_trade_their_seats():
    pair = [0, 1]

    for key in (twin.sha(twin.be(n, 4)) for n in range(20)):
        first = next(seat_list(key, "T", 0, pair))
        assert assign(key, [("T", [0, 0])], [pair], 2, {}, None) == [first, 1 - first]


def test_an_assignment_without_tasks_is_empty():
    assert assign(KEY, [], [[0]], 1, {}, None) == []


TIGHT = [("T0", [0, 1]), ("T1", [0, 1]), ("T2", [0])]
GROUPS = [[0, 1], [0, 1, 2]]


def test_the_first_rung_that_can_be_fulfilled_counts():
    rungs = [(GROUPS, [1, 1, 1]), (GROUPS, [2, 2, 1]), (GROUPS, None)]

    rung, assigned, holders = assign_with_ladder(KEY, TIGHT, rungs, 3, {})

    assert (rung, assigned) == (1, 3)
    assert holders == assign(KEY, TIGHT, GROUPS, 3, {}, [2, 2, 1])


def test_below_the_last_rung_the_last_tasks_stay_unassigned():
    rungs = [(GROUPS, [0, 0, 0]), (GROUPS, [1, 1, 2])]

    rung, assigned, holders = assign_with_ladder(KEY, TIGHT, rungs, 3, {2: [0]})

    assert (rung, assigned) == (1, 2)
    assert holders == assign(KEY, TIGHT[:2], GROUPS, 3, {}, [1, 1, 2])


@given(instances(), st.binary(min_size=32, max_size=32))
def test_a_ladder_keeps_as_many_tasks_as_dropping_them_one_by_one(given_instance, key):
    tasks, groups, inspectors, recusals, caps = given_instance

    def naive(length):
        kept = {position: people for position, people in recusals.items() if position < length}
        return twin.assign(key, tasks[:length], groups, inspectors, kept, caps)

    expected = next((n, h) for n in range(len(tasks), -1, -1) if (h := naive(n)) is not None)

    assert assign_with_ladder(key, tasks, [(groups, caps)], inspectors, recusals) == (0, *expected)


def test_a_ladder_without_rungs_is_refused():
    with pytest.raises(ValueError, match="at least one rung"):
        assign_with_ladder(KEY, TIGHT, [], 3, {})


# Two tasks of two seats: the first seat for 0 or 1, the second for anybody; 3 is recused from the second task.
PLAN = ([("A", [0, 1]), ("B", [0, 1])], [[0, 1], [0, 1, 2, 3]], {1: [3]}, [1, 1, 1, 2])
CHEATS = {
    "a layman on a seat for the qualified": ([2, 3, 1, 0], "seat 0 of task A: inspector 2 is not in group 0"),
    "a recused inspector": ([0, 2, 1, 3], "seat 1 of task B: inspector 3 is recused"),
    "one inspector twice in a team": ([0, 0, 1, 2], "seat 1 of task A: inspector 0 already sits in this task"),
    "more seats than the cap": ([0, 3, 0, 2], "inspector 0 holds 2 seats, at most 1 are allowed"),
    "an inspector who does not exist": ([0, 9, 1, 2], "seat 1 of task A: inspector 9 is not in group 1"),
    "a number below zero": ([0, 3, 1, -1], "seat 1 of task B: inspector -1 is not in group 1"),
    "a seat without a holder": ([0, 3, 1], "there are 4 seats, but 3 holders"),
    "a holder without a seat": ([0, 3, 1, 2, 2], "there are 4 seats, but 5 holders"),
}


@pytest.mark.parametrize(("holders", "reason"), CHEATS.values(), ids=CHEATS.keys())
def test_a_broken_constraint_is_named(holders, reason):
    assert violations([0, 3, 1, 2], *PLAN) == []
    assert reason in violations(holders, *PLAN)


def test_favouring_one_inspector_is_seen_as_uneven():
    tasks, groups = [("A", [0]), ("B", [0])], [[0, 1]]

    assert violations([0, 0], tasks, groups, {}, None) == []
    assert not is_balanced([0, 0], tasks, groups, 2, {}, None)
    assert is_balanced([0, 1], tasks, groups, 2, {}, None)


BAD_NUMBERS = {
    "a group that is not sorted": ([("T", [0])], [[1, 0]], 2, {}, None, "ascending"),
    "a group that names somebody twice": ([("T", [0])], [[0, 0]], 2, {}, None, "ascending"),
    "a negative inspector": ([("T", [0])], [[-1, 0]], 2, {}, None, "inspectors 0 to 1"),
    "an inspector out of range": ([("T", [0])], [[0, 2]], 2, {}, None, "inspectors 0 to 1"),
    "a seat of no group": ([("T", [1])], [[0, 1]], 2, {}, None, "task T names a group"),
    "a seat of a negative group": ([("T", [-1])], [[0, 1]], 2, {}, None, "task T names a group"),
    "a recusal from no task": ([("T", [0])], [[0, 1]], 2, {1: [0]}, None, "names a task"),
    "too few caps": ([("T", [0])], [[0, 1]], 2, {}, [1], "2 inspectors, but 1 caps"),
}


@pytest.mark.parametrize(
    ("tasks", "groups", "inspectors", "recusals", "caps", "reason"), BAD_NUMBERS.values(), ids=BAD_NUMBERS.keys()
)
def test_numbers_out_of_range_are_refused(tasks, groups, inspectors, recusals, caps, reason):
    with pytest.raises(ValueError, match=reason):
        assign(KEY, tasks, groups, inspectors, recusals, caps)


def test_a_short_key_is_refused():
    with pytest.raises(ValueError, match="a key has 32 bytes"):
        assign(KEY[:31], [("T", [0])], [[0]], 1, {}, None)


def test_a_mate_is_asked_by_the_cell_of_his_seat_and_not_by_his_own(monkeypatch):
    """The example of section 11 of SPEC.md; the planted fault skips whoever is in another cell than the holder."""
    key = bytes.fromhex("7b413606708dcf1827e65ff5aad459b9855adba64a3d8c19874b9445e77f5904")
    tasks, recusals = [("A", (0, 0)), ("B", (0, 0))], {1: [0]}
    right, settle = assign(key, tasks, [range(4)], 4, recusals, None), Settling.settle

    def by_persons(self, seat, names):
        holder = self.board.holder[seat]
        settle(self, seat, (i for i in names if self.cell[i] == self.cell[holder]))

    monkeypatch.setattr(Settling, "settle", by_persons)

    assert right == [3, 0, 1, 2]
    assert assign(key, tasks, [range(4)], 4, recusals, None) == [3, 0, 2, 1]
