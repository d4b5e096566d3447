"""The commands of the command line, one file per matter, and the words they share."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

WRONG_USAGE = 64
"""The exit code where a command was given what it does not take."""
Commands = Any
"""What argparse gives for adding commands to."""


class Failed(Exception):
    """A command cannot be done; `zh` and `en` say why, and where possible what to do. `code`: the exit code."""

    def __init__(self, zh: str, en: str, code: int = 1) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en, self.code = zh, en, code


def new_command(commands: Commands, name: str, zh: str, en: str) -> argparse.ArgumentParser:
    """Add a command with its two sentences, which stand in the list of commands and above its own options."""
    command: argparse.ArgumentParser = commands.add_parser(name, help=f"{zh} / {en}", description=f"{zh}\n{en}")
    return command


def folder_argument(command: argparse.ArgumentParser) -> None:
    """Give a command the option that names the log's folder."""
    zh, en = "台账文件夹（默认 %(default)s）", "the folder of the log (default %(default)s)"
    command.add_argument("--dir", type=Path, default=Path("fairdraw-log"), metavar="FOLDER", help=f"{zh} / {en}")


def port(text: str) -> int:
    """Return a port of an option. ArgumentTypeError where there is no such port."""
    if not (text.isascii() and text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"端口应为 0 至 65535 / a port is 0 to 65535: {text}")
    return int(text)


def port_argument(command: argparse.ArgumentParser) -> None:
    """Give a command the option that names the port it serves on."""
    zh, en = (
        "服务端口，0 为任一空闲端口（默认 %(default)s）",
        "the port to serve on, 0 is any free one (default %(default)s)",
    )
    command.add_argument("--port", type=port, default=8750, help=f"{zh} / {en}")


def copyable(*words: str | Path) -> str:
    """Return a command line of this program that a reader can paste into a shell as it stands."""
    return shlex.join(["./fairdraw", *map(str, words)])


def verify_command(folder: Path, vkey: str) -> str:
    """Return the line that verifies an export."""
    name = str(folder)
    return copyable("verify", f"./{name}" if name.startswith("-") else name, "--vkey", vkey)


def say(text: str) -> None:
    """Tell the person at the terminal, beside the output proper."""
    print(text, file=sys.stderr, flush=True)


def say_faults(path: Path, faults: Sequence[dict[str, Any]]) -> None:
    """Tell every fault of a file, and how many there are."""
    for fault in faults:
        say(fault_line(path, fault))
    say(f"{path}：{len(faults)} 处有误 / {len(faults)} {'fault' if len(faults) == 1 else 'faults'}")


def fault_line(path: Path | str, fault: dict[str, Any]) -> str:
    """Return one fault of a file: where it is, the value as the file has it, and why in two languages."""
    place = ":".join(str(part) for part in (path, fault.get("line", "")) if str(part))
    value = repr(fault["value"]) if fault.get("value") else ""
    what = " ".join(part for part in (fault.get("column", ""), value) if part)
    reason = " / ".join(fault[key] for key in ("reason_zh", "reason") if key in fault)
    return ": ".join(part for part in (place, what, reason) if part)


def dsn_argument(command: argparse.ArgumentParser, zh: str, en: str, required: bool = False) -> None:
    """Give a command the option that says how PostgreSQL is reached."""
    command.add_argument("--dsn", required=required, metavar="DSN", help=f"{zh} / {en}")
