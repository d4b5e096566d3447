"""What a command of the verifier is given from outside, a key and a policy, and how it answers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from verify import note as notes
from verify import policy as policies
from verify.note import NoteError, VerifierKey
from verify.policy import Policy, PolicyError
from verify.report import Report
from verify.source import UsageError
from verify.usage import parse

Check = Callable[[str, VerifierKey | None, Policy | None], Report]
_OTHERS = ("since", "processes", "chain")


def answer(words: Sequence[str], usage: str, check: Check) -> int:
    """Answer a command that takes a target, --vkey, --policy and --json; return the exit code. Raises UsageError."""
    arguments = parse(words)
    if arguments is None:
        say(usage)
        return 0
    if any(getattr(arguments, each) for each in _OTHERS):
        raise UsageError("这个命令只接受 --vkey、--policy 和 --json。", "This takes --vkey, --policy and --json only.")
    report = check(arguments.target, key_of(arguments.vkey), policy_of(arguments.policy))
    say(report.as_json() if arguments.json else "\n".join(report.lines()))
    return report.exit


def say(text: str) -> None:
    """Print an answer whole. A reader who has seen enough (`| head`) is no fault, and does not change the exit code."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        with suppress(OSError, ValueError):  # or Python would complain about the rest at its very end
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)


def key_of(text: str | None) -> VerifierKey | None:
    """Return the key given on the command line, itself or as a file that holds it. Raises UsageError."""
    if text is None:
        return None
    try:
        return notes.parse_vkey(text)
    except NoteError:
        pass
    try:
        return notes.parse_vkey(Path(text).read_text(encoding="utf-8").strip())
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{text} 不是公钥，也不是写有公钥的文件。", f"{text} is no key and no file with one: {error}"
        ) from error


def require_key(text: str) -> VerifierKey:
    """Return the key given on the command line. Raises UsageError."""
    key = key_of(text)
    if key is None:
        raise UsageError("没有给出公钥。", "No key was given.")
    return key


def policy_of(path: str | None) -> Policy | None:
    """Return the policy in a file. Raises UsageError."""
    if path is None:
        return None
    try:
        return policies.parse(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        zh = error.zh if isinstance(error, PolicyError) else "读不到，或不是 UTF-8 文本"
        raise UsageError(f"{path} 不是可用的信任策略：{zh}。", f"{path} is no usable policy: {error}") from error
