"""How the command line speaks: usage, headings and mistakes, Chinese first and English second."""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, NoReturn

WRONG_USAGE = 64

# What argparse says (Python 3.11 to 3.14) and how we say it. The groups of each are the values of our words.
_SAID = [
    (r"the following arguments are required: (.+)", "缺少参数 / missing: {0}"),
    (r"unrecognized arguments: (.+)", "不认识的参数 / unknown argument: {0}"),
    (
        r"argument COMMAND: invalid choice: (.+?) \(choose from (.+)\)",
        "没有这个命令 / no such command: {0}（可用 known: {1}）",
    ),
    (
        r"argument (.+?): invalid choice: (.+?) \(choose from (.+)\)",
        "{0} 的值不可用 / no value of {0}: {1}（可用 known: {2}）",
    ),
    (r"argument (.+?): expected (?:one|at least one) argument", "{0} 后面缺少值 / {0} needs a value"),
    (r"argument (.+?): ignored explicit argument (.+)", "{0} 不带值 / {0} takes no value: {1}"),
    (r"ambiguous option: (.+?) could match (.+)", "参数不明确 / ambiguous: {0}（{1}）"),
    (r"argument (.+?): (.* / .*)", "{0}：{1}"),
]


class Parser(argparse.ArgumentParser):
    """An ArgumentParser in two languages; wrong usage ends with 64."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"formatter_class": Formatter, "add_help": False, **options})
        self._positionals.title, self._optionals.title = "参数 arguments", "选项 options"
        self.add_argument("-h", "--help", action="help", help="显示本说明 / show this help")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As the library does, but what a command does not know is told with the usage of that command, not of the whole."""
        known, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return known, rest

    def _print_message(self, message: str, file: Any = None) -> None:
        # A reader who has seen enough of the help is no fault; only from 3.11.4 on the library thinks so too.
        with suppress(BrokenPipeError):
            super()._print_message(message, file)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, then the usage, and end."""
        print(f"{translated(message)}\n{self.format_usage().rstrip()}", file=sys.stderr)
        print(f"详细说明 help: {self.prog} --help", file=sys.stderr)
        raise SystemExit(WRONG_USAGE)


class Formatter(argparse.HelpFormatter):
    """Help whose texts break between their two languages where they are too long for one line."""

    def add_usage(
        self, usage: str | None, actions: Iterable[Any], groups: Iterable[Any], prefix: str | None = None
    ) -> None:
        """Add the usage under a heading in two languages."""
        super().add_usage(usage, actions, groups, "用法 usage: " if prefix is None else prefix)

    def _split_lines(self, text: str, width: int) -> list[str]:
        parts = [text] if columns(text) <= width else text.split(" / ")
        return [line for part in parts for line in wrapped(part, width)]

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for part in text.splitlines() for line in wrapped(part, width))


def translated(message: str) -> str:
    """Return what argparse says about wrong usage in our words."""
    for pattern, words in _SAID:
        if found := re.fullmatch(pattern, message, re.DOTALL):
            return words.format(*found.groups())
    return f"用法有误 / wrong usage: {message}"


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def wrapped(text: str, width: int) -> Sequence[str]:
    """Return the lines of a text of one language within `width` columns."""
    # A line of Chinese has no spaces to break at and takes two columns for each character.
    return textwrap.wrap(text, max(8, width * len(text) // max(1, columns(text))))
