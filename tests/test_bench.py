"""The measurements run: each of them, as small as it gets, so that they do not rot. What they measure is asserted nowhere."""

import json
from itertools import pairwise

import pytest

from tests.bench import __main__ as bench
from tests.bench.chains import chain, export
from tests.bench.compare import Scale, Side, compare
from verify import entries
from verify.kinds import KINDS
from verify.shape import misfit


@pytest.mark.parametrize("name", bench.names())
def test_a_measurement_gives_rows_for_the_table(name):
    rows = bench.measure(name, Scale.TINY)

    assert rows
    assert bench.table(rows).count("\n") >= 1 + len(rows)
    for row in rows:
        assert row["value"] > 0
        assert row["their_value"] > 0
        assert row["spread"][0] <= row["ratio"] <= row["spread"][1]


def test_the_entries_that_are_measured_are_entries():
    parsed = [entries.parse(raw) for raw in chain(15_010)]

    assert {entry.kind for entry in parsed} > {"inspection.notified", "inspection.completed", "result.recorded"}
    assert [entry.index for entry in parsed] == list(range(15_010))
    assert all(entry.prev == before.leaf.hex() for before, entry in pairwise(parsed))
    assert not [entry for entry in parsed if misfit(entry.data, KINDS[entry.kind].data)]


def test_a_ratio_is_of_rates_or_of_times_and_says_whether_the_target_is_met():
    fast, slow = Side("fast", lambda: 1.0, 10), Side("slow", lambda: 2.0, 10)

    more, fewer = compare(fast, slow, "x", Scale.TINY, at_least=2), compare(slow, fast, "x", Scale.TINY, at_least=2)
    quick, late = compare(fast, slow, "x", Scale.TINY, at_most=1), compare(slow, fast, "x", Scale.TINY, at_most=1)

    assert [(row["ratio"], row["met"]) for row in (more, fewer, quick, late)] == [
        (2, True),
        (0.5, False),
        (0.5, True),
        (2, False),
    ]
    assert (more["value"], more["their_value"], more["unit"]) == (10, 5, "x/s")


def test_the_command_writes_what_it_prints(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(bench, "measure", lambda name, scale: [compare(Side(name, lambda: 1.0, 1), SAME, "x", scale)])

    assert bench.main(["draw", "--quick", "--json", str(tmp_path / "new" / "result.json")]) == 0

    written = json.loads((tmp_path / "new" / "result.json").read_text("utf-8"))
    assert [(row["bench"], row["what"], row["ratio"]) for row in written["rows"]] == [("draw", "draw", 1)]
    assert written["machine"]["cores"] > 0
    assert "| draw | 1 x/s | same | 1 x/s | 1.00 (1.00 to 1.00) |" in capsys.readouterr().out


SAME = Side("same", lambda: 1.0, 1)


def test_a_measurement_that_is_not_there_is_refused(capsys):
    with pytest.raises(SystemExit):
        bench.main(["tides"])

    assert "no measurement is called tides" in capsys.readouterr().err


def test_an_export_that_is_measured_is_signed(tmp_path):
    vkey = export(tmp_path / "export", 20)

    assert (tmp_path / "export" / "log.vkey").read_text() == vkey + "\n"
    assert len((tmp_path / "export" / "entries.jsonl").read_bytes().splitlines()) == 20
