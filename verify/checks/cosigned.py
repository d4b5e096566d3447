"""The cosigners of a draw: that the checkpoints it rests on were seen by as many witnesses of the log as its freeze names.

V2 asks whether the quorum can be one, F06 whether each commitment, reveal and beacon rests on a checkpoint that has it. That of
the beacon was cosigned before the time of the beacon, or the reveals could have been chosen with the beacon in sight.
Source: ledger specification, section 7; draw specification, section 1.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from verify.ceremony import Draw
from verify.checkpoint import Checkpoint
from verify.checks.contributions import RULE
from verify.ed25519 import LibraryMissing
from verify.entries import Entry
from verify.findings import Finding, broken, holds, noted, unchecked
from verify.history import History
from verify.note import NoteError
from verify.policy import NONE, Policy
from verify.quorum import Quorum, decoded
from verify.rotation import Ring


def check_cosigned(draw: Draw, history: History, ring: Ring) -> Iterator[Finding]:
    """Ask it of one draw. `ring`: the keys of the log, those that came after the draw among them."""
    if draw.frozen is None:
        return
    created = history.created
    try:
        # A key of the log is no cosigner: it would have seen nothing but itself.
        quorum = Quorum.of(draw.freeze["quorum"], [term.key for term in ring.terms])
    except NoteError as error:
        zh = f"{draw.stream} 的冻结：联署法定数不合要求：{error}。"
        yield broken("V2", zh, f"{draw.stream}, freeze: {error}.", draw.frozen.index)
        return
    if not quorum.threshold:
        return
    real = created is not None and created["clock"] == "system"
    try:
        for entry in (each for each in draw.entries if "covered" in each.data):
            beacon = real and entry.kind == "draw.beacon-recorded"
            before = draw.freeze["t_reveal"] + draw.freeze["delta"] if beacon else None
            yield from _one(draw, entry, quorum, history.origin, before)
    except LibraryMissing as error:
        zh = f"{draw.stream}：所引检查点的联署未核验：缺少签名库。"
        yield unchecked("F06", zh, f"{draw.stream}: the cosignatures are unchecked: {error}.", draw.opened.index)


def _one(draw: Draw, entry: Entry, quorum: Quorum, origin: str, before: int | None) -> Iterator[Finding]:
    covered = entry.data["covered"]
    try:
        head = Checkpoint(origin, covered["size"], bytes.fromhex(covered["root"]))
        found = quorum.held(head, decoded(covered.get("cosignatures", ())), before)
    except NoteError as error:
        zh = f"{draw.stream}：{entry.kind} 所引检查点的联署不成立：{error}（{RULE}）。"
        yield broken("F06", zh, f"{draw.stream}: {entry.kind} cites a checkpoint: {error}.", entry.index)
        return
    if not quorum.reached(found):
        names = "、".join(found) or "无"
        late, late_zh = ("", "") if before is None else (" before the time of the beacon", "在信标时间之前")
        zh = (
            f"{draw.stream}：{entry.kind} 所引检查点{late_zh}的联署（{names}）"
            f"达不到冻结的法定数 {quorum.threshold}（{RULE}）。"
        )
        en = f"{draw.stream}: the checkpoint that {entry.kind} cites has not the quorum of {quorum.threshold}{late}: "
        yield broken("F06", zh, f"{en}it is cosigned by {', '.join(found) or 'nobody'}.", entry.index)


def conclude_cosigned(draws: Sequence[Draw], faulty: Collection[str]) -> Iterator[Finding]:
    """Say once that it holds in every draw that names cosigners, unless something of it is `faulty`."""
    named = [draw for draw in draws if draw.frozen is not None and draw.freeze["quorum"]["threshold"]]
    if not named or {"V2", "F06"} & set(faulty):
        return
    anchors = sum("covered" in entry.data for draw in named for entry in draw.entries)
    cosigners = sorted({vkey.partition("+")[0] for draw in named for vkey in draw.freeze["quorum"]["cosigners"]})
    zh = f"{len(named)} 次抽取所引的 {anchors} 个检查点都有冻结约定的联署（约定的联署方：{'、'.join(cosigners)}）。"
    en = f"All {anchors} checkpoints that {len(named)} draws rest on have the quorum of their freeze, of {', '.join(cosigners)}."
    yield holds("cosigned", zh, en)


def check_trusted(history: History, policy: Policy | None) -> Iterator[Finding]:
    """Whom the draws name as cosigners are those whom the policy from outside trusts, and not only called like them."""
    if policy is None or policy.quorum == NONE:
        return
    names = {key.name for key in policy.witnesses.values()}
    for entry in history.of_kind("draw.frozen"):
        try:
            quorum = Quorum.of(entry.data["freeze"]["quorum"])
        except NoteError:
            continue  # told with the draw
        foreign = [key for key in quorum.keys if key not in policy.witnesses.values()]
        if false := [key.name for key in foreign if key.name in names]:
            zh = f"{entry.stream} 约定的联署方 {'、'.join(false)} 与策略中的同名者不是同一公钥。"
            en = f"{entry.stream} names {', '.join(false)} as cosigners with other keys than the policy's."
            yield broken("policy", zh, en, entry.index)
        elif not policy.satisfied_by(policy.cosigners([key for key in quorum.keys if key not in foreign])):
            zh = f"{entry.stream} 约定的联署方不足策略要求：其种子所依据的检查点未必有您信任的见证人看过。"
            en = f"{entry.stream} rests on checkpoints that fewer than the policy demands of your witnesses had to see."
            yield noted("policy", zh, en, entry.index)
