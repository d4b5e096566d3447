"""The telling: what a round found out, as text for people, as one JSON object on one line, and as a page without a script."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from verify import durable
from verify.checks import limited
from verify.findings import Finding, Outcome, exit_code
from verify.report import HEADINGS, OUTCOMES, VERDICTS, folded
from verify.watch import journal
from verify.watch.round import Answer

STYLE = """\
:root { --ink: #1c2733; --soft: #5b6b7a; --line: #d5dde5; --blue: #1d4f7c; --paper: #fff; --ground: #f3f6f9; --warn: #a33a1c; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); line-height: 1.65; font-size: 16px;
  font-family: "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", system-ui, sans-serif; }
header { background: var(--blue); color: #fff; padding: 0.8rem 1rem; font-weight: 700; }
main { max-width: 64rem; margin: 0 auto; padding: 1rem; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: 1rem 1.2rem; margin: 0 0 1rem; }
h1 { font-size: 1.5rem; margin: 0.4rem 0 1rem; }
h2 { font-size: 1.15rem; margin: 0 0 0.6rem; }
p, li, dd { overflow-wrap: anywhere; margin: 0 0 0.5rem; }
small { color: var(--soft); font-size: 0.82em; }
dl { display: grid; grid-template-columns: minmax(8rem, 12rem) 1fr; gap: 0.25rem 1rem; margin: 0; }
dt { color: var(--soft); }
code { font-family: ui-monospace, Consolas, monospace; font-size: 0.86em; overflow-wrap: anywhere; }
.badge { display: inline-block; border-radius: 3px; padding: 0 0.45em; background: #e4edf5; color: var(--blue); }
.warning { border-color: var(--warn); }
.warning .badge { background: #fbe5de; color: var(--warn); }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } }
"""


def exit_of(answer: Answer) -> int:
    """Return the exit code: 1 with anything BROKEN in this round or before, else 2 with anything UNCHECKED in it, else 0.

    What was found broken is told once, but the log is broken for good: its history cannot be changed any more.
    """
    return 1 if answer.told.get(Outcome.BROKEN.value) else exit_code(answer.findings)


def _before(answer: Answer) -> tuple[str, str] | None:
    """Say that what is broken was told before, where this round tells of nothing new."""
    count = answer.told.get(Outcome.BROKEN.value, 0)
    if not count or any(each.outcome is Outcome.BROKEN for each in answer.findings):
        return None
    return (
        f"本轮没有新的违规；此前已发现 {count} 项，见历次发现。",
        f"Nothing new is broken; {count} findings were told before.",
    )


def as_json(answer: Answer) -> str:
    """Return one JSON object on one line.

    `time` (UTC), `url`, `origin`, `size` and `root` as remembered, `new` entries, `whole`: whether everything was verified,
    `fetched` {requests, bytes}, `state` bytes of the state file, `told` findings of each outcome so far, `outcome`, `exit`,
    and `findings` as the verifier prints them.
    """
    code = exit_of(answer)
    value = {
        "time": answer.moment,
        "url": answer.url,
        "origin": answer.origin,
        "size": answer.size,
        "root": answer.root,
        "new": answer.new,
        "whole": answer.whole,
        "fetched": {"requests": answer.requests, "bytes": answer.bytes},
        "state": answer.state,
        "told": answer.told,
        "outcome": OUTCOMES[code].value,
        "exit": code,
        "findings": [finding.as_json() for finding in answer.findings],
    }
    return json.dumps(value, ensure_ascii=False)


def lines(answer: Answer) -> Iterator[str]:
    """Yield the lines for people."""
    what_zh, what = ("全部核验", "all verified") if answer.whole else ("只核验新增", "what is new was verified")
    yield f"{answer.moment}  日志 Log: {answer.origin}   条目 entries: {answer.size}（新增 new {answer.new}，{what_zh} {what}）"
    yield f"取回 fetched: {answer.requests} 个文件 files, {answer.bytes} 字节 bytes"
    shown = list(limited(folded(answer.findings)))
    for outcome, heading in HEADINGS.items():
        some = [finding for finding in shown if finding.outcome is outcome]
        if some:
            yield f"{heading} ({sum(each.outcome is outcome for each in answer.findings)})"
        for finding in some:
            where = "" if finding.index is None else f" #{finding.index}"
            yield f"  [{finding.check}]{where} {finding.zh}"
            yield f"      {finding.en}"
    if before := _before(answer):
        yield "".join(before)
    zh, en = VERDICTS[exit_of(answer)]
    yield f"结论：{zh} Verdict: {en}\n"


def write_page(path: Path, folder: Path, answer: Answer) -> None:
    """Write the page: how it stands now, and what was told before."""
    durable.write(path, "".join(_page(folder, answer)).encode())


def _page(folder: Path, answer: Answer) -> Iterator[str]:
    zh, en = VERDICTS[exit_of(answer)]
    title = f"监看 {answer.origin}"
    yield '<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{_text(title)}</title>\n<style>\n{STYLE}</style></head>\n<body><header>{_text(title)}</header>\n<main>"
    yield f"<h1>{zh} <small>{en}</small></h1>\n"
    if before := _before(answer):
        yield f"<p>{before[0]}<br><small>{before[1]}</small></p>\n"
    yield "<section><h2>现状 <small>How it stands</small></h2><dl>"
    for name, value in _facts(answer):
        yield f"<dt>{name}</dt><dd>{_text(value)}</dd>"
    yield "</dl></section>\n"
    for outcome, heading in HEADINGS.items():
        some = [each for each in limited(folded(answer.findings)) if each.outcome is outcome]
        if some:
            warns = ' class="warning"' if outcome in (Outcome.BROKEN, Outcome.UNCHECKED) else ""
            yield f"<section{warns}><h2>{heading}</h2>{''.join(map(_finding, some))}</section>\n"
    told = [each for each in journal.read(folder) if each["outcome"] != Outcome.NOTED.value]
    if told:
        yield "<section><h2>历次发现 <small>Findings so far, the latest first</small></h2>"
        yield "".join(map(_told, told))
        yield "</section>\n"
    yield "</main></body></html>\n"


def _facts(answer: Answer) -> Iterator[tuple[str, str]]:
    yield "时间 <small>Time (UTC)</small>", answer.moment
    yield "地址 <small>Address</small>", answer.url
    yield "条目 <small>Entries</small>", f"{answer.size}（新增 {answer.new}）"
    yield "根 <small>Root</small>", answer.root
    yield "取回 <small>Fetched</small>", f"{answer.requests} / {answer.bytes} bytes"
    counts = "，".join(f"{name} {count}" for name, count in answer.told.items())
    yield "累计 <small>Told so far</small>", counts


def _finding(finding: Finding) -> str:
    where = "" if finding.index is None else f" #{finding.index}"
    badge = f'<span class="badge">{_text(finding.check)}{where}</span>'
    return f"<p>{badge} {_text(finding.zh)}<br><small>{_text(finding.en)}</small></p>"


def _told(value: dict[str, Any]) -> str:
    where = "" if value.get("index") is None else f" #{value['index']}"
    head = _text(f"{value.get('time')} {value['outcome']} {value['check']}{where}")
    body = f"{_text(str(value['reason_zh']))}<br><small>{_text(str(value['reason']))}</small>"
    return f'<p><span class="badge">{head}</span> {body}</p>'


def _text(text: str) -> str:
    return html.escape(text)
