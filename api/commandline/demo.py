"""The demonstration on the command line: play the round, prove it, say what happened, then show it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from api.commandline import Commands
from domain.clock import DEMONSTRATION_START


def add(commands: Commands) -> None:
    """Add `demo`."""
    command = commands.add_parser("demo", help="演示 / one whole inspection round, from the registries to the proof")
    command.add_argument("--dir", type=Path, default=Path("fairdraw-demo"), help="演示文件夹，中断后可续 / resumable")
    command.add_argument("--once", action="store_true", help="验证后结束 / end after the verification")
    command.add_argument("--port", type=int, default=8750, help="演示服务端口 / port of the service afterwards")
    for name in ("objects", "inspectors", "items"):
        command.add_argument(
            f"--{name}", type=Path, metavar="FILE", help="其他数据（不提供服务）/ other data, not served"
        )
    command.set_defaults(run=_demo)


def _demo(chosen: argparse.Namespace) -> int:
    from api.demo import run
    from api.demo.materials import BadData, gather
    from api.serving import Service
    from api.settings import Settings

    try:
        materials = gather(chosen.objects, chosen.inspectors, chosen.items, DEMONSTRATION_START[:10])
        if not materials.drawable:
            print("没有可抽取的事项 / no item can be drawn from this data", file=sys.stderr)
            return 1
        ledger = run.prepare(chosen.dir, materials)
    except BadData as error:
        _say_faults(error.path, error.errors)
        return 1
    except run.OtherRun as error:
        print(error, file=sys.stderr)
        return 1
    # Real businesses with invented results are shown to nobody: only the shipped data is ever served.
    serves = materials.shipped and not chosen.once
    with ledger:
        port = chosen.port if serves else 0
        with Service(ledger, Settings(folder=chosen.dir / "log", port=port)) as service:
            script = run.play(ledger, service, materials, chosen.dir, _progress)
            _say("正在导出并独立验证…… / exporting and verifying ...")
            code, answer = run.prove(ledger, chosen.dir)
            run.summarise(ledger, materials, script, code, answer, print)
            print(f"  导出文件夹 export  {chosen.dir / 'export'}")
            print(f"  自行验证 verify    fairdraw verify {chosen.dir / 'export'} --vkey {ledger.vkey}", flush=True)
            if serves:
                print(
                    f"  查看 look          http://{service.host}:{service.port}/  （Ctrl-C 结束 / to end）", flush=True
                )
                service.wait()
    return code


def _progress(what: str, done: int, total: int) -> None:
    _say(f"[{done}/{total}] {what}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _say_faults(path: Path, errors: list[dict[str, Any]]) -> None:
    for error in errors:
        _say(f"{path}:{error['line']}: {error['column']}: {error['reason_zh']} / {error['reason']}")
