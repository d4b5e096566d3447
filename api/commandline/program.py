"""Commands about the verifier that is handed out: build its one file, record its hash in the log."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

from api.commandline import Commands, folder_argument, new_command
from verify.program import NAME, program, release


def add(commands: Commands) -> None:
    """Add `build-verifier` and `release-verifier`."""
    zh, en = "把校验程序做成一个文件，到处逐字节相同", "write the verifier as one file, the same bytes everywhere"
    build = new_command(commands, "build-verifier", zh, en)
    build.add_argument(
        "path",
        type=Path,
        nargs="?",
        default=Path(NAME),
        metavar="PATH",
        help="写到此文件（默认 %(default)s） / the file to write (default %(default)s)",
    )
    build.set_defaults(run=_build)

    zh, en = "把所提供的校验程序的哈希记入台账", "record the hash of the verifier that is handed out"
    record = new_command(commands, "release-verifier", zh, en)
    folder_argument(record)
    record.add_argument("--account", default="admin", metavar="NAME", help="系统管理员账号 / an administrator")
    record.set_defaults(run=_record)


def _build(chosen: argparse.Namespace) -> int:
    content = program()
    chosen.path.write_bytes(content)
    print(f"{hashlib.sha256(content).hexdigest()}  {chosen.path}")
    return 0


def _record(chosen: argparse.Namespace) -> int:
    from domain.ledger import Ledger

    with Ledger.open(chosen.dir) as ledger:
        receipt = ledger.release_verifier(ledger.actor(chosen.account), f"release-{release().sha256[:32]}")
        ledger.publish_checkpoint()
    print(f"已记录于第 {receipt.index} 条 / recorded as entry {receipt.index}: {release().sha256}")
    return 0
