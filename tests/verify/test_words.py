"""What a person reads of a mistake is Chinese first and English second, and neither sentence breaks into the other language."""

from __future__ import annotations

import re
import socket
import ssl
import zlib
from collections.abc import Callable
from http.client import BadStatusLine, IncompleteRead, RemoteDisconnected
from pathlib import Path

import pytest

from verify import network
from verify.__main__ import COMMANDS, WRONG_USAGE, main
from verify.note import COSIGNATURE, format_vkey
from verify.policy import PolicyError, parse
from verify.source import UsageError
from verify.watch.fetching import Site, Trouble

CHINESE = re.compile("[\u3400-\u9fff]")
VKEY = format_vkey("demo.example/1", bytes(31) + b"\x07")
WITNESSES = [format_vkey(f"w{n}.example", bytes(31) + bytes([n]), COSIGNATURE) for n in (8, 9)]
MISTAKES = {
    "nothing is given": (["watch"], "缺少参数：URL, --state。", "Missing: URL, --state."),
    "no folder": (["watch", "http://a"], "缺少参数：--state。", "Missing: --state."),
    "an unknown option": (
        ["watch", "http://a", "--state", "s", "--fast"],
        "不认识的参数：--fast。",
        "Unknown argument: --fast.",
    ),
    "no number": (
        ["watch", "http://a", "--state", "s", "--every", "often"],
        "--every 须为数字：'often'。",
        "--every takes a number: 'often'.",
    ),
    "two of which one is meant": (
        ["watch", "http://a", "--state", "s", "--once", "--every", "1"],
        "--every 不能同时给出：--once。",
        "--every cannot be given with: --once.",
    ),
    "no value": (["evidence", "a", "b", "--vkey"], "--vkey 后面缺少值。", "--vkey needs a value."),
    "one head": (["evidence", "a", "--vkey", VKEY], "缺少参数：CHECKPOINT。", "Missing: CHECKPOINT."),
    "no command": (["witness"], "缺少参数：COMMAND。", "Missing: COMMAND."),
    "another command": (
        ["witness", "sign"],
        "没有这个命令：'sign'（可用：'init', 'serve'）。",
        "No such command: 'sign' (known: 'init', 'serve').",
    ),
    "a command that lacks a name": (["witness", "init", "--state", "s"], "缺少参数：--name。", "Missing: --name."),
    "an option of a command": (
        ["witness", "init", "--state", "s", "--name", "n", "--x"],
        "不认识的参数：--x。",
        "Unknown argument: --x.",
    ),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_told_in_two_sentences(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    words, zh, en = MISTAKES[what]

    assert main(words) == WRONG_USAGE

    said = capsys.readouterr().err.splitlines()
    assert [re.sub(r"'?(init|serve)'?", r"'\1'", each) for each in said[:2]] == [zh, en]  # quoted until Python 3.12


@pytest.mark.parametrize("words", [[each] for each in COMMANDS] + [["witness", "init"], ["witness", "serve"], []])
def test_help_has_its_headings_in_two_languages(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main([*words, "--help"])
    except SystemExit as ended:
        code = int(ended.code or 0)

    said = capsys.readouterr().out
    assert code == 0
    assert said.lower().startswith("用法 usage: ")
    assert "show this help message" not in said
    headings = [line for line in said.splitlines() if re.fullmatch(r"\S.*:", line)]
    assert all(CHINESE.search(each) for each in headings), headings


def lines(*more: str) -> str:
    return "\n".join([f"log {VKEY}", *more, ""])


POLICIES = {
    "a word": lines("quorom none"),
    "no quorum": lines(),
    "no key": "log x\nquorum none\n",
    "another id": re.sub(r"\+[0-9a-f]{8}\+", "+00000000+", lines("quorum none")),
    "a log that cosigns": f"log {WITNESSES[0]}\nquorum none\n",
    "a witness that is a log": lines(f"witness w {VKEY}", "quorum none"),
    "a key twice": lines(f"log {VKEY}", "quorum none"),
    "a cosigner twice": lines(f"witness w {WITNESSES[0]}", f"witness v {WITNESSES[0]}", "quorum w"),
    "an address": lines(f"witness w {WITNESSES[0]} ftp://a", "quorum w"),
    "a group of strangers": lines("group g any nobody", "quorum g"),
    "too many of them": lines(f"witness w {WITNESSES[0]}", "group g 3 w", "quorum g"),
    "a quorum of nobody": lines("quorum nobody"),
    "a name twice": lines(f"witness w {WITNESSES[0]}", f"witness w {WITNESSES[1]}", "quorum w"),
}


@pytest.mark.parametrize("name", POLICIES)
def test_a_line_of_a_policy_is_refused_in_either_language(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(PolicyError) as refused:
        parse(POLICIES[name])
    zh, en = refused.value.zh, str(refused.value)
    assert CHINESE.search(zh)
    assert not CHINESE.search(en)
    assert re.findall(r"\d+", zh)[:1] == re.findall(r"line (\d+)", en) or "line" in en
    assert not re.search(r"[a-z]+ (is|are|of|not|a|the) [a-z]+", zh)

    (tmp_path / "policy").write_text(POLICIES[name])
    assert main([str(tmp_path), "--policy", str(tmp_path / "policy")]) == WRONG_USAGE
    said = capsys.readouterr().err.splitlines()
    assert (zh in said[0], en in said[1]) == (True, True)


ERRORS: list[Exception | str] = [
    ConnectionRefusedError(111, "Connection refused"),
    TimeoutError("timed out"),
    RemoteDisconnected("Remote end closed connection without response"),
    socket.gaierror(-2, "Name or service not known"),
    ssl.SSLCertVerificationError(1, "certificate verify failed"),
    IncompleteRead(b"", 7),
    BadStatusLine("x"),
    zlib.error("Error -3 while decompressing data"),
    OSError(101, "Network is unreachable"),
    ValueError("unknown url type"),
    "no host given",
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_of_the_network_is_told_in_either_language(error: Exception | str) -> None:
    zh, en = network.told(error)

    assert CHINESE.match(zh)
    assert not re.search("[A-Za-z]{5}", zh)
    assert str(error) in en
    assert "网络错误" not in zh


def closed() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize("url", [closed, lambda: "http://no-such-host.invalid"])
def test_a_log_that_is_not_there_is_told_in_either_language(url: Callable[[], str]) -> None:
    with pytest.raises(Trouble) as trouble:
        Site(url(), patience=5).get("checkpoint", 100)

    address = re.compile(r"http://\S+/checkpoint")
    assert not re.search("[A-Za-z]", address.sub("", trouble.value.zh).replace("HTTP", ""))
    assert "unreachable: " in trouble.value.en


def test_a_key_that_is_none_is_told_by_its_file(tmp_path: Path) -> None:
    from verify.given import require_key

    (tmp_path / "key").write_text(VKEY + "\n")
    assert require_key(str(tmp_path / "key")) == require_key(VKEY)
    with pytest.raises(UsageError):
        require_key(str(tmp_path / "none"))
