"""How the command line speaks of mistakes, Chinese first and English second: with the usage, and an exit code of its own."""

from __future__ import annotations

import re
import sys
from typing import NoReturn

from verify import words

WRONG_USAGE = 64


class Parser(words.Parser):
    """An ArgumentParser in two languages; wrong usage ends with 64."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, then the usage, and end."""
        print(f"{translated(message)}\n{self.format_usage().rstrip()}", file=sys.stderr)
        print(f"详细说明 help: {self.prog} --help", file=sys.stderr)
        raise SystemExit(WRONG_USAGE)


def translated(message: str) -> str:
    """Return what argparse, or one of our own types, says about wrong usage in our words."""
    if own := re.fullmatch(r"argument (.+?): (.* / .*)", message, re.DOTALL):
        return f"{own[1]}：{own[2]}"
    said = words.mistake(message)
    value, known = (f": {said.value}" if said.value else ""), (f"（可用 known: {said.known}）" if said.known else "")
    return f"{said.zh} / {said.en}{value}{known}"
