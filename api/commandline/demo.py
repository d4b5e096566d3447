"""The demonstration on the command line: play the round, prove it, say what happened, then show it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from api.commandline import (
    Commands,
    Failed,
    copyable,
    dsn_argument,
    new_command,
    port_argument,
    say,
    say_faults,
    verify_command,
)

if TYPE_CHECKING:
    from api.demo.materials import Materials
    from domain.ledger import Ledger

INTERRUPTED = 130
_DATA = {
    "objects": ("其他检查对象（CSV）；不提供服务", "other objects (CSV); other data are not served"),
    "inspectors": ("其他检查人员（CSV）；不提供服务", "other inspectors (CSV); other data are not served"),
    "items": ("其他抽查事项（JSON 或 CSV）；不提供服务", "other check items (JSON or CSV); other data are not served"),
}


def add(commands: Commands) -> None:
    """Add `demo`."""
    zh, en = "演示一整轮抽查，从名录到验证", "one whole inspection round, from the registries to the proof"
    command = new_command(commands, "demo", zh, en)
    command.add_argument(
        "--dir",
        type=Path,
        default=Path("fairdraw-demo"),
        metavar="FOLDER",
        help="演示文件夹，中断后可续（默认 %(default)s） / its folder; a run that was stopped goes on there",
    )
    command.add_argument("--once", action="store_true", help="验证后结束，不提供服务 / end after the verification")
    port_argument(command)
    command.add_argument(
        "--store",
        choices=("sqlite", "postgres"),
        default="sqlite",
        help="存储；postgres 为演示另起一个服务器（默认 %(default)s） / where it lives; a server is started for postgres",
    )
    dsn_argument(command, "改用此 PostgreSQL（超级用户连接串）", "use this PostgreSQL instead, connecting as superuser")
    for name, (zh, en) in _DATA.items():
        command.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"{zh} / {en}")
    command.set_defaults(run=_demo)


def _demo(chosen: argparse.Namespace) -> int:
    from api.demo import run
    from api.demo.materials import BadData, gather
    from domain.clock import DEMONSTRATION_START

    try:
        materials = gather(chosen.objects, chosen.inspectors, chosen.items, DEMONSTRATION_START[:10])
        if not materials.drawable:
            run.say_skipped(materials, say)
            raise Failed("数据中没有可抽取的事项", "no item can be drawn from this data")
        with run.prepared(chosen.dir, materials, chosen.store, chosen.dsn or "") as ledger:
            return _play(chosen, ledger, materials)
    except BadData as error:
        say_faults(error.path, error.errors)
        return 1
    except run.OtherRun as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        again = _same_again(chosen)
        say(f"已中断，再次运行可从中断处继续 / interrupted, the same --dir goes on from here: {again}")
        return INTERRUPTED


def _play(chosen: argparse.Namespace, ledger: Ledger, materials: Materials) -> int:
    from api.app import create_app
    from api.demo import run
    from api.serving import Service

    # Real businesses with invented results are shown to nobody: only the shipped data is ever served.
    serves = materials.shipped and not chosen.once
    with Service(create_app(ledger), "127.0.0.1", chosen.port if serves else 0) as service:
        script = run.play(ledger, service, materials, chosen.dir, _progress)
        say("正在导出并独立验证…… / exporting and verifying ...")
        code, answer = run.prove(ledger, chosen.dir)
        run.summarise(ledger, materials, script, code, answer, print)
        print(f"  导出文件夹 export  {chosen.dir / 'export'}")
        print(f"  自行验证 verify    {verify_command(chosen.dir / 'export', ledger.vkey)}", flush=True)
        if serves:
            service.wait(f"  查看 look          {service.address}  （Ctrl-C 结束 / to end）")
    return code


def _same_again(chosen: argparse.Namespace) -> str:
    given = [(f"--{name}", getattr(chosen, name)) for name in _DATA if getattr(chosen, name)]
    once = ["--once"] if chosen.once else []
    store = ["--store", chosen.store] if chosen.store != "sqlite" else []
    server = ["--dsn", chosen.dsn] if chosen.dsn else []
    return copyable("demo", "--dir", chosen.dir, *once, *store, *server, *(word for pair in given for word in pair))


def _progress(what: str, done: int, total: int) -> None:
    say(f"[{done}/{total}] {what}")
