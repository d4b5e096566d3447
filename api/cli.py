"""The command line: `fairdraw init | serve | export | verify | import …`, one subcommand for each job (`fairdraw --help`).

Only the standard library is imported before `main` runs, so that Ctrl-C in the first moments ends as quietly as later.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.commandline.words import Parser

INTERRUPTED, CLOSED_PIPE = 130, 141


def parser() -> Parser:
    """Return the parser of every command."""
    from importlib import metadata

    from api.commandline import (
        anchoring,
        auditing,
        cosigners,
        demo,
        log,
        making,
        program,
        public,
        registry,
        serve,
        signing,
        why,
    )
    from api.commandline.words import Parser

    root = Parser(
        prog="fairdraw",
        description="双随机、一公开的审计台账\nthe audit ledger of double-random inspections",
        epilog="某个命令的说明 / help of one command: fairdraw COMMAND --help",
    )
    version = f"fairdraw {metadata.version('fairdraw')}"
    root.add_argument("--version", action="version", version=version, help="显示版本 / show the version")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND", title="命令 commands")
    making.add(commands)
    signing.add(commands)
    serve.add(commands)
    anchoring.add(commands)
    log.add(commands)
    public.add(commands)
    why.add(commands)
    auditing.add(commands)
    cosigners.add(commands)
    registry.add(commands)
    program.add(commands)
    demo.add(commands)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 refused or broken, 2 unchecked, 64 wrong usage, 70 our fault.

    130 after Ctrl-C, 141 where the reader of our output went away.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        _speak_utf8()
        code = _run(given)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        _say("已中断 / interrupted")
        return INTERRUPTED
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0
    except Exception as error:
        if isinstance(error, BrokenPipeError) and _nobody_reads():
            return CLOSED_PIPE
        code, text = _explained(error, given)
        _say(text)
        return code
    finally:
        _nobody_reads()


def _run(given: list[str]) -> int:
    if given[:1] == ["verify"]:  # the verifier reads its own arguments, so that both spellings are one program
        from verify.__main__ import main as verify

        return verify(given[1:], "fairdraw verify")
    if given[:1] == ["audit"]:
        from verify.__main__ import main as verify

        return verify(given, "fairdraw")
    chosen = parser().parse_args(given)
    return int(chosen.run(chosen))


def _speak_utf8() -> None:
    """Whatever the locale, Chinese can be printed, and a file name that is no text cannot stop us."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _explained(error: BaseException, given: Sequence[str]) -> tuple[int, str]:
    """Return the exit code and the words for an error; one that nobody foresaw is a fault of ours, named with its place."""
    from api.commandline import failures

    return failures.explained(error, given)


def _say(text: str) -> None:
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def _nobody_reads() -> bool:
    """Whether a reader of our output went away; then the rest goes nowhere, or Python would complain at its very end."""
    gone = False
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # a stream without a file below it has no reader to lose
            try:
                stream.flush()
                if not _is_broken(stream.fileno()):
                    continue
            except BrokenPipeError:
                pass
            gone = True
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
    return gone


def _is_broken(descriptor: int) -> bool:
    """Whether this is a pipe that nobody reads. Without a buffer the failed write has left nothing that flushing would show."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(events & select.POLLERR for _, events in poll.poll(0))


if __name__ == "__main__":
    raise SystemExit(main())
