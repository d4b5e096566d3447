"""Commands about a log: make it, serve it, export it, make its views anew, bring it up again after a loss."""

from __future__ import annotations

import argparse
from pathlib import Path

from api.commandline import Commands, folder_argument
from domain.ledger import Ledger


def add(commands: Commands) -> None:
    """Add `init`, `serve`, `export`, `rebuild`, `recover` and the name `verify`."""
    init = commands.add_parser("init", help="新建台账 / make a log: its key, its first account and that account's token")
    folder_argument(init)
    init.add_argument("--origin", required=True, help="台账来源名，如 ledger.example.cn/220100 / the log's name")
    init.add_argument("--unit", required=True, help="机关代码 / code of the authority, e.g. 220100")
    init.add_argument("--unit-name", required=True, help="机关名称 / name of the authority")
    init.add_argument("--account", default="admin", help="首个账号 / the first account")
    init.add_argument("--clock", choices=("system", "stepped"), default="system", help="stepped: 仅供演示 / demos only")
    init.set_defaults(run=_init)

    serve = commands.add_parser("serve", help="提供服务 / serve a log over HTTP")
    folder_argument(serve)
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8750)
    serve.set_defaults(run=_serve)

    export = commands.add_parser("export", help="导出 / write the published log as a folder that anyone can verify")
    folder_argument(export)
    export.add_argument("target", type=Path, metavar="FOLDER")
    export.set_defaults(run=_export)

    rebuild = commands.add_parser("rebuild", help="重建视图 / make the views anew; a running service: POST /api/v1/views/rebuild")
    folder_argument(rebuild)
    rebuild.set_defaults(run=_rebuild)

    recover = commands.add_parser("recover", help="恢复 / continue a log whose database was lost or is too old")
    folder_argument(recover)
    recover.add_argument("--from", dest="source", type=Path, required=True, metavar="EXPORT", help="已公布的导出")
    recover.add_argument("--reason", required=True, help="公开的原因说明 / the reason, which becomes public")
    recover.set_defaults(run=_recover)

    commands.add_parser("verify", help="独立验证 / check an export: fairdraw verify TARGET --vkey KEY")


def _init(chosen: argparse.Namespace) -> int:
    with Ledger.create(
        chosen.dir,
        chosen.origin,
        clock=chosen.clock,
        unit=chosen.unit,
        unit_name=chosen.unit_name,
        account=chosen.account,
    ) as ledger:
        token = ledger.private.issue_token(chosen.account)
        print(f"台账已建立 / the log is made: {chosen.dir}")
        print(f"验证公钥 / vkey: {ledger.vkey}")
        print(f"账号 / account: {chosen.account}")
        print(f"令牌（只显示一次）/ token (shown once): {token}")
    return 0


def _serve(chosen: argparse.Namespace) -> int:
    from api.serving import Service
    from api.settings import Settings

    with Ledger.open(chosen.dir) as ledger:
        settings = Settings(folder=chosen.dir, host=chosen.host, port=chosen.port)
        with Service(ledger, settings) as service:
            print(f"服务地址 / serving {ledger.origin} on http://{service.host}:{service.port}/", flush=True)
            service.wait()
    return 0


def _export(chosen: argparse.Namespace) -> int:
    from api.exporting import export

    with Ledger.open(chosen.dir) as ledger:
        ledger.publish_checkpoint()
        export(ledger, chosen.target)
        print(f"已导出 {ledger.published_size} 条至 / exported to {chosen.target}")
        print(f"验证 / verify: fairdraw verify {chosen.target} --vkey {ledger.vkey}")
    return 0


def _rebuild(chosen: argparse.Namespace) -> int:
    from api.reading import rebuild_views

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
