"""The keys of the log: a new one counts only when the old one signed its announcement, and both sign meanwhile.

Whoever was given an older key follows it, from each retirement to the next, by the head that the retired key signed over
the announcement of its successor. A key that appears without that is another log's.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from verify import checkpoint as checkpoints
from verify import note as notes
from verify.checkpoint import Checkpoint
from verify.ed25519 import LibraryMissing
from verify.findings import Finding, broken, holds, noted, unchecked
from verify.history import History
from verify.note import NoteError, VerifierKey
from verify.rotation import Ring, Term


def ring_of(history: History) -> Ring:
    """Return the keys that the log names; with `--chain` only the first, because no other entry was read."""
    return Ring.of(history.streams.get("log/main"))


def signed_by(covered: dict[str, Any], origin: str, keys: Sequence[VerifierKey]) -> bool:
    """Whether `signature`, base64 of key id || signature, is that of one of the keys under (origin, size, root).

    Raises LibraryMissing.
    """
    raw = base64.b64decode(covered["signature"])
    try:
        text = Checkpoint(origin, covered["size"], bytes.fromhex(covered["root"])).text()
    except NoteError:
        return False
    return any(raw[:4] == key.key_id and notes.holds(key, text, raw[4:]) for key in keys)


def followed(ring: Ring, given: VerifierKey, raw: bytes | None, heads: Mapping[int, bytes]) -> VerifierKey:
    """Return the key with which the checkpoint `raw` is opened by whoever trusts `given`. `heads`: size -> root.

    That is `given` itself while it signs; once it was retired, its successor, as far as every handover holds.
    """
    place, size = ring.place(given), _size(raw)
    if place is None:
        return given
    while (retired := ring.terms[place].retired) is not None and retired.index < size:
        try:
            if handover_fault(ring.terms[place], ring.terms[place + 1], heads):
                break
        except LibraryMissing:
            pass  # then no signature is checked at all, and each finding says so
        place += 1
    return ring.terms[place].key


def check_keys(ring: Ring, raw: bytes | None, heads: Mapping[int, bytes]) -> Iterator[Finding]:
    """Every announcement and every handover, and the lines of the checkpoint under the log's name."""
    for index, zh, en in ring.faults:
        yield broken("keys", zh, en, index)
    if len(ring.terms) < 2:
        return
    kept, size = not ring.faults, _size(raw)
    for old, new in pairwise(ring.terms):
        if old.retired is None:
            continue
        try:
            fault = handover_fault(old, new, heads)
        except LibraryMissing as error:
            kept = False
            yield unchecked(
                "keys", "无法核验密钥的移交：缺少签名库。", f"A handover is unchecked: {error}.", old.retired.index
            )
            continue
        if fault:
            kept = False
            yield broken("keys", *fault, old.retired.index)
    for finding in _lines(ring, raw, size):
        kept = kept and finding.outcome.value == "NOTED"
        yield finding
    # A handover that is not over is vouched for by the old key's line under the announcement.
    old = ring.terms[-2]
    if kept and (old.retired is not None or _has_line(raw, old.key)):
        zh = f"签名密钥轮换 {len(ring.terms) - 1} 次，每把新密钥都由旧密钥签名的检查点公布在先。"
        en = f"The log took {len(ring.terms) - 1} new keys, each announced below a head that the old one signed."
        yield holds("keys", zh, en)


def handover_fault(old: Term, new: Term, heads: Mapping[int, bytes]) -> tuple[str, str] | None:
    """Say why the retirement of a key does not vouch for the next one; None where it does. Raises LibraryMissing."""
    retired = old.retired
    if retired is None:
        return None
    covered, index = retired.data["covered"], retired.index
    if not new.since < covered["size"] <= index:
        return (
            f"停用旧密钥时所引的检查点（{covered['size']} 条）没有覆盖新密钥的公布（第 {new.since} 条）。",
            f"The checkpoint of {covered['size']} entries cited there does not cover the announcement in entry {new.since}.",
        )
    root = heads.get(covered["size"])
    if root is None or root.hex() != covered["root"]:
        return (
            f"停用旧密钥时所引的检查点（{covered['size']} 条）的根与记录不符。",
            f"The checkpoint of {covered['size']} entries cited there has another root.",
        )
    if not signed_by(covered, old.key.name, [old.key]):
        return (
            f"停用旧密钥时所引的检查点没有旧密钥 {old.key.key_id.hex()} 的签名：新密钥不是由它移交的。",
            f"The old key {old.key.key_id.hex()} did not sign the checkpoint cited there: it handed nothing over.",
        )
    return None


def _lines(ring: Ring, raw: bytes | None, size: int) -> Iterator[Finding]:
    """The checkpoint carries a line of every key that is due, and of no other of the ring.

    Whoever was given a key that is due and has no line there is told with the checkpoint: it is not signed.
    """
    if raw is None or not size:
        return
    for term in ring.terms:
        signs, due = _has_line(raw, term.key), term.holds_at(size)
        name = term.key.key_id.hex()
        if signs and not due:
            zh = f"检查点有密钥 {name} 的签名，而它当时尚未公布或已经停用。"
            en = f"The checkpoint of {size} entries is signed by {name}, which was not announced yet or was retired."
            yield broken("keys", zh, en, term.since if term.retired is None else term.retired.index)
        elif due and signs and (fault := _line_fault(raw, term.key)):
            which = ("新", "new") if term is ring.terms[-1] else ("旧", "old")
            zh = f"检查点上{which[0]}密钥 {name} 的签名不成立：{fault}。"
            yield broken("keys", zh, f"The signature of the {which[1]} key fails: {fault}.", term.since)
        elif due and not signs:
            zh = f"密钥 {name} 已公布，检查点却没有它的签名。"
            yield noted("keys", zh, f"The key {name} is announced, but did not sign the checkpoint.", term.since)
        elif due and term.retired is None and len(ring.keys_at(size)) > 1 and term.since == ring.terms[-1].since:
            zh = f"正在轮换签名密钥：{name} 已与旧密钥一起签名，请改用新公钥。"
            yield noted(
                "keys", zh, f"A new key, {name}, signs beside the old one: take it for the next time.", term.since
            )


def _line_fault(raw: bytes, key: VerifierKey) -> str | None:
    """Say why the line of a key fails; None where it holds, or cannot be checked here, which is told with the checkpoint."""
    try:
        notes.open_note(raw, [key])
    except LibraryMissing:
        return None
    except NoteError as error:
        return str(error)
    return None


def _size(raw: bytes | None) -> int:
    try:
        return checkpoints.parse(raw)[0].size if raw is not None else 0
    except NoteError:
        return 0


def _has_line(raw: bytes | None, key: VerifierKey) -> bool:
    try:
        signatures = checkpoints.parse(raw)[1] if raw is not None else ()
    except NoteError:
        return False
    return any((each.name, each.key_id) == (key.name, key.key_id) for each in signatures)
