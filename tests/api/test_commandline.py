"""The command line as a person meets it: two languages, no traceback, and lines that can be copied."""

import argparse
import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from api.cli import main, parser
from api.commandline import verify_command
from domain.ledger import Ledger
from tests.api.made_up import code
from verify.findings import Finding, Outcome
from verify.report import Report

ROOT = Path(__file__).resolve().parents[2]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
FOUND = ["init", "--origin", "demo.x.example/1", "--unit", "220100", "--unit-name", "某局", "--dir"]


def commands() -> "dict[str, argparse.ArgumentParser]":
    action = next(each for each in parser()._actions if isinstance(each, argparse._SubParsersAction))
    return dict(action.choices)


@contextlib.contextmanager
def started(*arguments: str, unbuffered: str = "") -> "Iterator[tuple[subprocess.Popen[str], IO[str], IO[str]]]":
    """Run a command beside the test; yield it with its output and its errors."""
    command = [sys.executable, "-m", "api.cli", *arguments]
    given = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    process = subprocess.Popen(
        command, cwd=ROOT, env=given, text=True, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        yield process, process.stdout, process.stderr
        process.wait(60)


@pytest.fixture
def log(tmp_path, capsys):
    """A log with an organiser and one registry of objects."""
    folder = tmp_path / "log"
    assert main([*FOUND, str(folder)]) == 0
    with Ledger.open(folder) as ledger:
        admin = ledger.actor("admin")
        ledger.open_account(admin, "a", account="market", role="organiser", unit="220100")
        facts = {"registry": "shops", "type": "objects", "title": "名录库", "item": "X-1"}
        ledger.create_registry(ledger.actor("market"), "r", **facts)
    capsys.readouterr()
    return folder


WRONG = {
    "no command": ([], "缺少参数 / missing: COMMAND"),
    "an unknown command": (["nope"], "没有这个命令 / no such command: 'nope'"),
    "what init needs": (["init"], "缺少参数 / missing: --origin, --unit, --unit-name"),
    "an unknown option": (["serve", "--fast"], "不认识的参数 / unknown argument: --fast"),
    "a second file": (["import", "a", "b"], "不认识的参数 / unknown argument: b"),
    "no value": (["serve", "--port"], "--port 后面缺少值 / --port needs a value"),
    "no such kind": (["import", "a", "--kind", "b"], "--kind 的值不可用 / no value of --kind: 'b'"),
    "a value too much": (["demo", "--once=1"], "--once 不带值 / --once takes no value"),
    "no such port": (["serve", "--port", "99999"], "--port：端口应为 0 至 65535 / a port is 0 to 65535: 99999"),
    "no port at all": (["demo", "--port", "-1"], "--port"),
    "an option cut too short": (["import", "a", "--d"], "参数不明确 / ambiguous: --d"),
}


@pytest.mark.parametrize(("call", "words"), WRONG.values(), ids=WRONG.keys())
def test_wrong_usage_is_told_in_chinese_first_and_is_64(call, words, capsys):
    returned = main(call)

    said = capsys.readouterr()
    assert (returned, said.out) == (64, "")
    assert said.err.startswith(words)
    assert "用法 usage: fairdraw" in said.err
    assert "error:" not in said.err


def test_every_option_is_explained_in_both_languages():
    for name, command in {"": parser(), **commands()}.items():
        for action in command._actions:
            if not isinstance(action, argparse._SubParsersAction):
                zh, slash, en = (action.help or "").partition(" / ")
                assert slash, f"{name} {action.dest}"
                assert CHINESE.search(zh), f"{name} {action.dest}"
                assert en.isascii(), f"{name} {action.dest}"


@pytest.mark.parametrize("name", ["", *commands()])
def test_every_help_has_chinese_headings(name, capsys):
    assert main([*([name] if name else []), "--help"]) == 0

    help_text = capsys.readouterr().out
    assert help_text.lower().startswith(f"用法 usage: fairdraw {name}".rstrip())
    assert "选项 options:" in help_text


def test_the_help_of_the_verifier_names_the_program_as_it_was_called(monkeypatch, capsys):
    from verify.__main__ import main as verify

    main(["verify", "--help"])
    inside = capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["/x/verify/__main__.py"])
    verify(["--help"])
    alone = capsys.readouterr().out

    assert inside.startswith("用法 Usage: fairdraw verify TARGET")
    assert re.match(r"用法 Usage: python[0-9.]* -m verify TARGET", alone)
    for word in ("信任策略", "--policy FILE", "退出码", "未能核验", "130"):
        assert word in inside


def test_init_on_an_existing_log_does_not_say_that_it_made_one(tmp_path, capsys):
    folder = str(tmp_path / "log")

    first = main([*FOUND, folder]), capsys.readouterr().out
    again = main([*FOUND, folder]), capsys.readouterr().out

    assert (first[0], again[0]) == (0, 0)
    assert "台账已建立 / the log is made" in first[1]
    assert "已存在" in again[1]
    assert "only another token" in again[1]
    assert "已建立" not in again[1]
    assert first[1].splitlines()[-1] != again[1].splitlines()[-1]


def imported(folder: Path, file: Path, *options: str) -> int:
    return main(["import", str(file), "--dir", str(folder), "--registry", "shops", "--account", "market", *options])


def test_going_back_to_an_earlier_file_is_a_new_import(log, tmp_path, capsys):
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text(f"uscc,name\n{code(1)},甲店\n", "utf-8")
    two.write_text(f"uscc,name\n{code(1)},乙店\n", "utf-8")

    codes = [imported(log, file) for file in (one, two, one)]
    said = capsys.readouterr().out.splitlines()

    assert codes == [0, 0, 0]
    assert len(set(said)) == 3
    assert all(line.startswith("已导入") for line in said)


def test_an_import_that_does_nothing_is_not_called_imported(log, tmp_path, capsys):
    file = tmp_path / "one.csv"
    file.write_text(f"uscc,name\n{code(1)},甲店\n", "utf-8")
    imported(log, file)
    capsys.readouterr()

    returned = imported(log, file)

    said = capsys.readouterr()
    assert (returned, said.out) == (1, "")
    assert "没有任何变化" in said.err


def test_inspectors_for_a_registry_of_objects_are_refused_by_name(log, tmp_path, capsys):
    file = tmp_path / "people.csv"
    header = "inspector_no,display_name,unit_code,certificate_no,certificate_valid_to,item_codes"
    file.write_text(f"{header}\n1,检查员,220100,证,2028-01-01,X-1\n", "utf-8")

    as_objects = imported(log, file), capsys.readouterr().err
    as_inspectors = imported(log, file, "--kind", "inspectors"), capsys.readouterr().err

    assert (as_objects[0], as_inspectors[0]) == (1, 1)
    assert len(as_objects[1].splitlines()) == 2
    assert "--kind inspectors" in as_objects[1]
    assert "请用 --kind objects" in as_inspectors[1]


def test_one_fault_is_one_and_an_empty_column_is_not_shown(tmp_path, capsys):
    file = tmp_path / "empty.csv"
    file.touch()

    assert main(["import", str(file), "--dry-run"]) == 1

    assert capsys.readouterr().err.splitlines() == [
        f"{file}:1: 文件是空的 / the file is empty",
        "1 处有误，未导入任何内容 / 1 fault, nothing imported",
    ]


def test_the_demonstration_shows_a_faulty_value_as_the_import_does(tmp_path, capsys):
    file = tmp_path / "objects.csv"
    file.write_text(f"uscc,name,risk\n{code(1)},店,Z\n", "utf-8")

    main(["demo", "--once", "--dir", str(tmp_path / "d"), "--objects", str(file)])
    shown = capsys.readouterr().err.splitlines()[0]
    main(["import", str(file), "--dry-run"])

    assert f"{file}:2: risk 'Z': 不认识的值" in shown
    assert capsys.readouterr().err.splitlines()[0] == shown


def test_an_export_destroys_no_other_folder(log, tmp_path, capsys):
    other = tmp_path / "pictures"
    other.mkdir()
    (other / "cat.jpg").touch()

    assert main(["export", "--dir", str(log), str(other)]) == 1

    said = capsys.readouterr().err
    assert said.startswith("目标已有其他内容")
    assert "cat.jpg" in said


def test_the_line_that_verifies_can_be_copied(log, tmp_path, capsys):
    target = tmp_path / "it's a folder"

    main(["export", "--dir", str(log), str(target)])
    words = shlex.split(capsys.readouterr().out.splitlines()[-1].partition(": ")[2])

    assert words[:3] == ["./fairdraw", "verify", str(target)]
    assert main(words[1:]) == 0
    assert shlex.split(verify_command(Path("-x"), "k"))[2] == "./-x"


@pytest.mark.parametrize(("host", "words"), [("127.0.0.1", "已被占用"), ("203.0.113.7", "不是本机可用的 IPv4 地址")])
def test_a_port_that_cannot_be_had_is_told(log, host, words, capsys):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])

        assert main(["serve", "--dir", str(log), "--host", host, "--port", port]) == 1

    assert words in capsys.readouterr().err.splitlines()[0]


@pytest.mark.parametrize("torn", ["", '{"data":', "[]"])
def test_a_demonstration_with_a_damaged_mark_says_so(torn, tmp_path, capsys):
    (tmp_path / "run.json").write_text(torn, "utf-8")

    assert main(["demo", "--once", "--dir", str(tmp_path)]) == 1

    said = capsys.readouterr().err
    assert "run.json" in said
    assert CHINESE.search(said)
    assert "Traceback" not in said


def test_a_database_that_is_none_and_a_file_that_is_not_there_are_told(log, tmp_path, capsys):
    (log / "ledger.db").write_bytes(b"not a database" * 100)

    codes = main(["rebuild", "--dir", str(log)]), main(["import", str(tmp_path / "none.csv")])

    said = capsys.readouterr().err.splitlines()
    assert codes == (1, 1)
    assert "台账数据库无法读写" in said[0]
    assert "没有这个文件或文件夹 / there is no such file or folder" in said[1]


def test_a_fault_that_nobody_foresaw_is_one_line_and_70(log, monkeypatch, capsys):
    monkeypatch.setattr("domain.ledger.Ledger.publish_cosigned", None)

    assert main(["export", "--dir", str(log), "x"]) == 70

    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "TypeError" in said
    assert "api/exporting.py:" in said


@pytest.mark.parametrize(
    ("where", "call"),
    [
        ("api.importing.read_objects", ["import", __file__, "--dry-run"]),
        ("domain.ledger.Ledger.open", ["export", "x"]),
        ("verify.__main__.verify", ["verify", "x"]),
        ("api.demo.materials.gather", ["demo", "--dir", "a b"]),
    ],
    ids=["import", "export", "verify", "demo"],
)
def test_ctrl_c_is_one_line_and_130(where, call, monkeypatch, capsys):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(where, interrupted)

    assert main(call) == 130

    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith("已中断")
    if call[0] == "demo":
        assert said.err.rstrip().endswith("./fairdraw demo --dir 'a b'")


def test_ctrl_c_while_the_demonstration_plays(tmp_path):
    folder = tmp_path / "run"
    with started("demo", "--once", "--dir", str(folder)) as (process, output, errors):
        assert errors.readline().startswith("[1/")

        process.send_signal(signal.SIGINT)
        rest, out = errors.read(), output.read()

        assert process.wait(60) == 130
    last = rest.splitlines()[-1]
    assert last.startswith("已中断")
    assert last.endswith(f"./fairdraw demo --dir {folder} --once")
    assert "Traceback" not in rest
    assert out == ""


def test_ctrl_c_while_it_serves_is_the_way_to_end_it(log):
    with started("serve", "--dir", str(log), "--port", "0") as (process, output, errors):
        assert "http://127.0.0.1:" in output.readline()

        process.send_signal(signal.SIGINT)

        assert (process.wait(60), errors.read()) == (0, "")
    with Ledger.open(log) as ledger:
        assert ledger.published_size == ledger.size  # what was acknowledged is published before it ends


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("call", "returned"),
    [(["verify", "{}"], 2), (["verify", "--help"], 0), (["--help"], 0), (["rebuild", "--dir", "{log}"], 141)],
    ids=["verify", "its help", "help", "another command"],
)
def test_a_reader_that_goes_away_is_no_fault(call, returned, unbuffered, story, log):
    words = [word.format(story.export, log=log) for word in call]
    with started(*words, unbuffered=unbuffered) as (process, output, errors):
        output.close()

        assert (errors.read(), process.wait(60)) == ("", returned)


def finding(outcome: Outcome, number: int, check: str = "F08") -> Finding:
    return Finding(check, outcome, f"draw-{number} 冻结前有变动。", f"draw-{number} changed.", number)


def test_alike_findings_are_one_for_people_and_all_for_programs():
    many = [finding(Outcome.NOTED, number) for number in range(18)]
    report = Report("x", "o", 1, "00", [*many, finding(Outcome.HOLDS, 1, "F02")])

    lines = list(report.lines())

    shown = [line for line in lines if "[F08]" in line]
    assert len(shown) == 1
    assert "同类共 18 条，另见 #1, #2" in shown[0]
    assert any("(18 alike, --json lists all)" in line for line in lines)
    assert "值得注意 NOTED (18)" in "\n".join(lines)
    assert "Checks that hold: F02" in "\n".join(lines)
    assert report.as_json().count("F08") == 18


def test_faults_are_never_folded():
    report = Report("x", "o", 1, "00", [finding(Outcome.BROKEN, number) for number in range(18)])

    assert sum("[F08]" in line for line in report.lines()) == 18


def test_real_businesses_with_invented_results_are_served_to_nobody(tmp_path, capsys):
    folder = str(tmp_path / "log")
    origin = ["--origin", "demo.unshown.x.example/1", "--unit", "220100", "--unit-name", "某局"]
    assert main(["init", *origin, "--dir", folder]) == 0

    code = main(["serve", "--dir", folder, "--port", "0"])

    assert code == 1
    assert "不得对外展示" in capsys.readouterr().err
