"""Commands about what is handed to the public: the static log, and receipts."""

from __future__ import annotations

import argparse
from pathlib import Path

from api.commandline import WRONG_USAGE, Commands, Failed, copyable, dsn_argument, folder_argument, new_command


def add(commands: Commands) -> None:
    """Add `publish`, `receipt` and `fsck`."""
    zh = "把已公布的日志写成静态文件夹（已有的续写），供 nginx 或 CDN"
    en = "write the published log as a folder of plain files, or go on with one, for any web server"
    publish = new_command(commands, "publish", zh, en)
    folder_argument(publish)
    publish.add_argument("target", type=Path, metavar="FOLDER", help="静态文件夹 / the folder of the static log")
    dsn_argument(publish, "改由此数据库（如同步备库）只读发布", "read what is published from this copy of the database")
    publish.set_defaults(run=_publish)

    zh, en = "取一条记录的回执，或一户企业的自查文件", "write the receipt of an entry, or the self-check of a business"
    receipt = new_command(commands, "receipt", zh, en)
    folder_argument(receipt)
    receipt.add_argument(
        "what",
        metavar="INDEX|DRAW/ID",
        help="第几条记录，或抽取编号/企业编号 / the index of an entry, or a draw and the id of a business",
    )
    receipt.add_argument("target", type=Path, metavar="FILE", help="写入此文件 / the file to write")
    dsn_argument(receipt, "改由此数据库（如同步备库）只读取得", "read what is published from this copy of the database")
    receipt.set_defaults(run=_receipt)

    zh, en = "逐字节核对静态文件夹", "check a static log from its bytes, as `verify fsck` does"
    fsck = new_command(commands, "fsck", zh, en)
    fsck.add_argument("target", metavar="FOLDER", help="静态文件夹 / the folder of the static log")
    fsck.add_argument("--vkey", metavar="VKEY|FILE", help="从别处得来的公钥 / the log's key, from elsewhere")
    fsck.add_argument("--policy", metavar="FILE", help="信任策略 / a trust policy")
    fsck.add_argument("--json", action="store_true", help="以 JSON 输出 / one JSON object")
    fsck.set_defaults(run=_fsck)


def _publish(chosen: argparse.Namespace) -> int:
    from api.publishing import Publisher
    from domain.ledger import Ledger
    from domain.standby import Standby

    with Standby.reading(chosen.dir, chosen.dsn) if chosen.dsn else Ledger.open(chosen.dir) as ledger:
        if not ledger.read_only:
            ledger.publish_checkpoint()
        size = Publisher(ledger, chosen.target).publish()
        print(f"已发布 {size} 条至 / {size} entries published to {chosen.target}")
        print(f"核对 / check: {copyable('fsck', chosen.target, '--vkey', ledger.vkey)}")
    return 0


def _receipt(chosen: argparse.Namespace) -> int:
    from api import receipts
    from api.reading import up_to_date
    from domain.ledger import Ledger
    from domain.standby import Standby

    draw, _, business = chosen.what.rpartition("/")
    with Standby.reading(chosen.dir, chosen.dsn) if chosen.dsn else Ledger.open(chosen.dir) as ledger:
        if draw:
            with up_to_date(ledger) as snapshot:
                value = receipts.self_check(ledger, snapshot.connection, draw.removeprefix("draw/"), business)
            content = receipts.spelled(value) if value else None
        elif business.isascii() and business.isdecimal():
            content = receipts.receipt(ledger, int(business))
        else:
            raise Failed(
                f"{chosen.what} 既不是序号，也不是抽取/企业",
                f"{chosen.what} is neither an index nor DRAW/ID",
                WRONG_USAGE,
            )
        if content is None:
            raise Failed(f"{chosen.what} 不存在，或尚未公布", f"{chosen.what} is not there, or not published yet")
        chosen.target.write_bytes(content)
        print(f"已写入 / written: {chosen.target}")
        print(f"核验 / verify: {copyable('verify', 'receipt', chosen.target, '--vkey', ledger.vkey)}")
    return 0


def _fsck(chosen: argparse.Namespace) -> int:
    from verify.__main__ import main as verify

    given = [f"{name}={value}" for name, value in (("--vkey", chosen.vkey), ("--policy", chosen.policy)) if value]
    target = f"./{chosen.target}" if chosen.target.startswith("-") else chosen.target
    return verify(["fsck", target, *given, *(["--json"] if chosen.json else [])])
