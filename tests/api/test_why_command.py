"""`fairdraw why`: what it tells from an export and from a service, and what its exit code says."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from api.cli import main
from api.receipts import spelled
from tests.api.two_draws import DONE, OPEN, Told, code
from verify import note
from verify.receipt import judge

Json = dict[str, Any]


def run(told: Told, capsys: pytest.CaptureFixture[str], *words: str, key: bool = True) -> tuple[int, str, str]:
    with_key = ["--vkey", told.vkey] if key else []
    exit_code = main(["why", *words, "--export", str(told.export), *with_key])
    said = capsys.readouterr()
    return exit_code, said.out, said.err


def test_the_command_tells_from_an_export_what_the_service_tells(told, tmp_path, capsys):
    for name, draw in [(told.drawn[0], DONE), (code(31), DONE), (code(2), OPEN), (code(32), DONE)]:
        target = tmp_path / "held.json"

        exit_code, out, _ = run(told, capsys, name, draw, "--out", str(target))

        assert exit_code == 0, out
        assert target.read_bytes() == spelled(told.file(name, draw))
        assert judge(target.read_bytes(), "x", note.parse_vkey(told.vkey)).exit == 0
        assert out.splitlines()[0].startswith("抽取 draw/")
    assert "被抽中。签号在本类中第" in run(told, capsys, told.drawn[0], DONE)[1]
    assert "不在名录中" in run(told, capsys, code(31), DONE)[1]
    assert "没有公布结果" in run(told, capsys, code(2), OPEN)[1]
    assert "不参加抽取：已停业" in run(told, capsys, code(32), DONE)[1]


def test_the_command_says_how_it_came_out_by_its_exit_code(told, capsys):
    assert run(told, capsys, code(30), DONE, key=False)[0] == 2
    exit_code, _, err = run(told, capsys, code(30)[:-1] + "O", DONE)
    assert (exit_code, "可能写错了" in err) == (64, True)
    assert run(told, capsys, code(30), "220100-2026-0009")[0] == 2
    assert "已按大写" in run(told, capsys, code(30).lower(), DONE)[1]
    whole = json.loads(run(told, capsys, code(31), DONE, "--json")[1])
    assert (whole["exit"], whole["result"], len(whole["story"])) == (0, "absent", 4)
    other = note.format_vkey(told.ledger.origin, bytes(31) + b"\x07")
    assert main(["why", code(30), DONE, "--export", str(told.export), "--vkey", other]) == 1
    assert "被抽中" not in capsys.readouterr().out.split("日志 Log")[0]


class Answer:
    """What a service answers: some bytes."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __enter__(self) -> Answer:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def read(self, most: int) -> bytes:
        return self.content[:most]


def test_a_service_is_not_believed(told, monkeypatch, capsys):
    def answered(value: Json) -> tuple[int, str]:
        monkeypatch.setattr("urllib.request.urlopen", lambda asked, timeout: Answer(spelled(value)))
        exit_code = main(["why", code(30), DONE, "--url", "https://x.example", "--vkey", told.vkey])
        said = capsys.readouterr()
        return exit_code, said.out + said.err

    honest = told.file(code(30))
    assert answered(honest)[0] == 0
    exit_code, said = answered(honest | {"object": code(32)})
    assert (exit_code, "没有参加这次抽取" in said) == (1, False)
    exit_code, said = answered(told.file(code(28)))
    assert (exit_code, "不予采信" in said) == (1, True)
    assert main(["why", code(30), DONE, "--url", "file:///etc", "--vkey", told.vkey]) == 64


def test_the_command_runs_in_a_process_of_its_own(told):
    """Where nothing else of the program was loaded before it."""
    words = ["why", code(31), DONE, "--export", str(told.export), "--vkey", told.vkey]

    done = subprocess.run([sys.executable, "-m", "api.cli", *words], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert "不在名录中" in done.stdout
