"""Commands about what is handed to the public: the static log, and receipts."""

from __future__ import annotations

import argparse
from pathlib import Path

from api.commandline import Commands, copyable, dsn_argument, folder_argument, new_command


def add(commands: Commands) -> None:
    """Add `publish` and the name `fsck`."""
    zh = "把已公布的日志写成静态文件夹（已有的续写），供 nginx 或 CDN"
    en = "write the published log as a folder of plain files, or go on with one, for any web server"
    publish = new_command(commands, "publish", zh, en)
    folder_argument(publish)
    publish.add_argument("target", type=Path, metavar="FOLDER", help="静态文件夹 / the folder of the static log")
    dsn_argument(publish, "改由此数据库（如同步备库）只读发布", "read what is published from this copy of the database")
    publish.set_defaults(run=_publish)

    new_command(commands, "fsck", "逐字节核对静态文件夹", "check a static log from its bytes; see fairdraw fsck --help")


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
