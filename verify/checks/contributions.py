"""The contributions: what the parties committed to before the deadline, and revealed after it.

V3 and V4 recompute the sets C1 and C2, V4 asks who revealed, and that it was over before the beacon; F06 whether anything
was known before its time or rests on what was not yet public. Source: draw specification, P2 and P3; ledger
specification, section 7.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator

from verify import seed
from verify.ceremony import Draw
from verify.checks.keys import signed_by
from verify.ed25519 import LibraryMissing
from verify.entries import Entry
from verify.findings import Finding, broken, noted, unchecked
from verify.history import History
from verify.rotation import Ring

RULE = "方案第五(三)1条"
NEEDED = {"discipline": "纪检部门", "organiser": "组织方"}
"""The roles without whose contribution no draw goes on."""


def check_contributions(draw: Draw) -> Iterator[Finding]:
    """Fill `c1` and `c2` of the draw."""
    committed = yield from _commitments(draw)
    yield from _reveals(draw, committed)


def _commitments(draw: Draw) -> Generator[Finding, None, dict[str, bytes]]:
    """Return party -> commitment of those who committed."""
    accounts = {each["id"]: each["account"] for each in draw.freeze.get("parties", ())}
    until = draw.freeze.get("t_commit", 0)
    committed: dict[str, bytes] = {}
    for entry in draw.all("draw.contribution-committed"):
        party = entry.data["party"]
        yield from _by_party(draw, entry, accounts)
        if party in committed:
            yield broken(
                "V3", f"{draw.stream}：{party} 承诺两次。", f"{draw.stream}: {party} committed twice.", entry.index
            )
        if entry.seconds > until:
            zh = f"{draw.stream}：{party} 的承诺在截止时间之后 {entry.seconds - until} 秒。"
            en = f"{draw.stream}: {party} committed {entry.seconds - until} s after the deadline."
            yield broken("F06", zh, en, entry.index)
        committed.setdefault(party, bytes.fromhex(entry.data["commitment"]))
    closed = draw.one("draw.commitments-closed")
    if closed is None or draw.c0 is None:
        return committed
    draw.c1 = seed.commit_set(draw.c0, committed)
    if closed.data["parties"] != sorted(committed) or closed.data["c1"] != draw.c1.hex():
        zh = f"{draw.stream}：承诺集应为 {'、'.join(sorted(committed))}，C1 {draw.c1.hex()}，与记录不符。"
        en = f"{draw.stream}: the commitments of {', '.join(sorted(committed))} give C1 {draw.c1.hex()}, not as recorded."
        yield broken("V3", zh, en, closed.index)
    silent = sorted(accounts.keys() - committed.keys())
    if silent and closed.seconds <= until:
        zh = f"{draw.stream}：{'、'.join(silent)} 尚未承诺，承诺就提前截止。"
        en = f"{draw.stream}: commitments were closed early, without {', '.join(silent)}."
        yield broken("V3", zh, en, closed.index)
    elif silent:
        zh = f"{draw.stream}：{'、'.join(silent)} 没有提交承诺。"
        yield noted("V3", zh, f"{draw.stream}: {', '.join(silent)} never committed.", closed.index)
    return committed


def _reveals(draw: Draw, committed: dict[str, bytes]) -> Iterator[Finding]:
    accounts = {each["id"]: each["account"] for each in draw.freeze.get("parties", ())}
    until = draw.freeze.get("t_reveal", 0)
    revealed: dict[str, bytes] = {}
    for entry in draw.all("draw.contribution-revealed"):
        party, secret = entry.data["party"], bytes.fromhex(entry.data["secret"])
        yield from _by_party(draw, entry, accounts)
        if party in revealed:
            yield broken(
                "V4", f"{draw.stream}：{party} 揭示两次。", f"{draw.stream}: {party} revealed twice.", entry.index
            )
        if entry.seconds > until:
            zh = f"{draw.stream}：{party} 的揭示在截止时间之后 {entry.seconds - until} 秒。"
            en = f"{draw.stream}: {party} revealed {entry.seconds - until} s after the deadline."
            yield broken("F06", zh, en, entry.index)
        if draw.c0 is not None and committed.get(party) != seed.commitment(draw.c0, party, secret):
            zh = f"{draw.stream}：{party} 揭示的数与其承诺不符。"
            yield broken("V4", zh, f"{draw.stream}: the reveal of {party} does not open its commitment.", entry.index)
        revealed.setdefault(party, secret)
    withheld = yield from _withheld(draw, committed, until)
    closed = draw.one("draw.reveals-closed")
    if closed is None or draw.c1 is None:
        return
    draw.c2 = seed.reveal_set(draw.c1, {party: revealed.get(party) for party in committed})
    missing = sorted(committed.keys() - revealed.keys() - withheld)
    if missing or withheld & revealed.keys():
        zh = f"{draw.stream}：{'、'.join(missing or sorted(withheld & revealed.keys()))} 须揭示或记为拒绝揭示，二者其一。"
        en = f"{draw.stream}: every party that committed either reveals or is recorded as withholding: {', '.join(missing)}."
        yield broken("V4", zh, en, closed.index)
    stated = (closed.data["revealed"], closed.data["withheld"], closed.data["c2"])
    if stated != (sorted(revealed), sorted(withheld), draw.c2.hex()):
        zh = f"{draw.stream}：揭示集应为 {'、'.join(sorted(revealed))}，C2 {draw.c2.hex()}，与记录不符。"
        en = f"{draw.stream}: the reveals of {', '.join(sorted(revealed))} give C2 {draw.c2.hex()}, not as recorded."
        yield broken("V4", zh, en, closed.index)
    yield from _enough(draw, closed, revealed.keys())


def _enough(draw: Draw, closed: Entry, revealed: Collection[str]) -> Iterator[Finding]:
    """Two parties are the least, the organiser and the discipline office among them; and the beacon is still to come."""
    if len(revealed) < 2:
        zh = f"{draw.stream}：只有 {len(revealed)} 方揭示，少于两个独立参与方，抽取不得继续。"
        yield broken("V4", zh, f"{draw.stream}: only {len(revealed)} parties revealed, two are needed.", closed.index)
    roles = {each["role"] for each in draw.freeze.get("parties", ()) if each["id"] in revealed}
    lacking = sorted(set(NEEDED) - roles)
    if lacking:
        zh = f"{draw.stream}：揭示的各方中没有{'、'.join(NEEDED[each] for each in lacking)}，抽取不得继续（{RULE}）。"
        en = f"{draw.stream}: nobody with the role {', '.join(lacking)} revealed, the draw cannot go on."
        yield broken("V4", zh, en, closed.index)
    beacon_at = draw.freeze.get("t_reveal", 0) + draw.freeze.get("delta", 0)
    if draw.freeze and closed.seconds >= beacon_at:
        zh = f"{draw.stream}：信标时间已过 {closed.seconds - beacon_at} 秒，揭示集才固定：可以看着信标取舍份额。"
        en = f"{draw.stream}: the reveals were closed {closed.seconds - beacon_at} s after the time of the beacon."
        yield broken("V4", zh, en, closed.index)


def _withheld(draw: Draw, committed: dict[str, bytes], until: int) -> Generator[Finding, None, set[str]]:
    """Return the parties recorded as withholding."""
    withheld: set[str] = set()
    for entry in draw.all("draw.contribution-withheld"):
        party = entry.data["party"]
        withheld.add(party)
        if party not in committed or entry.seconds <= until:
            zh = f"{draw.stream}：{party} 的揭示期限未过（或并未承诺），就记为拒绝揭示。"
            en = f"{draw.stream}: {party} was recorded as withholding before its time, or never committed."
            yield broken("V4", zh, en, entry.index)
        else:
            zh = f"{draw.stream}：{party} 承诺后没有揭示。"
            yield noted("V4", zh, f"{draw.stream}: {party} committed, but withheld its reveal.", entry.index)
    return withheld


def _by_party(draw: Draw, entry: Entry, accounts: dict[str, str]) -> Iterator[Finding]:
    party, account = entry.data["party"], entry.actor["account"]
    if accounts.get(party) != account:
        check = "V3" if entry.kind == "draw.contribution-committed" else "V4"
        zh = f"{draw.stream}：{party} 的份额由账号 {account} 提交，冻结的是 {accounts.get(party)}。"
        en = f"{draw.stream}: the contribution of {party} came from {account}, the freeze names {accounts.get(party)}."
        yield broken(check, zh, en, entry.index)


def check_anchors(draw: Draw, history: History, ring: Ring) -> Iterator[Finding]:
    """Every part of the seed names a signed checkpoint that covers what it rests on: that was public before it."""
    bases = {
        "draw.contribution-committed": "draw.frozen",
        "draw.contribution-revealed": "draw.commitments-closed",
        "draw.beacon-recorded": "draw.reveals-closed",
    }
    unsigned: list[str] = []
    for entry in draw.entries:
        base = draw.one(bases[entry.kind]) if entry.kind in bases else None
        if base is None:
            continue
        covered = entry.data["covered"]
        size = covered["size"]
        if not base.index < size <= entry.index:
            basis = f"{base.kind} (#{base.index})"
            zh = f"{draw.stream}：{entry.kind} 所引检查点（{size} 条）没有覆盖 {basis}：尚未公开就出现（{RULE}）。"
            en = f"{draw.stream}: {entry.kind} cites a checkpoint of {size} entries that does not cover {basis}."
            yield broken("F06", zh, en, entry.index)
        root = history.heads.get(size)
        if root is None or root.hex() != covered["root"]:
            zh = f"{draw.stream}：{entry.kind} 所引检查点（{size} 条）的根与记录不符。"
            en = f"{draw.stream}: the checkpoint of {size} entries that {entry.kind} cites has another root."
            yield broken("F06", zh, en, entry.index)
        if not ring.terms:
            unsigned.append("log.created names no usable key")
            continue
        try:
            if not signed_by(covered, history.origin, ring.keys_at(size)):
                zh = f"{draw.stream}：{entry.kind} 所引检查点的签名不成立。"
                yield broken(
                    "F06", zh, f"{draw.stream}: the checkpoint that {entry.kind} cites is not signed.", entry.index
                )
        except LibraryMissing as error:
            unsigned.append(str(error))
    if unsigned:
        zh = f"{draw.stream}：{len(unsigned)} 个所引检查点的签名未核验：缺少签名库或公钥。"
        yield unchecked(
            "F06", zh, f"{draw.stream}: {len(unsigned)} cited checkpoints: {unsigned[0]}.", draw.opened.index
        )
