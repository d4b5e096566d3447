"""Honest histories alarm as seldom as promised, and each planted fault is found."""

import random
from collections import Counter

import pytest
from scipy import stats

from tests.audit.histories import PEOPLE, gone_before_each_freeze, history
from verify.audit import exact, questions, teams
from verify.audit.asked import Asked, adjusted
from verify.audit.evidence import Evidence

HISTORIES = 200


def all_asked(evidence: Evidence) -> list[Asked]:
    asked = [*questions.selections(evidence), *questions.groups(evidence), *questions.outside(evidence)]
    return adjusted([*asked, *questions.away(evidence), *questions.conduct(evidence)])


def worth_asking(evidence: Evidence) -> set[tuple[str, str]]:
    return {(each.family, each.subject) for each in all_asked(evidence) if each.worth_asking}


@pytest.mark.slow
def test_honest_histories_give_even_chances_and_few_alarms():
    chance, evened, alarms, low = random.Random(5), [], 0, Counter[str]()
    for number in range(HISTORIES):
        evidence = history(number)
        asked = all_asked(evidence)
        alarms += any(each.worth_asking for each in asked)
        low.update(f"{each.family} {each.subject}" for each in asked if each.p <= 0.05)
        tickets = evidence.outside["status:closed"]
        counts = Counter(place for place, _ in tickets)
        cells = [(evidence.cells[place], count) for place, count in sorted(counts.items())]
        spread = exact.sum_of(exact.below_threshold(cell.n, cell.k, count) for cell, count in cells)
        seen = sum(below for _, below in tickets)
        evened.append(sum(spread[:seen]) + chance.random() * spread[seen])  # uniform, where the spread is right

    assert stats.kstest(evened, "uniform").pvalue > 0.001
    assert alarms <= stats.binom.ppf(0.999, HISTORIES, 0.05), f"{alarms} of {HISTORIES} honest histories alarmed"
    assert max(low.values()) <= stats.binom.ppf(1 - 1e-6, HISTORIES, 0.05), low.most_common(3)
    print(f"{alarms} of {HISTORIES} honest histories alarmed")


@pytest.mark.slow
def test_chances_of_teams_are_even_over_honest_histories():
    found = [list(teams.ask("", history(n, 3, 30, teams=True).sent[""], 1, most=39)) for n in range(60)]

    for place in range(3):
        chances = [each[place].p for each in found]
        assert stats.kstest(chances, "uniform", alternative="greater").pvalue > 0.001  # never smaller than it says


def test_a_ground_seed_that_always_draws_one_business_is_found():
    evidence = history(1, wanted=lambda drawn: "B001" in drawn)

    assert evidence.drawn["B001"] == 12
    assert ("selection", "B001") in worth_asking(evidence)


def test_exclusions_after_the_seed_was_known_are_found():
    evidence = history(2)
    cells = range(len(evidence.cells))
    evidence.outside["status:closed"] = [(place, True) for place in cells]

    assert ("outside", "status:closed") in worth_asking(evidence)


def test_a_business_that_is_away_at_every_freeze_is_found():
    evidence = history(3)
    evidence.away = gone_before_each_freeze("B007", 4)

    assert ("away", "B007") in worth_asking(evidence)


def test_one_short_absence_at_a_freeze_is_no_alarm():
    evidence = history(3)
    evidence.away = gone_before_each_freeze("B007", 1)

    assert worth_asking(evidence) == set()


def test_an_organiser_who_withholds_what_he_dislikes_is_found():
    evidence = history(4)
    evidence.conduct["market"].update(contributions=12, withheld=8, frozen=12)
    evidence.conduct["discipline"].update(contributions=12)

    assert worth_asking(evidence) == {("conduct", "market: withheld")}


def test_an_inspector_who_is_always_sent_to_one_business_is_found():
    evidence = history(5, 6, 12, teams=True)
    for sent in evidence.sent[""]:
        for name, team in sent.teams.items():
            sent.teams[name] = sorted(
                {PEOPLE[int(name[1:]) % 8]["id"], PEOPLE[(int(name[1:]) + 1) % 8]["id"], *team[:0]}
            )

    asked = adjusted(list(teams.ask("", evidence.sent[""], 1, most=999)))

    assert any(each.worth_asking and each.subject == "inspector and business" for each in asked)


def test_what_so_few_draws_can_show_is_the_share_of_planted_favours_that_are_seen():
    evidence = history(6)
    thrice, never, draws = questions.chance_to_see(evidence)
    favoured = next(name for name, places in sorted(evidence.eligible.items()) if len(places) == draws)
    chances = questions.chances_of(evidence, evidence.eligible[favoured])
    chance, seen = random.Random(7), 0
    for _ in range(2000):
        hits = sum(chance.random() < 3 * each for each in chances)
        p = exact.two_sided(exact.poisson_binomial(chances), hits)
        seen += p <= 0.05 / (6 * len(evidence.eligible))

    assert abs(seen / 2000 - thrice) < 0.05
    assert never == 0


def test_of_a_business_that_is_named_beforehand_more_can_be_seen():
    evidence = history(8, wanted=lambda drawn: sum(name in drawn for name in ("B001", "B003")) >= 1)
    every = questions.chance_to_see(evidence)
    (of_all,) = (each for each in all_asked(evidence) if each.subject == "B001")

    evidence.named = frozenset({"B001"})

    (alone,) = (each for each in all_asked(evidence) if each.family == "selection")
    assert alone.p == of_all.p
    assert alone.q <= of_all.q
    assert questions.chance_to_see(evidence)[0] > every[0]
