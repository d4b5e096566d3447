"""The self-check of a business: why it was drawn, or was not, as one file that proves itself against a signed checkpoint.

It holds the three entries of the draw that decide (freeze, seed, result) with their paths, the pool line of the business
with its path under the root that was frozen, and what follows from them. Source: SPEC.md, section 14.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from verify import canonical, entries, seed
from verify.checkpoint import Checkpoint
from verify.entries import Entry, EntryError
from verify.findings import Finding, broken, holds, noted
from verify.kinds import KINDS
from verify.selection import quota, ticket
from verify.shape import misfit
from verify.tree import ProofError, leaf_hash, verify_inclusion

FORMAT = "fairdraw-selfcheck/1"
STEPS = {"frozen": "draw.frozen", "seed": "draw.seed-derived", "drawn": "draw.objects-drawn"}
"""The entries that decide a draw, in their order."""
DRAWN, NOT_DRAWN, EXCLUDED = "drawn", "not-drawn", "excluded"
_ENTRY = {"index": "nat", "entry": "string", "path": ["hex32"]}
_LINE = {"index": "nat", "line": "string", "path": ["hex32"]}
SHAPE = {
    "format": f"={FORMAT}",
    "checkpoint": ["string"],
    "draw": "stream",
    "object": "id",
    "entries": dict.fromkeys(STEPS, _ENTRY),
    "pool": _LINE,
    "listed?": _LINE,
    "seed": "hex32",
    "stratum": "code",
    "ticket": "hex32",
    "threshold": "hex32|null",
    "result": f"={DRAWN}|={NOT_DRAWN}|={EXCLUDED}",
}
POOL_LINE = {"id": "id", "row": "hex32", "stratum": "code", "excluded?": "text"}
LISTED_LINE = {"id": "id", "rank": "pos", "stratum": "code", "ticket": "hex32"}


class Misfit(ValueError):
    """Two parts of the file contradict each other, or it has not its form. `zh` and `en` say which."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def parse(raw: bytes) -> dict[str, Any]:
    """Read the file, which is canonical JSON, with or without a line feed at its end; nothing verified. Raises Misfit."""
    try:
        value = canonical.decode(raw.removesuffix(b"\n"))
    except canonical.NotCanonical as error:
        raise Misfit(f"不是规范的 JSON：{error}", f"it is not canonical JSON: {error}") from error
    reason = misfit(value, SHAPE, "selfcheck")
    if reason:
        raise Misfit(f"格式不符：{reason}", reason)
    return dict(value)


def note_of(value: Mapping[str, Any]) -> bytes:
    """Return the signed checkpoint, whose lines the file holds one by one."""
    return "".join(f"{line}\n" for line in value["checkpoint"]).encode("utf-8")


def result_of(name: str, line: Mapping[str, Any], secret: bytes, strata: Mapping[str, Any]) -> dict[str, Any]:
    """Return what follows for the object `name` from its pool line, the seed and the strata of the drawn list."""
    own = ticket(seed.subkey("object", secret), name)
    stratum = strata.get(line["stratum"], {})
    threshold = stratum.get("threshold")
    chosen = threshold is not None and own <= bytes.fromhex(threshold)
    return {
        "seed": secret.hex(),
        "stratum": line["stratum"],
        "ticket": own.hex(),
        "threshold": threshold,
        "result": EXCLUDED if "excluded" in line else DRAWN if chosen else NOT_DRAWN,
    }


def check(value: Mapping[str, Any], head: Checkpoint) -> Iterator[Finding]:
    """Check a file against the checkpoint in it, step by step; the first contradiction ends it."""
    try:
        frozen, seeded, drawn = _entries(value, head)
        zh = f"{value['draw']} 的冻结、种子和抽取结果三条记录都在检查点的 {head.size} 条之中。"
        yield holds("entries", zh, f"Freeze, seed and result of {value['draw']} are among the {head.size} entries.")
        line = _pool_line(value, frozen)
        population = frozen.data["freeze"]["objects"]
        zh = f"{value['object']} 在冻结名录的 {population['count']} 户之中。"
        yield holds("pool", zh, f"{value['object']} is in the frozen pool of {population['count']}.", frozen.index)
        _results(value, line, seeded, drawn)
        stratum = drawn.data["strata"][line["stratum"]]
        _quota(frozen, line, stratum)
        _sums(frozen, drawn)
        rank = _listed(value, drawn)
        yield holds("result", *_words(value, stratum, rank, line.get("excluded")), drawn.index)
    except Misfit as error:
        yield broken("selfcheck", f"{error.zh}。", f"{error.en}.")
        return
    zh = "种子如何得出、抽中线是否正好是第 k 小的签号，须核验整本台账才知道（verify 导出文件夹）。"
    en = "How the seed was made, and that the threshold is the k-th smallest ticket, only the whole log shows (verify EXPORT)."
    yield noted("scope", zh, en)


def _entries(value: Mapping[str, Any], head: Checkpoint) -> list[Entry]:
    found: list[Entry] = []
    for name, kind in STEPS.items():
        held = value["entries"][name]
        raw = held["entry"].encode("utf-8")
        _included(f"entries.{name}", raw, held, head.size, head.root)
        try:
            entry = entries.parse(raw)
        except EntryError as error:
            raise Misfit(f"{name} 不是记录：{error}", f"{name} is no entry: {error}") from error
        reason = misfit(entry.data, KINDS[kind].data, "data") if entry.kind == kind else f"it is a {entry.kind}"
        if reason or entry.stream != value["draw"] or entry.index != held["index"]:
            raise Misfit(f"{name} 不是 {value['draw']} 的 {kind}", f"{name} is no {kind} of {value['draw']}: {reason}")
        if found and entry.index <= found[-1].index:
            raise Misfit("三条记录的次序不对", "the three entries are out of order")
        found.append(entry)
    return found


def _pool_line(value: Mapping[str, Any], frozen: Entry) -> dict[str, Any]:
    freeze = frozen.data["freeze"]
    if seed.freeze_hash(canonical.encode(freeze)).hex() != frozen.data["c0"]:
        raise Misfit("冻结内容与其哈希 C0 不符", "the freeze does not have the hash C0")
    return _row("pool", value["pool"], freeze["objects"], value["object"], POOL_LINE)


def _row(where: str, held: Mapping[str, Any], list_: Mapping[str, Any], name: str, shape: Any) -> dict[str, Any]:
    """Return a line that is shown to be in a list of an entry, which has `count` and `root`."""
    raw = held["line"].encode("utf-8")
    _included(where, raw, held, list_["count"], bytes.fromhex(list_["root"]))
    try:
        line = canonical.decode(raw)
    except canonical.NotCanonical as error:
        raise Misfit(f"{where} 不是规范的 JSON：{error}", f"{where} is not canonical: {error}") from error
    reason = misfit(line, shape, where)
    if reason or line["id"] != name:
        raise Misfit(f"{where} 不是 {name} 的一行：{reason}", f"{where} is no line of {name}: {reason}")
    return dict(line)


def _included(where: str, raw: bytes, held: Mapping[str, Any], size: int, root: bytes) -> None:
    path = [bytes.fromhex(each) for each in held["path"]]
    try:
        verify_inclusion(leaf_hash(raw), held["index"], size, root, path)
    except ProofError as error:
        raise Misfit(f"{where} 的路径不通向根：{error}", f"{where} does not lead to its root: {error}") from error


def _results(value: Mapping[str, Any], line: Mapping[str, Any], seeded: Entry, drawn: Entry) -> None:
    if line["stratum"] not in drawn.data["strata"]:
        raise Misfit(f"结果中没有 {line['stratum']} 层", f"the result has no stratum {line['stratum']}")
    due = result_of(value["object"], line, bytes.fromhex(seeded.data["seed"]), drawn.data["strata"])
    for key, right in due.items():
        if value[key] != right:
            raise Misfit(f"{key} 应为 {right}，文件写 {value[key]}", f"{key} is {right}, the file says {value[key]}")


def _quota(frozen: Entry, line: Mapping[str, Any], stratum: Mapping[str, Any]) -> None:
    """The number drawn from the stratum is the one that the freeze gives for so many, and the business is one of them."""
    freeze, name = frozen.data["freeze"], line["stratum"]
    if stratum["n"] < 1 and "excluded" not in line:
        raise Misfit(f"{name} 层记为无户可抽，而此户可抽", f"{name} is said to be empty, and this business is in it")
    if (stratum["threshold"] is None) != (stratum["k"] == 0):
        raise Misfit(f"{name} 层的抽中线与抽取户数不符", f"{name} has a threshold exactly where somebody is drawn")
    share = freeze["quota_bp"].get(name)
    due = quota(stratum["n"], share, freeze.get("hi_bp")) if share else None
    if due != stratum["k"]:
        raise Misfit(f"{name} 层应抽 {due}，记录写 {stratum['k']}", f"{due} are due in {name}, {stratum['k']} recorded")


def _sums(frozen: Entry, drawn: Entry) -> None:
    """The strata are the whole pool but those excluded, and those drawn are the whole drawn list."""
    freeze, strata = frozen.data["freeze"], drawn.data["strata"].values()
    eligible = freeze["objects"]["count"] - freeze["exclusions"]["count"]
    for what, due, found in (
        ("可抽户数 / eligible", eligible, sum(each["n"] for each in strata)),
        ("抽中户数 / drawn", drawn.data["count"], sum(each["k"] for each in strata)),
    ):
        if due != found:
            raise Misfit(f"各层{what}合计 {found}，应为 {due}", f"the strata add up to {found}, not {due}: {what}")


def _listed(value: Mapping[str, Any], drawn: Entry) -> int | None:
    """Return the rank of an object that was drawn; its line of the drawn list must be there, and for no other."""
    if (value["result"] == DRAWN) != ("listed" in value):
        raise Misfit("抽中名单的一行与结果不符", "a line of the drawn list is there for drawn objects and for no other")
    if value["result"] != DRAWN:
        return None
    line = _row("listed", value["listed"], drawn.data, value["object"], LISTED_LINE)
    if line["ticket"] != value["ticket"] or line["stratum"] != value["stratum"]:
        raise Misfit("抽中名单写的是另一个签号或层", "the drawn list has another ticket or stratum")
    rank = int(line["rank"])
    if rank > drawn.data["strata"][value["stratum"]]["k"]:
        raise Misfit(f"名次 {rank} 超出抽中户数", f"the rank {rank} is beyond the number drawn")
    return rank


def _words(
    value: Mapping[str, Any], stratum: Mapping[str, Any], rank: int | None, ground: str | None
) -> tuple[str, str]:
    name, of = value["object"], f"{value['stratum']} 层可抽 {stratum['n']} 户，抽 {stratum['k']} 户"
    if value["result"] == EXCLUDED:
        return f"{name} 不参加抽取：{ground}。", f"{name} takes no part: {ground}."
    if value["result"] == DRAWN:
        zh = f"{name} 被抽中，名次 {rank}：签号 {value['ticket']} 不大于抽中线（{of}）。"
        return zh, f"{name} was drawn with rank {rank}: its ticket {value['ticket']} is not above the threshold."
    zh = f"{name} 未被抽中：签号 {value['ticket']} 大于抽中线 {value['threshold']}（{of}）。"
    return zh, f"{name} was not drawn: its ticket {value['ticket']} is above the threshold {value['threshold']}."
