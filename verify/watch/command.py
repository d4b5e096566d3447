"""`fairdraw-verify watch URL`: the words of the command, and the loop of rounds."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from verify.given import key_of, policy_of
from verify.note import VerifierKey
from verify.policy import Policy
from verify.progress import Progress
from verify.source import UsageError
from verify.watch import telling
from verify.watch.fetching import AGENTS, PATIENCE, Site
from verify.watch.round import TOLERANCE, Answer, Watcher
from verify.watch.state import held
from verify.words import Parser

HELP = """\
跟踪一个公开的台账：只核验新增的部分，记住见过的检查点，比较不同来源看到的是否同一份日志。
Follows a log: verifies what is new, remembers the checkpoint it saw, and compares what others are shown."""
EXITS = """\
退出码 exit codes: 0 成立 holds, 1 BROKEN, 2 UNCHECKED（包括无法访问 also unreachable），64 用法 usage，70 自身出错 own fault。
状态在 DIR/state.json，缓存在 DIR/cache-N（可删除，会重新取回核验），证据在 DIR/evidence，历次发现在 DIR/findings.jsonl。
DIR has state.json, a cache that may be deleted (it is fetched and verified again), evidence/ and findings.jsonl."""


def _parser(program: str) -> Parser:
    parser = Parser(prog=program, description=HELP, epilog=EXITS, allow_abbrev=False)
    parser.add_argument("url", metavar="URL", help="台账的公开地址 / where the log is served")
    parser.add_argument(
        "--state", required=True, metavar="DIR", type=Path, help="监看者自己的目录 / the watcher's folder"
    )
    parser.add_argument("--vkey", metavar="VKEY|FILE", help="台账公钥，取自别处 / the log's key, from somewhere else")
    parser.add_argument("--policy", metavar="FILE", help="信任策略 / a trust policy (C2SP tlog-policy)")
    parser.add_argument(
        "--as", dest="views", action="append", default=[], metavar="URL", help="另一来源 / another view"
    )
    parser.add_argument(
        "--tolerance", type=int, default=TOLERANCE, metavar="SECONDS", help="允许落后 / how late a view may be"
    )
    parser.add_argument("--patience", type=float, default=PATIENCE, metavar="SECONDS", help="每个文件 / for each file")
    often = parser.add_mutually_exclusive_group()
    often.add_argument("--once", action="store_true", help="看一次就结束（默认） / one round (the default)")
    often.add_argument("--every", type=float, metavar="SECONDS", help="每隔几秒看一次 / a round every so often")
    parser.add_argument("--full", action="store_true", help="第一轮全部重新核验 / verify all of it in the first round")
    parser.add_argument("--json", action="store_true", help="每轮一个 JSON 对象 / one JSON object a round")
    parser.add_argument("--page", type=Path, metavar="FILE", help="写成网页 / write a page")
    return parser


def main(argv: Sequence[str], program: str) -> int:
    """Watch, and return the exit code of the last round."""
    given = _parser(f"{program} watch").parse_args(argv)
    policy = policy_of(given.policy)
    key = _key(given.vkey, policy)
    views = [Site(url, AGENTS[n % len(AGENTS)], given.patience) for n, url in enumerate(given.views)]
    site = Site(given.url, patience=given.patience)
    with held(given.state):
        watcher = Watcher(given.state, site, key, policy, views, given.tolerance, Progress(sys.stderr))
        full = given.full
        while True:
            answer = watcher.round(full)
            _tell(answer, given.json, given.page, given.state)
            if given.every is None:
                return telling.exit_of(answer)
            full = False
            time.sleep(given.every)


def _tell(answer: Answer, as_json: bool, page: Path | None, folder: Path) -> None:
    if page is not None:
        telling.write_page(page, folder, answer)
    print(telling.as_json(answer) if as_json else "\n".join(telling.lines(answer)), flush=True)


def _key(text: str | None, policy: Policy | None) -> VerifierKey:
    """Return the key of the log, from the command line or the policy. Raises UsageError."""
    key = key_of(text)
    if key is None and policy is not None and len(policy.logs) == 1:
        return policy.logs[0]
    if key is None:
        raise UsageError("须以 --vkey 或 --policy 给出台账的公钥。", "Give the log's key with --vkey or --policy.")
    return key
