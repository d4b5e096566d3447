"""`fairdraw audit EXPORT…`: verifies each export, and speaks of the draws of those that hold."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import date
from pathlib import Path

from verify.audit import exact, questions, teams
from verify.audit.evidence import Evidence
from verify.audit.reading import Reader
from verify.audit.telling import Audit, audit_of
from verify.checks import chain, checkpoint
from verify.crew import usable_cores
from verify.given import key_of, say
from verify.history import History
from verify.library import Library
from verify.note import VerifierKey
from verify.progress import Progress
from verify.segments import Changed
from verify.source import ENTRIES, Folder, UsageError

HELP = """\
多次抽取的公正性审计：先核验每个导出，再以精确概率提问，并说明能看出什么、看不出什么。
Fairness over many draws: verifies each export first, then asks with exact chances, and says what could be seen."""
EXITS = """\
退出码 exit codes: 0 已回答（有无值得查问之处都一样）answered, whatever the answers; 1 某个台账不成立，不作统计
a log does not hold, nothing is said of it; 64 用法有误，或没有 SciPy wrong usage or no SciPy; 70 自身出错 own fault。"""


class _Parser(argparse.ArgumentParser):
    def format_help(self) -> str:
        return super().format_help().replace("usage: ", "用法 usage: ", 1)

    def error(self, message: str) -> None:  # type: ignore[override]
        raise UsageError(f"用法有误：{message}", message)


def _parser(program: str) -> _Parser:
    shape = argparse.RawDescriptionHelpFormatter
    parser = _Parser(
        prog=program, description=HELP, epilog=EXITS, formatter_class=shape, allow_abbrev=False, add_help=False
    )
    parser._positionals.title, parser._optionals.title = "参数 arguments", "选项 options"
    parser.add_argument("-h", "--help", action="help", help="显示本说明 show this help")
    parser.add_argument("exports", metavar="EXPORT", nargs="+", help="导出文件夹，可多个 the folder of an export")
    parser.add_argument(
        "--vkey", action="append", default=[], metavar="VKEY|FILE", help="台账公钥，每个台账一个 the key of each log"
    )
    parser.add_argument("--since", default="", metavar="DATE", help="只看此日以后冻结的抽取 draws frozen since then")
    parser.add_argument(
        "--business",
        action="append",
        default=[],
        metavar="ID",
        help="只问事先指名的企业，看得更清 of these only, named beforehand: fewer questions show more",
    )
    parser.add_argument("--samples", type=int, metavar="N", help="模拟次数上限 samples of the teams at most")
    parser.add_argument("--json", action="store_true", help="输出一个 JSON 对象 one JSON object")
    parser.add_argument("--page", type=Path, metavar="FILE", help="写成网页 write a page")
    return parser


def main(argv: Sequence[str], program: str) -> int:
    """Verify, ask, tell; return the exit code."""
    given = _parser(f"{program} audit").parse_args(argv)
    try:
        exact.library()
    except exact.LibraryMissing:
        raise UsageError(
            "没有安装 SciPy，无法计算概率。请运行：python3 -m pip install scipy",
            "SciPy is not installed. Run: python3 -m pip install scipy",
        ) from None
    since = given.since and _day(given.since)
    if given.samples is not None and given.samples < 1:
        raise UsageError("--samples 须为正整数。", "--samples is a positive number.")
    audit = ask(given.exports, [key_of(each) for each in given.vkey], since, given.samples, given.business)
    if audit is None:
        return 1
    if given.page:
        given.page.write_text(audit.page(), encoding="utf-8")
    say(audit.as_json() if given.json else "\n".join(audit.lines()))
    return 0


def ask(
    targets: Sequence[str],
    keys: Sequence[VerifierKey | None],
    since: str,
    samples: int | None,
    named: Sequence[str] = (),
) -> Audit | None:
    """Return what the exports come to; None where one of them does not hold, which is told."""
    evidence, logs, notes = Evidence(frozenset(named)), list[str](), list[tuple[str, str]]()
    for target in targets:
        folder = Folder(target)
        stated = checkpoint.stated_key(folder)
        key = next((each for each in keys if each and not isinstance(stated, str) and each.name == stated.name), None)
        if not _read(
            target, folder, key or (keys[0] if len(targets) == len(keys) == 1 else None), evidence, logs, notes, since
        ):
            return None
    asked = [
        *questions.selections(evidence),
        *questions.groups(evidence),
        *questions.outside(evidence),
        *questions.away(evidence),
        *questions.conduct(evidence),
    ]
    for origin, sent in sorted(evidence.sent.items()):
        asked += teams.ask(origin, sent, min(usable_cores(), 2), samples)
    return audit_of(logs, notes, evidence, asked)


def _read(
    target: str,
    folder: Folder,
    key: VerifierKey | None,
    evidence: Evidence,
    logs: list[str],
    notes: list[tuple[str, str]],
    since: str,
) -> bool:
    from verify.__main__ import verify  # which knows this command

    report = verify(target, key, processes=usable_cores())
    if report.exit == 1:
        print("\n".join(report.lines()), file=sys.stderr)
        print(f"{target} 不成立，不作统计。 The log does not hold; nothing is said of its draws.", file=sys.stderr)
        return False
    if report.origin in logs:
        raise UsageError(f"{report.origin} 给出了两次。", f"{report.origin} is given twice.")
    if report.exit == 2:
        what = ", ".join(sorted({each.check for each in report.findings if each.outcome.value == "UNCHECKED"}))
        notes.append((f"{report.origin} 有未能核验之处：{what}", f"of {report.origin} not all was checked: {what}"))
    logs.append(report.origin)
    with folder.open(ENTRIES) or nullcontext() as file:
        history = History(file.fileno() if file else None)
        list(chain.follow(file.fileno() if file else None, history, Progress(None)))
        if history.origin != report.origin or len(history.leaves) != report.size:
            raise Changed
        history.keep_heads(report.size)
        if history.heads[report.size].hex() != report.root:
            raise Changed
        Reader(history, Library(folder), evidence, f"{report.origin} ", since).read()
    return True


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise UsageError(f"{text} 不是日期 YYYY-MM-DD。", f"{text} is no date YYYY-MM-DD.") from error
