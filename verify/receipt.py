"""What somebody holds in his hand, checked offline: a receipt of one entry, or the self-check of one business in one draw.

`python -m verify receipt FILE --vkey KEY [--policy FILE]`. Only what lies in the file is asked, and the signatures of the
checkpoint in it; whether the whole log keeps its rules is what `python -m verify EXPORT` tells. Source: SPEC.md, section 14.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from verify import checkpoint as checkpoints
from verify import entries, placed, proof, selfcheck
from verify.checkpoint import Checkpoint
from verify.checks import checkpoint
from verify.entries import Entry, EntryError
from verify.findings import Finding, broken, holds, noted, unchecked
from verify.given import answer
from verify.note import VerifierKey
from verify.policy import Policy
from verify.report import Report
from verify.source import UsageError
from verify.tree import ProofError, leaf_hash, verify_inclusion

LARGEST = 1 << 22
"""The most bytes of a file that is read."""
SHOWN = 60
"""So many characters of something else are shown."""
_MARKS = re.compile(rb'c2sp\.org/tlog-proof|fairdraw-selfcheck|(?:^|\n|")\xe2\x80\x94 [^ \n]+ [A-Za-z0-9+/]{20}')
Held = proof.Proof | dict[str, Any]
USAGE = """\
receipt FILE [--vkey VKEY|FILE] [--policy FILE] [--json]
离线核验一份回执（.tlog-proof）或一户企业的自查文件（.json）：记录确在签名的检查点之中；该户在名录之中，签号与结果相符，
或由相邻两户证明它不在名录之中。
Checks a receipt (.tlog-proof) or the self-check of a business (.json) offline: the entries are in the signed checkpoint;
the business is in the pool, and ticket and result follow from the seed; or two neighbours show that it is not in it."""


def main(argv: Sequence[str], program: str) -> int:
    """Answer the command line. `program`: how it was called."""
    return answer(argv, f"用法 Usage: {program} {USAGE}", check)


def check(target: str, key: VerifierKey | None = None, policy: Policy | None = None) -> Report:
    """Check the file `target`. UsageError where there is none, or where it does not even claim to be what is asked."""
    try:
        with Path(target).open("rb") as file:
            raw = file.read(LARGEST)  # of a longer file the rest is missing, and it does not hold
    except OSError as error:
        raise UsageError(f"读不到 {target}。", f"{target} cannot be read: {error}") from error
    return judge(raw, target, key, policy)


def judge(raw: bytes, target: str, key: VerifierKey | None = None, policy: Policy | None = None) -> Report:
    """Check the bytes of such a file, which came from `target`."""
    if policy is not None and policy.logs and key is None:
        key = policy.logs[0]
    if said := _something_else(raw):
        zh = f"{target} 不是回执，也不是自查文件：读到的是{said[0]}。请重新下载，或检查文件名。"
        en = f"{target} is no receipt and no self-check, but {said[1]}: fetch it again, or look for the right file."
        raise UsageError(zh, en)
    try:
        held: Held = proof.parse(raw) if raw.startswith(proof.HEADER) else selfcheck.parse(raw)
    except ProofError as error:
        return Report(target, "", 0, "", [broken("receipt", f"不是回执：{error}。", f"This is no receipt: {error}.")])
    except placed.Misfit as error:
        zh = f"不是自查文件：{error.zh}。"
        return Report(target, "", 0, "", [broken("selfcheck", zh, f"This is no self-check: {error.en}.")])
    note = held.note if isinstance(held, proof.Proof) else selfcheck.note_of(held)
    head, findings = checkpoint.open_note(note, key, "checkpoint", "检查点", checkpoint.cosigners_of(policy))
    if head is None:
        return Report(target, "", 0, "", findings)
    findings += [*_whose(key, head, note), *checkpoint.check_cosigned(note, policy, key)]
    findings += _entry(held, head) if isinstance(held, proof.Proof) else selfcheck.check(held, head)
    return Report(target, head.origin, head.size, head.root.hex(), findings)


def _something_else(raw: bytes) -> tuple[str, str] | None:
    """Say what was read instead of a receipt; None where there is any mark of one, for a damaged receipt claims something.

    The marks are the name of either form, the beginning of one that was cut off, and a line with a signature.
    """
    text = raw.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not text:
        return ("空文件", "an empty file")
    if text.startswith(b"<"):
        title = re.search(rb"<title[^>]*>([^<]{1,200})", text, re.IGNORECASE)
        named = f"：{_shown(title[1])}" if title else ""
        return f"网页{named}", f"a web page{named.replace('：', ': ')}"
    if proof.HEADER.startswith(raw) or _MARKS.search(raw):
        return None
    try:
        value = dict(json.loads(text))
    except (ValueError, TypeError, RecursionError):
        return f"其他内容，开头是 {_shown(text)}", f"something else, which begins with {_shown(text)}"
    words = next((value[key] for key in ("title", "detail") if isinstance(value.get(key), str)), "")
    named = f"：{_shown(words.encode('utf-8', 'replace'))}" if words else ""
    return f"其他 JSON 内容{named}", f"other JSON{named.replace('：', ': ')}"


def _shown(raw: bytes) -> str:
    """Return the beginning of some bytes as a text on one line, without what could disturb a terminal."""
    text = " ".join(raw[: 4 * SHOWN].decode("utf-8", "replace").split())[:SHOWN]
    return "".join(each if each.isprintable() else "�" for each in text)


def _whose(key: VerifierKey | None, head: Checkpoint, note: bytes) -> Iterator[Finding]:
    if key is None:
        zh = "没有从外部给出公钥（--vkey），这是谁的日志无法核验。"
        yield unchecked("whose", zh, "No key from outside was given (--vkey): whose log this is cannot be told.")
    elif head.origin != key.name:
        zh = f"检查点属于 {head.origin}，给出的公钥属于 {key.name}。"
        yield broken("whose", zh, f"The checkpoint is of {head.origin}, the key given is of {key.name}.")
    elif checkpoint.by_others(checkpoints.parse(note)[1], key):
        zh = "台账可能已轮换密钥，而这份文件里没有移交的记录：请用签名的那把公钥，或用给出的公钥核验整本台账（verify 导出文件夹）。"
        en = "The log may have handed over, which this file cannot show: take the key that signed, or verify EXPORT with this one."
        yield noted("whose", zh, en)


def _entry(receipt: proof.Proof, head: Checkpoint) -> Iterator[Finding]:
    """The entry in a receipt stands at its place in the tree of the checkpoint."""
    if receipt.extra is None:
        zh = "回执里没有记录本身（extra），无法核验是哪一条。"
        yield unchecked("receipt", zh, "The receipt does not hold the entry (extra): what is proved cannot be told.")
        return
    try:
        verify_inclusion(leaf_hash(receipt.extra), receipt.index, head.size, head.root, receipt.path)
        entry = entries.parse(receipt.extra)
    except (ProofError, EntryError) as error:
        zh = f"这条记录不在检查点的第 {receipt.index} 位：{error}。"
        yield broken("receipt", zh, f"The entry is not at this place of the tree: {error}.", receipt.index)
        return
    yield from _said(entry, receipt.index, head.size)


def _said(entry: Entry, index: int, size: int) -> Iterator[Finding]:
    if entry.index != index:
        zh = f"记录自称第 {entry.index} 条，却在第 {index} 位。"
        yield broken("receipt", zh, f"The entry says it is {entry.index}, it stands at {index}.", index)
        return
    zh = f"检查点的 {size} 条之中，第 {index} 条是 {entry.stream} 的 {entry.kind}，{entry.at}，由 {entry.actor['account']} 提交。"
    en = f"Of {size} entries number {index} is {entry.kind} of {entry.stream}, {entry.at}, by {entry.actor['account']}."
    yield holds("receipt", zh, en, index)
