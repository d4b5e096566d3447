"""The command line: `fairdraw init | serve | export | verify | import | rebuild | recover | demo`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import metadata

from api.commandline import demo, log, registry
from domain.errors import Refusal


def parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    root = argparse.ArgumentParser(
        prog="fairdraw", description="双随机、一公开的审计台账 / the audit ledger of double-random inspections"
    )
    root.add_argument("--version", action="version", version=f"fairdraw {metadata.version('fairdraw')}")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    log.add(commands)
    registry.add(commands)
    demo.add(commands)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 refused or broken, 2 unchecked, 64 wrong usage."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["verify"]:  # the verifier reads its own arguments, so that both spellings are one program
        from verify.__main__ import main as verify

        return verify(given[1:])
    try:
        chosen = parser().parse_args(given)
    except SystemExit as leaving:
        return 64 if leaving.code else 0
    try:
        return int(chosen.run(chosen))
    except Refusal as refusal:
        print(f"拒绝：{refusal.zh}（{refusal.rule}）\nrefused: {refusal.en}", file=sys.stderr)
        for error in refusal.errors:
            print(f"  {error.get('line', '')} {error.get('column', '')}: {error['reason_zh']}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"无法读写 / cannot read or write: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
