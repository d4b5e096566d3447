"""The heads: a checkpoint counts only as its log signed it and as the policy demands it, and two of them must be of one log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from verify.checkpoint import Checkpoint, parse
from verify.checks import FAULTS
from verify.checks.checkpoint import open_note
from verify.ed25519 import LibraryMissing
from verify.findings import Finding, Outcome, broken, holds, unchecked
from verify.note import NoteError, VerifierKey, parse_vkey
from verify.note import open_note as verified_note
from verify.policy import Policy
from verify.tree import Frontier, leaf_hash


class Stop(Exception):
    """The round ends here, and the state stays as it is; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.en)
        self.finding = finding


def signed_head(note: bytes, key: VerifierKey, policy: Policy | None) -> tuple[Checkpoint, list[Finding]]:
    """Return what a checkpoint says, and what is to be said of it. Raises Stop where it cannot be taken."""
    head, found = open_note(note, key, "checkpoint", "检查点")
    if head is None or any(each.outcome in FAULTS for each in found):
        raise Stop(found[0])
    if policy is not None:
        found = [each for each in found if each.outcome is not Outcome.NOTED]  # the other signatures are asked for here
        found += _cosigned(note, key, policy)
    for each in found:
        if each.outcome is Outcome.BROKEN:
            raise Stop(each)
    return head, found


def key_of(note: bytes, key: VerifierKey, successors: Iterable[str]) -> VerifierKey:
    """Return the key that a head is to be signed by: the one given, or where it has no line of that, one it was handed to."""
    try:
        lines = {(each.name, each.key_id) for each in parse(note)[1]}
    except NoteError:
        return key
    known = [key, *map(parse_vkey, successors)]
    return next((each for each in known if (each.name, each.key_id) in lines), key)


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


def _cosigned(note: bytes, key: VerifierKey, policy: Policy) -> Iterator[Finding]:
    """The checkpoint is cosigned by as many as the policy demands."""
    try:
        cosigners = policy.cosigners(verified_note(note, [key, *policy.witnesses.values()])[1])
    except LibraryMissing as error:
        yield unchecked("policy", "无法核验联署：缺少签名库。", f"The cosignatures are unchecked: {error}.")
        return
    except NoteError as error:
        yield broken("policy", f"检查点的签名不成立：{error}。", f"The checkpoint has a signature that fails: {error}.")
        return
    names = ", ".join(cosigners) or "none"
    if key in policy.logs and policy.satisfied_by(cosigners):
        zh = f"检查点的联署满足策略要求：{names}。"
        yield holds("policy", zh, f"The checkpoint is cosigned as the policy demands: {names}.")
    else:
        zh = f"检查点的联署（{names}）达不到策略的法定数 {policy.quorum}，或策略中没有这个日志；没有接受。"
        en = f"The cosignatures of {names} do not reach the quorum {policy.quorum}, or it names no such log: not taken."
        yield broken("policy", zh, en)
