"""The checkpoint: whose log this is, that its key signed this size and root, and that an older head lies inside it.

Without a key from outside the target, whose log it is stays UNCHECKED, whatever the target says of itself.
Source: ledger specification, sections 7, 8 and 11; C2SP tlog-checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from verify import checkpoint as checkpoints
from verify import note as notes
from verify.checkpoint import Checkpoint
from verify.ed25519 import LibraryMissing
from verify.findings import Finding, broken, holds, noted, unchecked
from verify.history import History
from verify.note import NoteError, Signature, VerifierKey
from verify.policy import Policy
from verify.rotation import Ring
from verify.source import CHECKPOINT, LOG_VKEY, SMALL, Folder


def check_whose(
    folder: Folder,
    created: Mapping[str, str] | None,
    given: VerifierKey | None,
    present: VerifierKey | None,
    ring: Ring,
    size: int,
    whole: bool = True,
) -> Iterator[Finding]:
    """The key given from outside, log.vkey and what entry 0 says are one key, or keys handed over; named after the origin.

    `created`: what entry 0 says; `present`: the key that the one given was handed over to; `ring`: the log's keys;
    `size`: of the checkpoint; not `whole`: of the log only entry 0 was read.
    """
    read = stated_key(folder)
    stated = None if isinstance(read, str) else read
    if isinstance(read, str):
        yield broken("whose", f"{LOG_VKEY} 不可用：{read}。", f"{LOG_VKEY} is unusable: {read}.")
    if created is not None:
        yield from _named_after(notes_key(created["vkey"]), created)
        yield from _agree(stated, ring, size, whole)
    if given is None:
        zh = "没有从外部给出公钥（--vkey），这是谁的日志无法核验。"
        yield unchecked("whose", zh, "No key from outside was given (--vkey): whose log this is cannot be told.")
    elif stated is not None and given != stated and not whole and ring.place(given) == 0:
        pass  # told above: whether keys were handed over was not asked
    elif stated is not None and given != stated and (ring.place(stated) is None or present not in ring.keys_at(size)):
        zh = f"给出的公钥属于 {given.name}（{given.key_id.hex()}），与 {LOG_VKEY} 的 {stated.name}（{stated.key_id.hex()}）不同。"
        en = f"The key given is {given.name} {given.key_id.hex()}, {LOG_VKEY} has {stated.name} {stated.key_id.hex()}."
        yield broken("whose", zh, f"Another log: {en}")
    elif stated is not None and given != stated:
        zh = f"日志属于 {given.name}；给出的公钥 {given.key_id.hex()} 是它轮换的密钥之一。"
        yield holds("whose", zh, f"The log is {given.name}: the key given, {given.key_id.hex()}, is one of its keys.")
    elif stated is not None:
        yield holds(
            "whose", f"日志属于 {given.name}，公钥与外部给出的一致。", f"The log is {given.name}, by the key given."
        )


def _named_after(own: VerifierKey | None, created: Mapping[str, str]) -> Iterator[Finding]:
    if own is None or own.kind != notes.ED25519:
        zh = f"log.created 里的公钥不可用：{created['vkey']}。"
        yield broken("whose", zh, f"The vkey of log.created is unusable: {created['vkey']}.", 0)
    elif own.name != created["origin"]:
        zh = f"log.created 的公钥名为 {own.name}，日志名称是 {created['origin']}。"
        yield broken("whose", zh, f"The vkey of log.created is named {own.name}, the origin {created['origin']}.", 0)


def _agree(stated: VerifierKey | None, ring: Ring, size: int, whole: bool) -> Iterator[Finding]:
    """log.vkey is the oldest key that signs the checkpoint: the first one, until it was retired."""
    due = ring.keys_at(size)[:1]
    if stated is None or not due or stated == due[0]:
        return
    if not whole:
        zh = f"{LOG_VKEY} 与 log.created 里的公钥不同；其间是否轮换过密钥，没有核验（--chain）。"
        en = f"{LOG_VKEY} is not the key that log.created names; whether keys were handed over was not asked."
        yield unchecked("whose", zh, en, 0)
    elif len(ring.terms) == 1:
        zh = f"{LOG_VKEY} 与 log.created 里的公钥不同。"
        yield broken("whose", zh, f"{LOG_VKEY} is not the key that log.created names.", 0)
    else:
        zh = f"{LOG_VKEY} 不是日志现用的密钥 {due[0].key_id.hex()}。"
        yield broken("whose", zh, f"{LOG_VKEY} is not the key {due[0].key_id.hex()} that the log has now.")


def stated_key(folder: Folder) -> VerifierKey | str:
    """Return the key in log.vkey, or in words why there is none. The file is one line, in one spelling."""
    raw = folder.read(LOG_VKEY, SMALL)
    if raw is None:
        return "missing 缺失" if folder.size(LOG_VKEY) is None else "too long 过长"
    try:
        return (
            notes.parse_vkey(raw.decode("ascii").removesuffix("\n")) if raw.endswith(b"\n") else "no line feed 无换行"
        )
    except (NoteError, UnicodeDecodeError) as error:
        return str(error)


def notes_key(text: str) -> VerifierKey | None:
    """Return a vkey, None where the text is not one."""
    try:
        return notes.parse_vkey(text)
    except NoteError:
        return None


def read_checkpoint(
    folder: Folder, key: VerifierKey | None, own: Sequence[VerifierKey] = ()
) -> tuple[Checkpoint | None, list[Finding]]:
    """Return what the checkpoint says, verified with `key` as far as that is possible here, and what is to be said of it.

    `own`: keys of the log and of cosigners, whose lines are judged elsewhere.
    """
    raw = folder.read(CHECKPOINT, SMALL)
    if raw is None and folder.size(CHECKPOINT) is not None:
        zh = f"检查点文件超过 {SMALL} 字节，没有读取。"
        return None, [broken("checkpoint", zh, f"The checkpoint is longer than {SMALL} bytes and was not read.")]
    if raw is None:
        return None, [broken("checkpoint", "缺少签名的检查点。", "The checkpoint is missing.")]
    return open_note(raw, key, "checkpoint", "检查点", own)


def open_note(
    raw: bytes, key: VerifierKey | None, check: str, zh_name: str, own: Sequence[VerifierKey] = ()
) -> tuple[Checkpoint | None, list[Finding]]:
    """Open a signed tree head. A head whose signature fails is still returned, so that the tree can be compared with it."""
    try:
        head, signatures = checkpoints.parse(raw)
    except NoteError as error:
        return None, [broken(check, f"{zh_name}无法解读：{error.zh}。", f"The {check} cannot be read: {error}.")]
    found: list[Finding] = []
    if key is None:
        zh = f"没有公钥，{zh_name}的签名无法核验。"
        found.append(unchecked(check, zh, f"Without a key the signature of the {check} is unchecked."))
        return head, found
    try:
        checkpoints.open_checkpoint(raw, key)
        zh = f"{zh_name}由 {key.name} 签名：{head.size} 条，根 {head.root.hex()}。"
        found.append(holds(check, zh, f"{key.name} signed {head.size} entries with the root {head.root.hex()}."))
    except LibraryMissing as error:
        found.append(
            unchecked(check, f"无法核验{zh_name}的签名：缺少签名库。", f"The signature is unchecked: {error}.")
        )
    except NoteError as error:
        if told := by_others(signatures, key):
            signatures = tuple(each for each in signatures if each.name != key.name)
        zh, en = told or (f"{zh_name}的签名不成立", f"The {check} is not signed by this log")
        found.append(broken(check, f"{zh}：{error.zh}。", f"{en}: {error}."))
    known = {(each.name, each.key_id) for each in (key, *own)}
    others = sum((each.name, each.key_id) not in known for each in signatures)
    if others:
        zh = f"{zh_name}上另有 {others} 个未核验的签名（没有给出相应公钥）。"
        found.append(
            noted(check, zh, f"{others} more signature lines, of keys that were not given, were not verified.")
        )
    return head, found


def by_others(signatures: Sequence[Signature], key: VerifierKey) -> tuple[str, str] | None:
    """Say that other keys of the name signed, and which; None where the key itself has a line, or nobody of its name has."""
    signers = [each.key_id for each in signatures if each.name == key.name]
    if not signers or key.key_id in signers:
        return None
    ids, own = ", ".join(each.hex() for each in signers), key.key_id.hex()
    return (
        f"签名的是 {key.name} 的密钥 {ids}，不是所求的密钥 {own}",
        f"Signed by the key {ids} of {key.name}, not by {own}",
    )


def cosigners_of(policy: Policy | None) -> list[VerifierKey]:
    """Return the keys of the cosigners whose lines are judged by the policy, so that they are not told as unknown besides."""
    return [] if policy is None else list(policy.witnesses.values())


def check_policy(folder: Folder, policy: Policy | None, key: VerifierKey | None) -> Iterator[Finding]:
    """The checkpoint is cosigned by as many as the policy demands, and the log is one that the policy names."""
    raw = folder.read(CHECKPOINT, SMALL)
    if raw is not None:
        yield from check_cosigned(raw, policy, key)


def check_cosigned(raw: bytes, policy: Policy | None, key: VerifierKey | None) -> Iterator[Finding]:
    """The same of a signed checkpoint that is in hand."""
    if policy is None:
        return
    if key is not None and key not in policy.logs:
        yield broken("policy", f"策略中没有日志 {key.name}。", f"The policy names no log {key.name}.")
    if key is None:
        yield unchecked("policy", "策略中没有日志公钥。", "The policy names no log.")
        return
    try:
        verified = notes.open_note(raw, [key, *policy.witnesses.values()])[1]
    except LibraryMissing as error:
        yield unchecked("policy", "无法核验联署：缺少签名库。", f"The cosignatures are unchecked: {error}.")
        return
    except NoteError as error:
        yield broken(
            "policy", f"检查点的签名不成立：{error.zh}。", f"The checkpoint has a signature that fails: {error}."
        )
        return
    cosigners = policy.cosigners(verified)
    names, zh_names = ", ".join(cosigners) or "none", "、".join(cosigners) or "无"
    if policy.satisfied_by(cosigners):
        zh = f"检查点的联署满足策略要求：{zh_names}。"
        yield holds("policy", zh, f"The checkpoint is cosigned as the policy demands: {names}.")
    else:
        zh = f"检查点的联署（{zh_names}）达不到策略的法定数 {policy.quorum}。"
        yield broken("policy", zh, f"The cosignatures of {names} do not reach the quorum {policy.quorum}.")


def size_of(raw: bytes) -> int | None:
    """Return the size that a signed tree head states, verified or not; None where it is no tree head."""
    try:
        return checkpoints.parse(raw)[0].size
    except NoteError:
        return None


def check_since(raw: bytes, key: VerifierKey | None, history: History, ring: Ring) -> Iterator[Finding]:
    """The older head must be one that this log passed through: same root over its first entries."""
    own = ring.keys_at(size_of(raw) or 0)
    if key is not None and ring.place(key) is not None and own and key not in own:
        key = own[0]  # what was signed before a key was handed over is signed by the one before
    older, found = open_note(raw, key, "since", "较早的检查点", own)
    yield from (each for each in found if each.check == "since" and each.outcome.value != "HOLDS")
    if older is None:
        return
    size, now = older.size, len(history.leaves)
    if history.origin and older.origin != history.origin:
        zh = f"较早的检查点属于 {older.origin}，本日志是 {history.origin}。"
        yield broken("since", zh, f"The older checkpoint is of {older.origin}, this log is {history.origin}.")
    if size > now:
        zh = f"较早的检查点已有 {size} 条，现在只有 {now} 条：记录被删减或回滚。"
        yield broken("since", zh, f"The older checkpoint had {size} entries, now there are {now}: rolled back.")
    elif history.heads.get(size) != older.root:
        zh = f"前 {size} 条的根与较早的检查点不符：历史被改写或分叉。"
        en = f"The root of the first {size} entries is not that of the older checkpoint: history was rewritten or forked."
        yield broken("since", zh, en)
    else:
        zh = f"自较早的检查点（{size} 条）以来只有增加，没有改动。"
        yield holds("since", zh, f"Since the older checkpoint of {size} entries the log only grew.")


def check_setting(history: History) -> Iterator[Finding]:
    """What everybody should know about this log: a demonstration, a stepped clock, repairs."""
    created = history.created
    if created is None:
        return
    demo = history.origin.startswith("demo.")
    if demo:
        yield noted(
            "log", f"这是演示日志（{history.origin}），不是真实抽查。", f"A demonstration: {history.origin}.", 0
        )
    if created["clock"] == "stepped":
        yield noted(
            "log", "日志的时钟是步进式的，时间不是真实时间。", "The log runs on a stepped clock, not on real time.", 0
        )
        if not demo:
            zh = f"步进时钟只许用于演示，{history.origin} 不以 demo. 开头。"
            yield broken("log", zh, f"A stepped clock is for demonstrations only, {history.origin} is none.", 0)
    for entry in history.all("log/main", "log.recovered"):
        zh = f"日志曾从旧数据库恢复（{entry.data['found_size']} / {entry.data['published_size']} 条）：{entry.data['reason']}"
        en = f"The log was recovered from {entry.data['found_size']} of {entry.data['published_size']} entries."
        yield noted("log", zh, en, entry.index)
