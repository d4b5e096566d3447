"""How a command line speaks: usage, headings and mistakes, Chinese first and English second."""

from __future__ import annotations

import argparse
import re
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from verify.source import UsageError

# What argparse says (Python 3.11 to 3.14) and how we say it.
_SAID = [
    (r"the following arguments are required: (?P<value>.+)", "缺少参数", "missing"),
    (r"one of the arguments (?P<value>.+) is required", "须给出其中之一", "one of these is needed"),
    (r"unrecognized arguments: (?P<value>.+)", "不认识的参数", "unknown argument"),
    (
        r"argument COMMAND: invalid choice: (?P<value>.+?) \(choose from (?P<known>.+)\)",
        "没有这个命令",
        "no such command",
    ),
    (
        r"argument (?P<name>.+?): invalid choice: (?P<value>.+?) \(choose from (?P<known>.+)\)",
        "{name} 的值不可用",
        "no value of {name}",
    ),
    (r"argument (?P<name>.+?): invalid (int|float) value: (?P<value>.+)", "{name} 须为数字", "{name} takes a number"),
    (
        r"argument (?P<name>.+?): not allowed with argument (?P<value>.+)",
        "{name} 不能同时给出",
        "{name} cannot be given with",
    ),
    (r"argument (?P<name>.+?): expected (?:one|at least one) argument", "{name} 后面缺少值", "{name} needs a value"),
    (
        r"argument (?P<name>.+?): ignored explicit argument (?P<value>.+)",
        "{name} 不带值",
        "{name} takes no value",
    ),
    (r"ambiguous option: (?P<value>.+?) could match (?P<known>.+)", "参数不明确", "ambiguous"),
]


@dataclass(frozen=True)
class Mistake:
    """What is wrong, in two languages; the words that it is about, and those that would have been right, where there are any."""

    zh: str
    en: str
    value: str = ""
    known: str = ""


def mistake(message: str) -> Mistake:
    """Return what argparse says about wrong usage in our words."""
    for pattern, zh, en in _SAID:
        if found := re.fullmatch(pattern, message, re.DOTALL):
            given = found.groupdict("")
            name = given.get("name", "")
            return Mistake(zh.format(name=name), en.format(name=name), given.get("value", ""), given.get("known", ""))
    return Mistake("用法有误", "wrong usage", message)


class Parser(argparse.ArgumentParser):
    """An ArgumentParser in two languages; wrong usage is a UsageError."""

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
        """Say what is wrong. Raises UsageError."""
        said = mistake(message)
        zh = said.zh + (f"：{said.value}" if said.value else "") + (f"（可用：{said.known}）" if said.known else "")
        en = said.en + (f": {said.value}" if said.value else "") + (f" (known: {said.known})" if said.known else "")
        raise UsageError(f"{zh}。", f"{en[:1].upper()}{en[1:]}.")


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


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def wrapped(text: str, width: int) -> Sequence[str]:
    """Return the lines of a text of one language within `width` columns."""
    # A line of Chinese has no spaces to break at and takes two columns for each character.
    return textwrap.wrap(text, max(8, width * len(text) // max(1, columns(text))))
