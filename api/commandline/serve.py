"""The command that serves logs: one or many behind one port, by one process or by several workers."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from api.commandline import WRONG_USAGE, Commands, Failed, dsn_argument, new_command, port_argument

if TYPE_CHECKING:
    from api.many import Logs

DEFAULT = Path("fairdraw-log")
MOST_WORKERS = 64


def add(commands: Commands) -> None:
    """Add `serve`."""
    command = new_command(commands, "serve", "提供服务，直到 Ctrl-C", "serve a log, or many, over HTTP until Ctrl-C")
    command.add_argument(
        "--dir",
        type=Path,
        action="append",
        metavar="FOLDER",
        help=f"台账文件夹（默认 {DEFAULT}），可多次给出 / the folder of the log; given more often, each has its path",
    )
    command.add_argument(
        "--logs",
        type=Path,
        metavar="FOLDER",
        help="其中每个子文件夹是一本台账，各有路径 / serve every log in this folder, each below its path",
    )
    command.add_argument("--host", default="127.0.0.1", help="监听地址（默认 %(default)s） / address to listen on")
    port_argument(command)
    command.add_argument(
        "--workers",
        type=workers,
        default=1,
        metavar="N",
        help="工作进程数，多于一个须用 PostgreSQL（默认 %(default)s） / processes; more than one need PostgreSQL",
    )
    command.add_argument(
        "--read-only", action="store_true", help="只读（由备库提供查阅，拒绝命令） / only read, from a standby"
    )
    command.add_argument(
        "--publish",
        type=Path,
        metavar="FOLDER",
        help="同时把已公布的日志写成静态文件夹，供 nginx 或 CDN / keep the published log as a folder of plain files",
    )
    dsn_argument(command, "只读时改用此数据库", "with --read-only: read from this database instead")
    command.set_defaults(run=_serve)


def workers(text: str) -> int:
    """Return a number of workers. ArgumentTypeError where there is no such number."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST_WORKERS):
        raise argparse.ArgumentTypeError(
            f"进程数应为 1 至 {MOST_WORKERS} / there are 1 to {MOST_WORKERS} workers: {text}"
        )
    return int(text)


def _serve(chosen: argparse.Namespace) -> int:
    from api.many import application, opened
    from api.serving import Service
    from api.settings import Settings
    from api.workers import Order, Workers

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service manager's way to press Ctrl-C
    if chosen.dsn and not chosen.read_only:
        raise Failed("--dsn 与 --read-only 同用", "--dsn belongs to --read-only", WRONG_USAGE)
    if chosen.publish and chosen.read_only:
        raise Failed("--publish 不与 --read-only 同用", "--publish does not go with --read-only", WRONG_USAGE)
    standby = (chosen.dsn or "") if chosen.read_only else None
    order, settings = (
        Order(_folders(chosen), _together(chosen), standby, chosen.publish),
        Settings(static=chosen.publish),
    )
    if chosen.workers == 1:
        with opened(*order.logs) as logs, Service(application(logs, settings), chosen.host, chosen.port) as service:
            service.wait(_announcement(logs, service.address))
        return 0
    _require_shared(order.folders)
    # What cannot be served is told here, once, and not by every worker.
    with opened(*order.logs) as logs:
        application(logs, settings)
        known = dict(logs)
    with Workers(order, chosen.host, chosen.port, chosen.workers) as crew:
        crew.wait(_announcement(known, crew.address))
    return 0


def _together(chosen: argparse.Namespace) -> bool:
    return chosen.logs is not None or len(chosen.dir or ()) > 1


def _folders(chosen: argparse.Namespace) -> list[Path]:
    found: list[Path] = list(chosen.dir or ())
    if chosen.logs:
        found += sorted(path.parent for path in chosen.logs.glob("*/log.vkey"))
        if not found:
            raise Failed(f"{chosen.logs} 中没有台账", f"there is no log in {chosen.logs}")
    return found or [DEFAULT]


def _require_shared(folders: Sequence[Path]) -> None:
    """Refuse several workers where a log lives in SQLite."""
    from domain.store.choice import Choice

    for folder in folders:
        if Choice.read(folder).store == "sqlite":
            raise Failed(
                f"{folder} 存于 SQLite，只能由一个进程写入（两个进程同时写入会损坏数据库），请用 --workers 1 或改用 PostgreSQL",
                f"{folder} lives in SQLite, which one process writes, because two at once may corrupt it: "
                "use --workers 1, or PostgreSQL",
            )


def _announcement(logs: Logs, address: str) -> str:
    names = [ledger.origin for ledger in logs.values()]
    what = names[0] if len(names) == 1 else f"{len(names)} 本台账 / {len(names)} logs"
    return f"服务地址 / serving {what} on {address}  （Ctrl-C 结束 / to end）"
