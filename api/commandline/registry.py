"""The command that imports a registry file, or only says what is wrong with it."""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path
from typing import Any

from api.commandline import Commands, folder_argument
from api.importing import notices, read_inspectors, read_objects
from domain.ledger import Ledger

_READERS = {"objects": read_objects, "inspectors": read_inspectors}


def add(commands: Commands) -> None:
    """Add `import`."""
    command = commands.add_parser("import", help="导入名录 / import a registry file (CSV), all or nothing")
    folder_argument(command)
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--kind", choices=tuple(_READERS), default="objects", help="检查对象或检查人员")
    command.add_argument("--dry-run", action="store_true", help="只检查文件 / only check the file, record nothing")
    command.add_argument("--registry", help="名录库代码 / code of the registry")
    command.add_argument("--account", help="以哪个账号导入 / the account that imports")
    command.add_argument("--mode", choices=("merge", "replace"), default="merge", help="replace: 未列出的行将被移除")
    command.set_defaults(run=_import)


def _import(chosen: argparse.Namespace) -> int:
    data = chosen.file.read_bytes()
    rows, errors = _READERS[chosen.kind](data)
    for notice in notices(data, chosen.kind):
        print(f"注意 / note: {_place(chosen.file, notice)}", file=sys.stderr)
    for error in errors:
        print(_place(chosen.file, error), file=sys.stderr)
    if errors:
        print(f"{len(errors)} 处有误，未导入任何内容 / {len(errors)} faults, nothing imported", file=sys.stderr)
        return 1
    if chosen.dry_run:
        print(f"{len(rows)} 行可以导入 / {len(rows)} rows can be imported")
        return 0
    if not chosen.registry or not chosen.account:
        print("请给出 --registry 和 --account / --registry and --account are needed", file=sys.stderr)
        return 64
    command = hashlib.sha256(f"{chosen.registry}\0{chosen.mode}\0".encode() + data).hexdigest()
    with Ledger.open(chosen.dir) as ledger:
        receipt = ledger.import_rows(
            ledger.actor(chosen.account),
            command,
            registry=f"registry/{chosen.registry}",
            rows=rows,
            mode=chosen.mode,
            source=data,
        )
    print(f"已导入，记录于第 {receipt.index} 条 / imported as entry {receipt.index}")
    return 0


def _place(path: Path, fault: dict[str, Any]) -> str:
    value = f" {fault['value']!r}" if fault.get("value") else ""
    return f"{path}:{fault['line']}: {fault['column']}{value}: {fault['reason_zh']} / {fault['reason']}"
