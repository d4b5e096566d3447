"""The selection: the vectors of an independent program, a naive twin, and what must not change a draw."""

import json
from dataclasses import astuple
from math import isqrt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twins import draw as twin
from tests.twins import selfcheck as lot
from verify import chance, selection
from verify.selection import is_tiny, quota, select, task_order, ticket, ticket_bytes

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/draw/selection.json").read_text(encoding="utf-8"))
KEY = bytes(range(32))
IDS = [f"91220101{n:010}" for n in range(300)]


def rows_of(ids, stratum="A", excluded=()):
    return [(object_id, stratum, object_id in excluded) for object_id in ids]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: len(vector["rows"]))
def test_the_selection_is_that_of_the_independent_program(vector):
    rows = [(object_id, stratum, excluded) for object_id, stratum, excluded in vector["rows"]]

    result = select(bytes.fromhex(vector["key"]), rows, vector["quota_bp"])

    assert list(result) == sorted(vector["result"])
    for name, expected in vector["result"].items():
        stratum = result[name]
        assert (stratum.n, stratum.k, list(stratum.drawn)) == (expected["n"], expected["k"], expected["drawn"])
        assert (stratum.threshold.hex() if stratum.threshold else None) == expected["threshold"]


POOLS = st.lists(
    st.tuples(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), st.sampled_from("ABC"), st.booleans()),
    unique_by=lambda row: row[0],
    max_size=60,
)


@given(POOLS, st.integers(1, 10000), st.none() | st.integers(1, 10000), st.binary(min_size=32, max_size=32))
def test_the_twin_that_sorts_all_tickets_draws_the_same(rows, bp, legal_max_bp, key):
    quotas = {"A": bp, "B": 10000, "C": 1}

    result = select(key, iter(rows), quotas, legal_max_bp)

    assert list(result) == sorted(result)
    assert {name: astuple(s)[1:] for name, s in result.items()} == twin.select(key, rows, quotas, legal_max_bp)


@pytest.mark.parametrize("batch", [1, 7, 50])
@pytest.mark.parametrize("ids", [IDS, IDS[::-1], [f"{i}\n{i[::-1]}" for i in IDS]], ids=["sorted", "reversed", "torn"])
def test_many_batches_draw_what_the_twin_draws(ids, batch, monkeypatch):
    monkeypatch.setattr(selection, "BATCH", batch)
    rows = [(object_id, "ABC"[n % 3], n % 11 == 0) for n, object_id in enumerate(ids)]
    quotas = {"A": 500, "B": 9999, "C": 1}

    result = select(KEY, iter(rows), quotas)

    assert {name: astuple(s)[1:] for name, s in result.items()} == twin.select(KEY, rows, quotas, None)


@pytest.mark.parametrize("likely", [0, 1, 20, 29, 30, 31, 299, 300, 1000])
def test_a_wrong_guess_never_changes_what_is_drawn(likely, monkeypatch):
    looked_again = []
    apart = selection._apart
    monkeypatch.setattr(selection, "_likely", lambda _: likely)
    monkeypatch.setattr(selection, "_apart", lambda pieces: looked_again.append(likely) or apart(pieces))
    everything = sorted((ticket(KEY, i), i) for i in IDS)

    result = select(KEY, rows_of(IDS), {"A": 1000})["A"]

    assert (result.threshold, result.drawn) == (everything[29][0], tuple(i for _, i in everything[:30]))
    share = likely / len(IDS)
    assert bool(looked_again) == (sum(int.from_bytes(t) < share * 2**256 for t, _ in everything) < 30)


def test_the_order_of_the_list_does_not_matter():
    assert select(KEY, rows_of(IDS), {"A": 500}) == select(KEY, rows_of(IDS[::-1]), {"A": 500})


def test_another_object_can_displace_only_the_last_drawn():
    before = select(KEY, rows_of(IDS[:-1]), {"A": 1000})["A"]

    after = select(KEY, rows_of(IDS), {"A": 1000})["A"]

    assert set(before.drawn) - set(after.drawn) <= {before.drawn[-1]}


def test_an_excluded_object_gives_its_place_to_the_next():
    first, second = select(KEY, rows_of(IDS), {"A": 1000})["A"].drawn[:2]

    result = select(KEY, rows_of(IDS, excluded={first}), {"A": 1000})["A"]

    assert result.drawn[0] == second
    assert (result.n, result.k) == (299, 30)


def test_whoever_has_a_ticket_up_to_the_threshold_is_drawn():
    result = select(KEY, rows_of(IDS), {"A": 1000})["A"]

    assert set(result.drawn) == {i for i in IDS if ticket(KEY, i) <= result.threshold}


def test_a_stratum_where_all_are_excluded_is_listed_and_draws_nobody():
    result = select(KEY, [*rows_of(IDS[:5], "A"), *rows_of(IDS[5:9], "B", IDS)], {"A": 500, "B": 500})

    assert astuple(result["B"]) == ("B", 0, 0, None, ())


def test_a_quota_for_a_stratum_without_lines_is_nobody():
    assert list(select(KEY, rows_of(IDS), {"A": 500, "Z": 0})) == ["A"]


def test_an_empty_pool_draws_nobody():
    assert select(KEY, [], {"A": 500}) == {}


@given(st.integers(0, 10**7), st.integers(1, 10000), st.none() | st.integers(1, 10000))
def test_the_quota_is_rounded_up_and_kept_below_the_maximum(n, bp, legal_max_bp):
    assert quota(n, bp, legal_max_bp) == twin.quota(n, bp, legal_max_bp)


def test_up_to_four_objects_are_a_tiny_stratum_at_twenty_per_cent():
    assert [n for n in range(10) if is_tiny(n, 2000)] == [1, 2, 3, 4]
    assert [quota(n, 500, 2000) for n in (0, 1, 4, 5, 20, 21)] == [0, 1, 1, 1, 1, 2]


def test_tasks_are_in_the_order_of_their_tickets_over_all_strata():
    expected = sorted(IDS, key=lambda i: (twin.sha(b"FAIRDRAW-TICKET/1\0", KEY, i.encode()), i.encode()))

    assert task_order(KEY, reversed(IDS)) == expected


def test_a_sealed_ticket_takes_the_salt_after_the_id():
    assert ticket_bytes(KEY, b"id" + bytes(32)) == twin.sha(b"FAIRDRAW-TICKET/1\0", KEY, b"id", bytes(32))


CHEATS = {
    "an object twice": (lambda: select(KEY, rows_of([*IDS, IDS[7]]), {"A": 500}), f"'{IDS[7]}' occurs twice"),
    "an object in two strata": (
        lambda: select(KEY, [*rows_of(IDS[:3], "A"), *rows_of(IDS[2:4], "B")], {"A": 500, "B": 500}),
        f"'{IDS[2]}' occurs twice",
    ),
    "an object twice, far apart and out of order": (
        lambda: select(KEY, rows_of([*IDS * 20, "z"][::-1]), {"A": 500}),
        "occurs twice",
    ),
    "an object drawn and excluded": (
        lambda: select(KEY, [("x", "A", False), ("x", "A", True)], {"A": 500}),
        "'x' occurs twice",
    ),
    "a stratum without a quota": (lambda: select(KEY, rows_of(IDS, "B"), {"A": 500}), "'B' has objects but no quota"),
    "excluded lines without a quota": (lambda: select(KEY, rows_of(["x"], "B", ["x"]), {}), "no quota"),
    "a quota of nothing": (lambda: select(KEY, rows_of(IDS), {"A": 0}), "1 to 10000 basis points, not 0"),
    "a quota above the whole": (lambda: quota(9, 10001), "not 10001"),
    "a quota for nobody above the whole": (lambda: quota(0, 10001), "not 10001"),
    "a maximum of nothing": (lambda: quota(9, 500, 0), "not 0"),
    "a negative stratum": (lambda: quota(-1, 500), "cannot have -1"),
    "a short key": (lambda: ticket(KEY[:31], "x"), "a key has 32 bytes"),
    "half a character": (lambda: ticket(KEY, "\ud800"), "surrogates"),
}


@pytest.mark.parametrize(("cheat", "reason"), CHEATS.values(), ids=CHEATS.keys())
def test_what_would_bend_the_selection_is_refused(cheat, reason):
    with pytest.raises(ValueError, match=reason):
        cheat()


@given(st.integers(2, 10**6), st.integers(1, 10**6), st.binary(min_size=32, max_size=32), st.integers(-60, 60))
def test_a_threshold_is_likely_where_fractions_say_so(n, k, random, tenths):
    """Near the ends of the range too, where a rounded root would err."""
    k = min(k, n - 1)
    spread = isqrt(k * (n - k) * 10**24 // n) // n
    near = max(0, min((k * 10**12 // n + spread * tenths // 10) * 2**256 // 10**12, 2**256 - 1)).to_bytes(32, "big")
    for threshold in (random, near):
        assert chance.is_likely(n, k, threshold) == lot.likely(n, k, threshold.hex())


def test_the_thresholds_of_real_draws_are_likely():
    likely = []
    for seed in range(300):
        key = seed.to_bytes(32, "big")
        stratum = select(key, rows_of(IDS), {"A": 1000})["A"]
        likely.append(chance.is_likely(stratum.n, stratum.k, stratum.threshold))
        assert not chance.is_likely(stratum.n, stratum.k, bytes([stratum.threshold[0] + 80]) + stratum.threshold[1:])
    assert likely.count(False) <= 3


def test_the_share_of_a_ticket_is_that_of_its_fraction():
    assert chance.share(bytes.fromhex("0ccc" + "00" * 30)) == "4.9987%"  # 3276 / 65536
    assert chance.bounds(200_000, 10_000) == ("4.8051%", "5.1949%")
