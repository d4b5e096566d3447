"""The heads: a checkpoint counts only as its log signed it and as the policy demands it, and two of them must be of one log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from verify.checkpoint import Checkpoint, parse
from verify.checks import FAULTS
from verify.checks.checkpoint import check_cosigned, cosigners_of, open_note
from verify.findings import Finding, Outcome, broken, holds, unchecked
from verify.note import NoteError, VerifierKey, parse_vkey
from verify.policy import Policy
from verify.tree import Frontier, leaf_hash


class Stop(Exception):
    """The round ends here, and the state stays as it is; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.en)
        self.finding = finding


def signed_head(note: bytes, key: VerifierKey, policy: Policy | None) -> tuple[Checkpoint, list[Finding]]:
    """Return what a checkpoint says, and what is to be said of it. Raises Stop where it cannot be taken."""
    head, found = open_note(note, key, "checkpoint", "检查点", cosigners_of(policy))
    if head is None or any(each.outcome in FAULTS for each in found):
        raise Stop(found[0])
    if policy is not None:
        found += check_cosigned(note, policy, key)
    for each in found:
        if each.outcome is Outcome.BROKEN:
            raise Stop(each)
    return head, found


def led_to(given: VerifierKey, keys: Sequence[Mapping[str, Any]], size: int) -> VerifierKey:
    """Return the key that signs a head of `size` for whoever trusts `given`, as far as the handovers in `keys` go."""
    for each in keys:
        if each["retired"] is None or each["retired"] >= size:
            return parse_vkey(each["vkey"])
    return parse_vkey(keys[-1]["vkey"]) if keys else given


def led_or_not(given: VerifierKey, first: VerifierKey, keys: Sequence[Mapping[str, Any]]) -> Finding:
    """Say whether the key `first`, with which a folder was begun, was handed over to the one given: HOLDS, or else UNCHECKED."""
    reached = [first, *(parse_vkey(each["vkey"]) for each in keys)]
    own, ids = given.key_id.hex(), " → ".join(dict.fromkeys(each.key_id.hex() for each in reached))
    if given in reached:
        zh = f"给出的公钥 {own} 与此目录开始监看时的公钥 {first.key_id.hex()} 是同一日志的密钥。"
        return holds(
            "whose", zh, f"The key given, {own}, is one that {first.key_id.hex()}, the first of this folder, led to."
        )
    zh = f"此目录从公钥 {first.key_id.hex()} 开始监看，日志证明的移交是 {ids}，没有到达给出的公钥 {own}；状态未变。"
    en = f"The folder was begun with the key {first.key_id.hex()}; the handovers that the log proves, {ids}, do not reach {own}."
    return unchecked("whose", zh, en)


def has_line(note: bytes, key: VerifierKey) -> bool:
    """Whether a note carries a line of a key; whether it holds is another question."""
    try:
        return any((each.name, each.key_id) == (key.name, key.key_id) for each in parse(note)[1])
    except NoteError:
        return False


def root_of(entries: Path, old: Checkpoint, size: int) -> bytes | None:
    """Return the root over the first `size` lines of a copy that is that of `old`; None where it is not."""
    tree, found = Frontier(), None
    try:
        with entries.open("rb") as file:
            for line in file:
                if tree.size == size:
                    found = tree.root()
                if tree.size == old.size:
                    break
                tree.append(leaf_hash(line.removesuffix(b"\n")))
    except OSError:
        return None
    return (found or tree.root()) if (tree.size, tree.root()) == (old.size, old.root) else None


def forked(old: Checkpoint, head: Checkpoint, names: str, url: str) -> Finding:
    """Two signed heads of which neither continues the other."""
    zh = f"日志分叉：{url} 的检查点（{head.size} 条）不是此前检查点（{old.size} 条）的延续；两份签名证据：{names}。"
    en = f"A fork: the head of {head.size} entries at {url} does not continue the one of {old.size}; evidence: {names}."
    return broken("fork", zh, en)
