"""Commands that make a log: its schema where it lives in PostgreSQL, then its key, its first account and that account's token."""

from __future__ import annotations

import argparse
from pathlib import Path

from api.commandline import (
    WRONG_USAGE,
    Commands,
    Failed,
    copyable,
    cosigners,
    dsn_argument,
    folder_argument,
    new_command,
)


def add(commands: Commands) -> None:
    """Add `init` and `migrate`."""
    _add_init(commands)
    zh = "以迁移角色在 PostgreSQL 中建立或升级台账的模式、函数、视图表与授权；可重复运行"
    en = "make or update a log's schema, functions, view tables and grants in PostgreSQL, as the migration role"
    migrate = new_command(commands, "migrate", zh, en)
    dsn_argument(
        migrate,
        "迁移角色的连接串，该角色将拥有全部表",
        "how the migration role connects, which will own every table",
        required=True,
    )
    schema_argument(migrate)
    migrate.add_argument(
        "--service-role", required=True, metavar="ROLE", help="服务所用角色，只读并可执行函数 / the role of the service"
    )
    migrate.add_argument(
        "--reader-role", metavar="ROLE", help="只读角色，可不设 / a role that only reads, if there is one"
    )
    migrate.set_defaults(run=_migrate)


def schema_argument(command: argparse.ArgumentParser, required: bool = True) -> None:
    """Give a command the option that names the schema of one log."""
    zh, en = "一本台账一个模式，如 log_220100", "the schema, one for each log, like log_220100"
    command.add_argument("--schema", required=required, metavar="NAME", help=f"{zh} / {en}")


def _add_init(commands: Commands) -> None:
    zh, en = "新建台账：密钥、首个账号及其令牌", "make a log: its key, its first account and that account's token"
    init = new_command(commands, "init", zh, en)
    folder_argument(init)
    init.add_argument(
        "--origin",
        required=True,
        metavar="NAME",
        help="台账来源名，如 ledger.example.cn/220100 / the name of the log",
    )
    init.add_argument(
        "--unit", required=True, metavar="CODE", help="机关代码，如 220100 / code of the authority, e.g. 220100"
    )
    init.add_argument("--unit-name", required=True, metavar="NAME", help="机关名称 / name of the authority")
    init.add_argument(
        "--account",
        default="admin",
        metavar="NAME",
        help="首个账号（默认 %(default)s） / the first account, an administrator",
    )
    init.add_argument(
        "--clock",
        choices=("system", "stepped"),
        default="system",
        help="时钟；stepped 仅供演示（默认 %(default)s） / the clock; stepped is for demonstrations only",
    )
    init.add_argument(
        "--store",
        choices=("sqlite", "postgres"),
        default="sqlite",
        help="存储；postgres 须先运行 migrate（默认 %(default)s） / where it lives; run migrate before, for postgres",
    )
    dsn_argument(
        init,
        "服务角色的连接串，存于 store.json（仅所有者可读）",
        "how the service's role connects, kept in store.json, which only its owner reads",
    )
    schema_argument(init, required=False)
    cosigners.argument(init)
    init.add_argument(
        "--signer",
        type=Path,
        metavar="SOCKET",
        help="由此套接字上的签名进程签名（见 fairdraw signer serve），本文件夹不存密钥 / "
        "the process that signs, see `fairdraw signer serve`; then no key is kept here",
    )
    init.set_defaults(run=_init)


def _init(chosen: argparse.Namespace) -> int:
    from domain.ledger import Ledger
    from domain.signing import is_made

    policy = cosigners.usable(chosen.policy)
    # The signer is the first thing that a creation finishes: where it is, another call made this log.
    existed = is_made(chosen.dir)
    with Ledger.create(
        chosen.dir,
        chosen.origin,
        clock=chosen.clock,
        unit=chosen.unit,
        unit_name=chosen.unit_name,
        account=chosen.account,
        store=_store(chosen),
        signer=chosen.signer.resolve() if chosen.signer else None,
    ) as ledger:
        token = ledger.private.issue_token(chosen.account)
        cosigners.install(ledger.folder, policy)
        if existed:
            print(f"台账此前已存在，没有新建，只另发一个令牌：{chosen.dir}")
            print("the log exists already, nothing was made, only another token was issued")
        else:
            print(f"台账已建立 / the log is made: {chosen.dir}")
        print(f"验证公钥 / vkey: {ledger.vkey}")
        print(f"账号 / account: {chosen.account}")
        print(f"令牌（只显示一次） / token (shown once): {token}")
    return 0


def _store(chosen: argparse.Namespace) -> dict[str, str]:
    """Return what `store.json` is to say. Before a folder is made, the database is looked at once."""
    from domain.store.choice import Choice

    if chosen.store == "sqlite":
        if chosen.dsn or chosen.schema:
            raise Failed(
                "--dsn 和 --schema 用于 --store postgres", "--dsn and --schema belong to --store postgres", WRONG_USAGE
            )
        return {"store": "sqlite"}
    if not (chosen.dsn and chosen.schema):
        raise Failed(
            "--store postgres 须给出 --dsn 和 --schema", "--store postgres needs --dsn and --schema", WRONG_USAGE
        )
    store = {"store": "postgres", "dsn": chosen.dsn, "schema": chosen.schema}
    Choice.of(store).require_usable()
    return store


def _migrate(chosen: argparse.Namespace) -> int:
    from api.database import prepare

    done = prepare(chosen.dsn, chosen.schema, chosen.service_role, chosen.reader_role)
    name = f"模式 {chosen.schema} / schema {chosen.schema}"
    if done.found == done.version:
        print(f"{name}：已是版本 {done.version} / is at version {done.version} already")
    elif done.found:
        print(f"{name}：由版本 {done.found} 升至 {done.version} / updated from version {done.found} to {done.version}")
    else:
        print(f"{name}：已建立，版本 {done.version} / made, version {done.version}")
    for view in done.views:
        print(
            f"视图 {view}：表已重建，服务将由记录填满 / its tables were made anew, the service fills them from the entries"
        )
    roles = " ".join(filter(None, (chosen.service_role, chosen.reader_role)))
    print(f"已授权 / granted: {roles}")
    store = ("--store", "postgres", "--dsn", "DSN", "--schema", chosen.schema)
    if not done.found:
        print(f"下一步 / next: {copyable('init', *store, '--origin', 'NAME', '--unit', 'CODE', '--unit-name', 'NAME')}")
    return 0
