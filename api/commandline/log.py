"""Commands about a log: serve it, export it, make its views anew, bring it up again after a loss."""

from __future__ import annotations

import argparse
from pathlib import Path

from api.commandline import Commands, Failed, folder_argument, new_command, port_argument, verify_command


def add(commands: Commands) -> None:
    """Add `serve`, `export`, `rebuild`, `recover` and the name `verify`."""
    serve = new_command(commands, "serve", "提供服务，直到 Ctrl-C", "serve a log over HTTP until Ctrl-C")
    folder_argument(serve)
    serve.add_argument("--host", default="127.0.0.1", help="监听地址（默认 %(default)s） / address to listen on")
    port_argument(serve)
    serve.set_defaults(run=_serve)

    zh, en = "导出台账，供任何人验证", "write the published log as a folder that anyone can verify"
    export = new_command(commands, "export", zh, en)
    folder_argument(export)
    export.add_argument(
        "target",
        type=Path,
        metavar="FOLDER",
        help="导出到此文件夹，替换其中较早的导出 / where to, an older export is replaced",
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


def _serve(chosen: argparse.Namespace) -> int:
    from api.serving import Service
    from api.settings import UNSHOWN, Settings
    from domain.ledger import Ledger

    with Ledger.open(chosen.dir) as ledger:
        if ledger.origin.startswith(UNSHOWN):
            raise Failed(
                "此台账是用非随附数据做的演示，含真实企业与虚构结果，不得对外展示",
                "this demonstration holds real businesses with invented results and is shown to nobody",
            )
        settings = Settings(folder=chosen.dir, host=chosen.host, port=chosen.port)
        with Service(ledger, settings) as service:
            service.wait(f"服务地址 / serving {ledger.origin} on {service.address}  （Ctrl-C 结束 / to end）")
    return 0


def _export(chosen: argparse.Namespace) -> int:
    from api.exporting import export
    from domain.ledger import Ledger

    with Ledger.open(chosen.dir) as ledger:
        ledger.publish_checkpoint()
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
