"""The released verifier: which program the log hands out, and whether the one that is asking is that program.

A program that is not in the log may be right all the same; everybody should know that it is another one.
"""

from __future__ import annotations

from collections.abc import Iterator

from verify.findings import Finding, holds, noted
from verify.history import History
from verify.program import NAME, release


def check_released(history: History) -> Iterator[Finding]:
    """Compare this program with the last one that the log names, and tell of those before."""
    released = list(history.all("log/main", "log.verifier-released"))
    if not released:
        return
    own, last = release(), released[-1]
    stated, sha256 = last.data["version"], last.data["sha256"]
    if last.data == own.as_data():
        zh = f"本校验程序就是台账公布的 {NAME} {stated}（{sha256}）。"
        yield holds("verifier", zh, f"This program is the released {NAME} {stated}, {sha256}.", last.index)
    else:
        zh = f"台账公布的校验程序是 {stated}（{sha256}），本程序是 {own.version}（{own.sha256}）。"
        en = f"The log released the verifier {stated}, {sha256}; this program is {own.version}, {own.sha256}."
        yield noted("verifier", zh, en, last.index)
