"""The scale run at a small size: every step is measured, and what it ends with is an export that the verifier accepts."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.bench import scale
from tests.bench.scale_memory import Watch

STEPS = ["import", "views after the import", "freeze", "draw", "notices", "export.tar", "export", "verify"]


def test_a_registry_of_three_thousand_goes_through_the_whole_house(tmp_path: Path, capsys) -> None:
    code = scale.main(["--rows", "3000", "--rows", "300", "--notices", "50", "--json", str(tmp_path / "figures.json")])

    figures = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    assert code == 0
    assert list(figures) == ["300", "3000"]
    for measured in figures.values():
        assert set(STEPS) <= measured.keys()
        assert all(each["seconds"] > 0 and 10 < each["mb"] < scale.MOST_MB for each in measured.values())
    assert "over n log n" in capsys.readouterr().out


def test_a_program_that_fails_fails_the_run() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        scale.timed("verify", "/nowhere")


def test_memory_beyond_the_limit_and_steep_growth_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    steep = {10: {"a": {"seconds": 1.0, "mb": 1.0}}, 100: {"a": {"seconds": 100.0, "mb": scale.MOST_MB + 1.0}}}

    assert scale.growth(steep, "a") == [pytest.approx(5.0)]
    monkeypatch.setattr(scale, "measure", lambda *_: steep[100])
    assert scale.main(["--rows", "100"]) == 1


def test_the_memory_of_a_process_counts_that_of_what_it_started() -> None:
    inner = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'x = bytearray(10**8); input()'])"
    running = subprocess.Popen(["python3", "-c", inner], stdin=subprocess.PIPE)
    try:
        with Watch(running.pid) as watch:
            for _ in range(500):
                if watch.peak > 100:
                    break
                watch._ended.wait(0.02)
    finally:
        running.communicate(b"\n")

    assert 100 < watch.peak < 300
