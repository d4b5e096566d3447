"""The command that has the published checkpoint stamped by a time-stamping authority, once or by a schedule."""

from __future__ import annotations

import argparse

from api.commandline import Commands, folder_argument, new_command


def add(commands: Commands) -> None:
    """Add `anchor`."""
    zh = "请时间戳机构为已公布的检查点加盖时间戳（RFC 3161），并入账"
    en = "have the published checkpoint stamped by an authority (RFC 3161), and record the token"
    command = new_command(commands, "anchor", zh, en)
    folder_argument(command)
    command.add_argument(
        "--url", required=True, metavar="URL", help="时间戳机构的地址 / the address of the time-stamping authority"
    )
    command.add_argument(
        "--every",
        type=int,
        metavar="SECONDS",
        help="不立即加盖，而由服务按此间隔进行，自下次启动起 / "
        "do not ask now: let the service ask every so many seconds, from its next start on",
    )
    command.set_defaults(run=_anchor)


def _anchor(chosen: argparse.Namespace) -> int:
    from api.anchoring import Schedule, anchor, over_http
    from domain.ledger import Ledger

    schedule = Schedule(chosen.url, 86_400 if chosen.every is None else chosen.every)
    if chosen.every is not None:
        schedule.write(chosen.dir)
        print(f"服务将每 {chosen.every} 秒加盖一次 / the service will ask every {chosen.every} seconds")
        return 0
    with Ledger.open(chosen.dir) as ledger:
        ledger.publish_checkpoint()
        receipt = anchor(ledger, over_http(schedule.url))
    if receipt is None:
        print("上次加盖之后没有新记录 / nothing is new since the last stamp")
    else:
        print(f"时间戳已记录于第 {receipt.index} 条 / the time stamp is recorded as entry {receipt.index}")
    return 0
