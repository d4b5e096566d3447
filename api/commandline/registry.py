"""The command that imports a registry file, or only says what is wrong with it."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from api.commandline import WRONG_USAGE, Commands, Failed, fault_line, folder_argument, new_command, say

if TYPE_CHECKING:
    from verify.rows import Row, Rows

PIECE = 1 << 20
_NAMES_ZH = {"objects": "检查对象名录库", "inspectors": "检查人员名录库"}


def add(commands: Commands) -> None:
    """Add `import`."""
    zh, en = "导入名录（CSV），全部导入或全不导入", "import a registry file (CSV), all or nothing"
    command = new_command(commands, "import", zh, en)
    folder_argument(command)
    command.add_argument(
        "file", type=Path, metavar="FILE", help="名录文件，CSV UTF-8 / the registry file, CSV in UTF-8"
    )
    command.add_argument(
        "--kind",
        choices=("objects", "inspectors"),
        default="objects",
        help="名录种类：检查对象或检查人员（默认 %(default)s） / objects to inspect, or inspectors",
    )
    command.add_argument(
        "--dry-run", action="store_true", help="只检查文件，不记录 / only check the file, record nothing"
    )
    command.add_argument("--registry", metavar="CODE", help="名录库代码 / code of the registry")
    command.add_argument("--account", metavar="NAME", help="以哪个账号导入 / the account that imports")
    command.add_argument(
        "--mode",
        choices=("merge", "replace"),
        default="merge",
        help="merge 增改；replace 还移除未列出的行（默认 %(default)s） / replace removes the rows that are not listed",
    )
    command.set_defaults(run=_import)


def _import(chosen: argparse.Namespace) -> int:
    from api.importing import notices, read_inspectors, read_objects

    with chosen.file.open("rb") as file:
        rows: Rows | list[Row]
        rows, faults = read_objects(file) if chosen.kind == "objects" else read_inspectors(file)
        for notice in notices(file, chosen.kind):
            say(f"注意 / note: {fault_line(chosen.file, notice)}")
    for fault in faults:
        say(fault_line(chosen.file, fault))
    if faults:
        say(f"{len(faults)} 处有误，未导入任何内容 / {_count(len(faults), 'fault')}, nothing imported")
        return 1
    if chosen.dry_run:
        print(f"{len(rows)} 行可以导入 / {_count(len(rows), 'row')} can be imported")
        return 0
    if not chosen.registry or not chosen.account:
        say("请给出 --registry 和 --account，或用 --dry-run 只检查文件")
        say("--registry and --account are needed, or --dry-run, which only checks the file")
        return WRONG_USAGE
    return _record(chosen, rows)


def _record(chosen: argparse.Namespace, rows: Rows | list[Row]) -> int:
    from domain.ledger import Ledger
    from domain.registries import Registry

    stream = f"registry/{chosen.registry}"
    with Ledger.open(chosen.dir) as ledger:
        actor = ledger.actor(chosen.account)
        found = ledger._get(Registry, stream)
        if found.type != chosen.kind:
            zh = f"{stream} 是{_NAMES_ZH[found.type]}，请用 --kind {found.type}"
            raise Failed(zh, f"{stream} is a registry of {found.type}: use --kind {found.type}")
        # With the version in it, an id stands for this file on this state: an earlier file may come again after another.
        known = f"{chosen.registry}\0{chosen.mode}\0{found.version}\0".encode()
        command, alone, size = hashlib.sha256(known), hashlib.sha256(), 0
        with chosen.file.open("rb") as file:
            while piece := file.read(PIECE):
                command.update(piece)
                alone.update(piece)
                size += len(piece)
        source = {"sha256": alone.hexdigest(), "bytes": size}
        receipt = ledger.import_rows(
            actor, command.hexdigest(), registry=stream, rows=rows, mode=chosen.mode, source=source
        )
    print(f"已导入，记录于第 {receipt.index} 条 / imported as entry {receipt.index}")
    return 0


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
