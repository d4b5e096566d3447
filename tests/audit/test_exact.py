"""The chances agree with plain enumeration of all cases in exact fractions."""

from fractions import Fraction
from itertools import combinations, permutations, product
from math import prod

import pytest

from verify.audit import exact


@pytest.mark.parametrize("chances", [(0.5,), (0.1, 0.7, 0.25), (1.0, 0.2, 0.2), (0.0, 0.3), ()])
def test_poisson_binomial_is_the_sum_over_all_outcomes(chances):
    due = [0.0] * (len(chances) + 1)
    for outcome in product((0, 1), repeat=len(chances)):
        due[sum(outcome)] += prod(p if hit else 1 - p for p, hit in zip(chances, outcome, strict=True))

    found = exact.poisson_binomial(tuple(chances))

    assert [*found, *[0.0] * (len(due) - len(found))] == pytest.approx(due)


@pytest.mark.parametrize(("total", "marked", "taken"), [(6, 2, 3), (5, 5, 2), (7, 1, 4)])
def test_hypergeometric_is_the_share_of_all_subsets(total, marked, taken):
    subsets = list(combinations(range(total), taken))
    due = [
        float(Fraction(sum(sum(each < marked for each in subset) == hits for subset in subsets), len(subsets)))
        for hits in range(min(marked, taken) + 1)
    ]

    assert exact.hypergeometric(total, marked, taken) == pytest.approx(due)


@pytest.mark.parametrize(("eligible", "drawn", "outside"), [(4, 1, 2), (3, 3, 2), (4, 2, 3)])
def test_below_the_threshold_is_the_share_of_all_orders(eligible, drawn, outside):
    due, orders = [0] * (outside + 1), 0
    for order in permutations(range(eligible + outside)):
        orders += 1
        threshold = sorted(order[:eligible])[drawn - 1]
        due[sum(ticket < threshold for ticket in order[eligible:])] += 1

    assert exact.below_threshold(eligible, drawn, outside) == pytest.approx([count / orders for count in due])


def test_sums_and_tails():
    dice = [0.0, *[1 / 6] * 6]

    both = exact.sum_of([dice, dice])

    assert exact.upper(both, 11) == pytest.approx(3 / 36)
    assert exact.two_sided(both, 2) == pytest.approx(2 / 36)
    assert exact.two_sided(both, 7) == 1.0
    assert exact.mean(both) == pytest.approx(7)


def test_holm_is_the_step_down_of_its_definition():
    assert exact.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_benjamini_hochberg_is_that_of_its_paper():
    found = exact.benjamini_hochberg([0.01, 0.04, 0.03, 0.005])

    assert found == pytest.approx([0.02, 0.04, 0.04, 0.02])


def test_the_interval_of_a_simulated_chance_is_that_of_clopper_and_pearson():
    low, high = exact.between(0, 20)

    assert low == 0
    assert high == pytest.approx(1 - 0.025 ** (1 / 20))
