"""Commands about a log: export it, make its views anew, bring it up again after a loss."""

from __future__ import annotations

import argparse
from pathlib import Path

from api.commandline import Commands, dsn_argument, folder_argument, new_command, verify_command


def add(commands: Commands) -> None:
    """Add `export`, `rebuild`, `recover` and the name `verify`."""
    zh, en = "导出台账，供任何人验证", "write the published log as a folder that anyone can verify"
    export = new_command(commands, "export", zh, en)
    folder_argument(export)
    export.add_argument(
        "target",
        type=Path,
        metavar="FOLDER",
        help="导出到此文件夹，替换其中较早的导出 / where to, an older export is replaced",
    )
    dsn_argument(
        export,
        "改由此数据库（如同步备库）只读导出已公布部分",
        "read what is published from this copy of the database instead",
    )
    export.set_defaults(run=_export)

    zh = "由记录重建视图，结果应与之前一致；服务运行时用 POST /api/v1/views/rebuild"
    en = "make the views anew from the entries, equal to before; a running service: POST /api/v1/views/rebuild"
    rebuild = new_command(commands, "rebuild", zh, en)
    folder_argument(rebuild)
    rebuild.set_defaults(run=_rebuild)

    zh, en = "数据库丢失或过旧时，由已公布的导出恢复", "continue a log whose database was lost or is too old"
    recover = new_command(commands, "recover", zh, en)
    folder_argument(recover)
    recover.add_argument(
        "--from",
        dest="source",
        type=Path,
        required=True,
        metavar="EXPORT",
        help="已公布的导出 / an export that was published",
    )
    recover.add_argument(
        "--reason", required=True, metavar="TEXT", help="原因说明，将公开 / the reason, which becomes public"
    )
    recover.set_defaults(run=_recover)

    new_command(commands, "verify", "独立验证一个导出", "check an export; see fairdraw verify --help")


def _export(chosen: argparse.Namespace) -> int:
    from api.exporting import export
    from domain.ledger import Ledger
    from domain.standby import Standby

    with Standby.reading(chosen.dir, chosen.dsn) if chosen.dsn else Ledger.open(chosen.dir) as ledger:
        export(ledger, chosen.target)
        print(f"已导出 {ledger.published_size} 条至 / exported to {chosen.target}")
        print(f"验证 / verify: {verify_command(chosen.target, ledger.vkey)}")
    return 0


def _rebuild(chosen: argparse.Namespace) -> int:
    from api.reading import rebuild_views
    from domain.ledger import Ledger

    with Ledger.open(chosen.dir) as ledger:
        before, after = rebuild_views(ledger)
    same = before == after
    print(f"重建前 / before: {before}\n重建后 / after:  {after}\n{'一致 / equal' if same else '不一致 / NOT equal'}")
    return 0 if same else 1


def _recover(chosen: argparse.Namespace) -> int:
    from domain.recovery import recover

    receipt = recover(chosen.dir, chosen.source, chosen.reason)
    print(f"已恢复，并公开记录于第 {receipt.index} 条 / recovered, and recorded in public as entry {receipt.index}")
    return 0
