"""Evidence of a fork: whether two heads that a log signed can belong to one history, or the log has told two.

Two roots for one size are a fork. Of two sizes the heads alone tell nothing. What tells is the larger tree itself: its
entries, or a proof that leads to its root; either shows the one root that the smaller size has inside it, and where the log
has signed another, it has signed two histories. A proof that leads elsewhere shows nothing, for anybody can spoil one.
Source: RFC 9162 section 2.1.4; a different root inside the larger one would be a collision of SHA-256.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from verify import checkpoint as checkpoints
from verify import entries
from verify.checkpoint import Checkpoint
from verify.checks import keys
from verify.checks.checkpoint import by_others, size_of
from verify.ed25519 import LibraryMissing
from verify.entries import EntryError
from verify.findings import Finding, broken, exit_code, holds, unchecked
from verify.given import require_key
from verify.note import NoteError, VerifierKey
from verify.rotation import KeyEntries, Ring, roots_at
from verify.source import ENTRIES, SMALL, UsageError
from verify.tree import EMPTY_ROOT, Frontier, ProofError, consistency_roots, leaf_hash
from verify.witness.request import RequestError, parse
from verify.words import Parser

CHECK = "fork"
MOST_BYTES = 1 << 18


@dataclass(frozen=True)
class Proof:
    """A consistency proof: its hashes, and the root of the smaller tree, which the hashes lack where its size is 2^k."""

    path: Sequence[bytes]
    old_root: bytes | None = None


def judge(one: Checkpoint, other: Checkpoint, proofs: Iterable[Proof], leaves: Iterable[bytes] | None) -> Finding:
    """Say what two heads, each signed by the log, are to one another: BROKEN a fork, HOLDS one history, UNCHECKED open.

    `leaves`: the leaf hashes of the larger tree, read as far as its size.
    """
    small, large = sorted((one, other), key=lambda head: head.size)
    if one.origin != other.origin:
        return unchecked(CHECK, "两个检查点属于不同的台账。", "The two heads are of different logs: they tell nothing.")
    if small.size == large.size:
        return _told(small, large, large.root)
    if small.size == 0:
        return _told(small, large, EMPTY_ROOT)
    if leaves is not None and (inside := _root_inside(small.size, large, leaves)) is not None:
        return _told(small, large, inside)
    for proof in proofs:
        # Where the size is a power of two and the proof does not say the root, the signed one can only be confirmed.
        start = proof.old_root or small.root
        try:
            inside, whole = consistency_roots(small.size, large.size, start, proof.path)
        except ProofError:
            continue
        if whole == large.root:
            return _told(small, large, inside)
    zh = f"大小为 {small.size} 和 {large.size} 的两个检查点，须有较大者的全部记录，或能导向其根的延续证明，方可判断。"
    en = f"Of {small.size} and {large.size} entries: only the entries of the larger tree, or a proof that leads to its root, tell."
    return unchecked(CHECK, zh, en)


def _told(small: Checkpoint, large: Checkpoint, inside: bytes) -> Finding:
    """Compare the root that the smaller size has inside the larger tree with the one that the log signed for it."""
    if inside == small.root:
        zh = f"两个检查点（{small.size} 条和 {large.size} 条）属于同一历史。"
        return holds(CHECK, zh, f"The heads of {small.size} and {large.size} entries belong to one history.")
    zh = f"台账签署了两个历史：前 {small.size} 条的根，一处是 {small.root.hex()}，另一处是 {inside.hex()}。"
    en = f"The log signed two histories: the root of its first {small.size} entries is {small.root.hex()} and {inside.hex()}."
    return broken(CHECK, zh, en)


def _root_inside(size: int, large: Checkpoint, leaves: Iterable[bytes]) -> bytes | None:
    """Return the root of the first `size` leaves, None where all of them are not the tree of the larger head."""
    tree, source = Frontier(), iter(leaves)
    tree.extend(islice(source, size))
    inside, reached = tree.root(), tree.size
    tree.extend(islice(source, large.size - size))
    return inside if reached == size and (tree.size, tree.root()) == (large.size, large.root) else None


def main(argv: Sequence[str], program: str) -> int:
    """Judge two heads from the command line. Returns 1 for a fork, 0 for one history, 2 where it is open; UsageError."""
    chosen = _parser(program).parse_args(argv)
    key = require_key(chosen.vkey)
    known = _Keys(key, chosen.entries)
    read = [(path, *_read(path)) for path in (chosen.one, chosen.other)]
    proofs = [proof for _, _, given in read for proof in given]
    for _, note, _ in read:
        known.vouch(note)
    opened = [_open(path, note, key, known.due(note)) for path, note, _ in read]
    heads, found = [head for head, _ in opened if head], [finding for _, finding in opened if finding]
    proofs += [_proof(path) for path in chosen.proof]
    if len(heads) == 2:
        leaves = _leaves(chosen.entries) if chosen.entries else None
        found.append(judge(heads[0], heads[1], proofs, leaves))
    for finding in found:
        told = (
            finding.as_json()
            if chosen.json
            else f"{finding.outcome.value} {finding.check}: {finding.zh}\n  {finding.en}"
        )
        print(json.dumps(told, ensure_ascii=False) if chosen.json else told)
    return exit_code(found)


def _parser(program: str) -> Parser:
    parser = Parser(
        prog=f"{program} evidence",
        description="同一台账签署的两个检查点是否证明其历史分叉（退出码 1：分叉；0：同一历史；2：尚不能判断）\n"
        "whether two heads that one log signed prove a fork (exit code 1), one history (0), or nothing yet (2)",
    )
    for name in ("one", "other"):
        zh, en = "检查点文件，或见证保存的请求", "a checkpoint, or a request that a witness kept"
        parser.add_argument(name, metavar="CHECKPOINT", help=f"{zh} / {en}")
    parser.add_argument("--vkey", required=True, metavar="VKEY|FILE", help="台账的公钥 / the log's verifier key")
    zh = '延续证明，JSON {"path":[hex…],"old_root":hex}，即 /proof/consistency 的回答'
    en = "a consistency proof, as /proof/consistency answers; old_root, the smaller tree's, is needed at sizes 2^k"
    parser.add_argument("--proof", action="append", default=[], metavar="FILE", help=f"{zh} / {en}")
    zh, en = "较大一方的导出文件夹或 entries.jsonl", "the export of the larger tree, or its entries.jsonl"
    parser.add_argument("--entries", metavar="EXPORT", help=f"{zh} / {en}")
    parser.add_argument("--json", action="store_true", help="每个结论一行 JSON / a line of JSON for each finding")
    return parser


def _read(path: str) -> tuple[bytes, list[Proof]]:
    """Return the signed note in a file, and the proof that stands before it where it is a request to a witness."""
    raw = _bytes(path, MOST_BYTES)
    if not raw.startswith(b"old "):
        return raw, []
    try:
        request = parse(raw)
    except RequestError as error:
        raise UsageError(
            f"{path} 不是检查点，也不是见证请求。", f"{path} is no checkpoint and no request: {error}"
        ) from error
    return request.note, [Proof(request.path)]


class _Keys:
    """The keys with which heads are opened: the one given and, where the entries are at hand, those of the log's handovers.

    Each retirement is vouched for by the key that retires; keys before the one given by a head that this signed over the
    entries that name them.
    """

    def __init__(self, given: VerifierKey, path: str | None) -> None:
        self._given, self._path = given, path
        named = KeyEntries()
        for place, line in enumerate(_lines(path) if path else ()):
            if b'"stream":"log/main"' in line:
                with suppress(EntryError):
                    named.take(entries.parse(line), place)
        self._named, self._ring = named, Ring.of(named.found)
        self._heads = roots_at(_leaves(path), named.cited()) if path and named.cited() else {}
        self._vouched = False

    def vouch(self, note: bytes) -> None:
        """Let a head that the key given, or one that it was handed over to, signed over the entries vouch for older keys."""
        place = self._ring.place(self._given)
        if not place or not self._path:
            return
        with suppress(NoteError, LibraryMissing):
            head = checkpoints.open_checkpoint(note, keys.followed(self._ring, self._given, note, self._heads))
            inside = roots_at(_leaves(self._path), {head.size}).get(head.size)
            self._vouched = self._vouched or (inside == head.root and self._ring.terms[place].since < head.size)

    def due(self, note: bytes) -> VerifierKey:
        """Return the key whose line is due on a head, as far as handovers lead to it; else the one given."""
        last, size = keys.followed(self._ring, self._given, note, self._heads), size_of(note) or 0
        earlier = self._ring.terms[: self._ring.place(self._given) or 0] if self._vouched else []
        return next((term.key for term in earlier if term.holds_at(size)), last)


def _open(path: str, note: bytes, given: VerifierKey, due: VerifierKey) -> tuple[Checkpoint | None, Finding | None]:
    """Return what a head says that the key given signed, or the one that is due by the handovers."""
    try:
        with suppress(NoteError):
            return checkpoints.open_checkpoint(note, given), None
        return checkpoints.open_checkpoint(note, due), None
    except LibraryMissing as error:
        return None, unchecked("checkpoint", "无法核验签名：缺少签名库。", f"The signature is unchecked: {error}.")
    except NoteError as error:
        zh, en = _other_key(note, given) or ("不是由该公钥签名的检查点", "it is not signed by the key")
        zh = f"{path} 不能作为证据：{zh}：{error}。"
        return None, unchecked("checkpoint", zh, f"{path} is no evidence: {en}: {error}.")


def _other_key(note: bytes, key: VerifierKey) -> tuple[str, str] | None:
    try:
        told = by_others(checkpoints.parse(note)[1], key)
    except NoteError:
        return None
    zh = "；若密钥已移交，须以 --entries 给出记录此事的导出"
    return told and (told[0] + zh, f"{told[1]}; a handover is shown by the entries of the log (--entries)")


def _proof(path: str) -> Proof:
    try:
        read = json.loads(_bytes(path, SMALL))
        old_root = bytes.fromhex(read["old_root"]) if "old_root" in read else None
        return Proof([bytes.fromhex(each) for each in read["path"]], old_root)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise UsageError(f"{path} 不是延续证明。", f"{path} is no consistency proof: {error}") from error


def _leaves(path: str) -> Iterable[bytes]:
    return map(leaf_hash, _lines(path))


def _lines(path: str) -> Iterator[bytes]:
    target = Path(path) / ENTRIES if Path(path).is_dir() else Path(path)
    try:
        with target.open("rb") as file:
            for line in file:
                yield line.removesuffix(b"\n")
    except OSError as error:
        raise UsageError(f"读不到 {target}。", f"{target} cannot be read: {error}") from error


def _bytes(path: str, most: int) -> bytes:
    try:
        with Path(path).open("rb") as file:
            found = file.read(most + 1)
    except OSError as error:
        raise UsageError(f"读不到 {path}。", f"{path} cannot be read: {error}") from error
    if len(found) > most:
        raise UsageError(f"{path} 过大。", f"{path} is too long for what it should be.")
    return found
