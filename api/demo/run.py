"""One run of the demonstration: a log, its service, the script over HTTP, the export, the verifier alone, a summary."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from api.demo.client import Client
from api.demo.materials import Materials
from api.demo.memory import Memory
from api.demo.script import Script
from api.exporting import export
from api.serving import Service
from api.settings import UNSHOWN
from domain.ledger import Ledger

ORIGIN = "fairdraw.example/220100"
"""Of the demonstration's log, after `demo.`; with data that is not shipped after `demo.unshown.`, which is never served."""
SCHEMA = "log_demo"
VERIFIER = Path(__file__).parents[2] / "verify"


class OtherRun(Exception):
    """The folder holds a run over other data."""


@contextmanager
def prepared(folder: Path, materials: Materials, store: str = "sqlite", dsn: str = "") -> Iterator[Ledger]:
    """Give the log of a run in `folder`, made now or left by a run that was killed. OtherRun where the data differ.

    `store` is sqlite or postgres; there `dsn` says how to connect to a server as superuser, and without it one is started.
    """
    _mark(folder, materials)
    city = materials.divisions["city"]
    facts = {"unit": city["code"], "unit_name": f"{city['body']}（演示）", "account": "admin", "clock": "stepped"}
    origin = ("demo." if materials.shipped else UNSHOWN) + ORIGIN
    with (
        _place(folder, store, dsn) as settings,
        Ledger.create(folder / "log", origin, store=settings, **facts) as ledger,
    ):
        yield ledger


def _mark(folder: Path, materials: Materials) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    mark, fresh = folder / "run.json", folder / "run.new"
    if mark.is_file():
        try:
            known = json.loads(mark.read_text("utf-8"))["data"]
        except (ValueError, KeyError, TypeError):
            raise OtherRun(f"{mark} 已损坏，请换一个 --dir / {mark} is damaged, use another --dir") from None
        if known != materials.digest:
            raise OtherRun(f"{folder} 中已有用其他数据运行的演示 / {folder} holds a demonstration over other data")
    elif any(path != fresh for path in folder.iterdir()):
        raise OtherRun(f"{folder} 不是空文件夹 / {folder} is not empty")
    else:
        fresh.write_text(json.dumps({"data": materials.digest}), "utf-8")
        fresh.replace(mark)


@contextmanager
def _place(folder: Path, store: str, dsn: str) -> Iterator[Mapping[str, str]]:
    """Give what `store.json` says. A server that is started here is stopped at the end; its folder stays for the next run."""
    if store == "sqlite":
        yield {"store": "sqlite"}
        return
    from api.database import prepare
    from api.demo.postgres import Cluster, Database

    kept = Memory(folder / "database")
    home = None if dsn else Path(kept.once("server", lambda: tempfile.mkdtemp(prefix="fd-")))
    if home and not home.is_dir():
        raise OtherRun(f"此次演示的数据库 {home} 已不在，请换一个 --dir / its database is gone, use another --dir")
    cluster = Cluster(home) if home else None
    try:
        tag, password = kept.once("name", lambda: [f"fairdraw_{secrets.token_hex(4)}", secrets.token_urlsafe(18)])
        database = Database.made(cluster.superuser if cluster else dsn, tag, password)
        prepare(database.dsn("owner"), SCHEMA, database.role("service"), database.role("reader"))
        yield {"store": "postgres", "dsn": database.dsn("service"), "schema": SCHEMA}
    finally:
        if cluster:
            cluster.stop()


def play(ledger: Ledger, service: Service, materials: Materials, folder: Path, progress: Any) -> Script:
    """Send the whole script through the service and return it with what it did."""
    client = Client(service.host, service.port, folder / "client")
    try:
        client.use_token("admin", ledger.private.issue_token("admin"))
        script = Script(client, materials, folder / "client", progress)
        script.run()
        return script
    finally:
        client.close()


def prove(ledger: Ledger, folder: Path) -> tuple[int, dict[str, Any]]:
    """Export the log and check it with the verifier copied alone into an empty folder; return its exit code and answer."""
    ledger.publish_checkpoint()
    target = folder / "export"
    export(ledger, target)
    with tempfile.TemporaryDirectory(prefix="fairdraw-verify-") as alone:
        shutil.copytree(VERIFIER, Path(alone) / "verify", ignore=shutil.ignore_patterns("__pycache__"))
        command = [sys.executable, "-P", "-m", "verify", str(target.resolve()), "--vkey", ledger.vkey, "--json"]
        done = subprocess.run(
            command, cwd=alone, env={"PYTHONPATH": alone}, capture_output=True, text=True, encoding="utf-8", check=False
        )
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError:
        return done.returncode or 70, {"findings": [], "outcome": done.stderr.strip()[-500:]}


def summarise(
    ledger: Ledger, materials: Materials, script: Script, code: int, answer: dict[str, Any], say: Callable[[str], None]
) -> None:
    """Say what was drawn, what was proved and where to look, for a person."""
    outcomes = [finding["outcome"] for finding in answer["findings"]]
    say("")
    say("== 演示结果 / summary ==")
    say_skipped(materials, say)
    say(f"  台账条目 entries   {ledger.size:,}")
    say(f"  随机抽取 draws     {len(script.draws)}")
    say(f"  抽中对象 drawn     {script.drawn:,}")
    say(f"  选派检查 assigned  {script.assigned:,}（每组两名持证人员 / teams of two certified inspectors）")
    say(f"  公示结果 published {script.published:,}")
    for line in _worth_seeing(answer["findings"]):
        say(f"  {line}")
    counts = ", ".join(f"{outcomes.count(name)} {name}" for name in ("HOLDS", "NOTED", "UNCHECKED", "BROKEN"))
    verdict = {0: "全部成立 / all holds", 2: "有未能检查之处 / something is unchecked"}
    say(f"  独立验证 verifier  {verdict.get(code, '不成立 / something is broken')}（{counts}）")


def say_skipped(materials: Materials, say: Callable[[str], None]) -> None:
    """Name the check items that are not drawn, and why."""
    for item, name, why in materials.skipped:
        say(f"  未抽取 skipped   {item} {name}：{why}")
    for remark in materials.remarks:
        say(f"  说明 remark      {remark}")


def _worth_seeing(findings: list[dict[str, Any]]) -> list[str]:
    """Return one line per check that did not simply hold: its first finding, and how many there are like it."""
    alike: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for finding in findings:
        if finding["outcome"] != "HOLDS":
            alike.setdefault((finding["outcome"], finding["check"]), []).append(finding)
    return [
        f"{outcome:<9} {check:<6} {found[0]['reason_zh']} / {found[0]['reason']}"
        + (f"（同类共 {len(found)} 项 / {len(found)} like it）" if len(found) > 1 else "")
        for (outcome, check), found in alike.items()
    ]
