"""The self-check of a business: why it was drawn, or was not, as one file that proves itself against a signed checkpoint.

Where the draw was made it holds the three entries that decide (freeze, seed, result) with their paths, the pool line of the
business with its path under the root that was frozen, and what follows. Before that, and where a draw never was made, it
holds the freeze and the pool line; for who is not in the pool the two neighbours in it. Source: SPEC.md, section 14.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from verify import canonical, chance, seed
from verify.checkpoint import Checkpoint
from verify.entries import Entry
from verify.findings import Finding, broken, holds, noted
from verify.placed import AROUND, ENTRY, LINE, Misfit, entry_at, line_of, show_absent
from verify.selection import quota, ticket
from verify.shape import misfit

FORMAT = "fairdraw-selfcheck/1"
STEPS = {"frozen": "draw.frozen", "seed": "draw.seed-derived", "drawn": "draw.objects-drawn"}
"""The entries that decide a draw, in their order."""
LATEST = {"frozen": "draw.frozen", "reached": None}
"""The entries of a file that tells no result: the freeze, and the latest act of the draw, which says how far it came."""
DECIDED = frozenset({"draw.objects-drawn", "draw.inspectors-assigned", "draw.witness-signed-off"})
"""A draw that has come so far has a result for everybody in the pool."""
DRAWN, NOT_DRAWN, EXCLUDED = "drawn", "not-drawn", "excluded"
IN_POOL, ABSENT = "in-pool", "absent"
_ANY: dict[str, Any] = {"format": f"={FORMAT}", "checkpoint": ["string"], "draw": "stream", "object": "id"}
SHAPE = {
    **_ANY,
    "entries": dict.fromkeys(STEPS, ENTRY),
    "pool": LINE,
    "listed?": LINE,
    "seed": "hex32",
    "stratum": "code",
    "ticket": "hex32",
    "threshold": "hex32|null",
    "result": f"={DRAWN}|={NOT_DRAWN}|={EXCLUDED}",
}
"""The form where the draw was made."""
_LATEST = dict.fromkeys(LATEST, ENTRY)
FORMS = {
    IN_POOL: {**_ANY, "entries": _LATEST, "pool": LINE, "result": f"={IN_POOL}"},
    ABSENT: {**_ANY, "entries": _LATEST, "around": AROUND, "result": f"={ABSENT}"},
}
"""The forms of the other results."""
POOL_LINE = {"id": "id", "row": "hex32", "stratum": "code", "excluded?": "text"}
LISTED_LINE = {"id": "id", "rank": "pos", "stratum": "code", "ticket": "hex32"}


def parse(raw: bytes) -> dict[str, Any]:
    """Read the file, which is canonical JSON, with or without a line feed at its end; nothing verified. Raises Misfit."""
    try:
        value = canonical.decode(raw.removesuffix(b"\n"))
    except canonical.NotCanonical as error:
        raise Misfit(f"不是规范的 JSON：{error}", f"it is not canonical JSON: {error}") from error
    result = value.get("result") if isinstance(value, dict) else None
    reason = misfit(value, FORMS.get(result, SHAPE) if isinstance(result, str) else SHAPE, "selfcheck")
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
        yield from _undecided(value, head) if value["result"] in FORMS else _decided(value, head)
    except Misfit as error:
        yield broken("selfcheck", f"{error.zh}。", f"{error.en}.")


def _decided(value: Mapping[str, Any], head: Checkpoint) -> Iterator[Finding]:
    """The draw was made: what it made of this business."""
    frozen, seeded, drawn = _entries(value, head, STEPS)
    zh = f"{value['draw']} 的冻结、种子和抽取结果三条记录都在检查点的 {head.size} 条之中。"
    yield holds("entries", zh, f"Freeze, seed and result of {value['draw']} are among the {head.size} entries.")
    line = _pool_line(value, frozen)
    yield _in_pool(value, frozen)
    _results(value, line, seeded, drawn)
    stratum = drawn.data["strata"][line["stratum"]]
    _quota(frozen, line, stratum)
    _sums(frozen, drawn)
    rank = _listed(value, drawn)
    yield holds("result", *_words(value, stratum, rank, line.get("excluded")), drawn.index)
    yield from _chance(value["stratum"], stratum, drawn.index)
    zh = "种子如何得出、抽中线是否正好是第 k 小的签号，须核验整本台账才知道（verify 导出文件夹）。"
    en = "How the seed was made, and that the threshold is the k-th smallest ticket, only the whole log shows (verify EXPORT)."
    yield noted("scope", zh, en)


def _undecided(value: Mapping[str, Any], head: Checkpoint) -> Iterator[Finding]:
    """What the freeze alone shows: that the business is in the pool, or that it is not; and how far the draw came."""
    frozen, reached = _entries(value, head, LATEST)
    if reached.index > frozen.index and reached.kind == "draw.frozen":
        raise Misfit("此后另有一次冻结，应以它为准", "the draw was frozen once more after this freeze")
    zh = f"{value['draw']} 的冻结和所示最近一步（{reached.kind}，{reached.at}）都在检查点的 {head.size} 条之中。"
    en = f"The freeze of {value['draw']} and the latest act shown ({reached.kind}, {reached.at}) are among the entries."
    yield holds("entries", zh, en, reached.index)
    if value["result"] == ABSENT:
        yield _absent(value, frozen)
        zh = "名录是否按编号排序、是否就是名录库的全部，须核验整本台账才知道（verify 导出文件夹）。"
        en = "That the list is sorted, and is the whole registry, only the whole log shows (verify EXPORT)."
    else:
        ground = _pool_line(value, frozen).get("excluded")
        if reached.kind in DECIDED:
            raise Misfit("抽取已有结果，文件却不写明", "the draw has a result, and the file does not tell it")
        yield _in_pool(value, frozen)
        yield holds("result", *_open_words(value, ground, reached), reached.index)
        zh, en = "此后的进展，请以更新的检查点为准。", "What came later, a newer checkpoint tells."
    yield noted("scope", zh, en)


def _entries(value: Mapping[str, Any], head: Checkpoint, steps: Mapping[str, str | None]) -> list[Entry]:
    """Return the entries of the file in their order; the latest act may be the freeze itself."""
    found: list[Entry] = []
    for name, kind in steps.items():
        entry = entry_at(f"entries.{name}", value["entries"][name], head, value["draw"], kind)
        if found and entry.index < found[-1].index + (kind is not None):
            raise Misfit("各条记录的次序不对", "the entries are out of order")
        found.append(entry)
    freeze = found[0].data["freeze"]
    if seed.freeze_hash(canonical.encode(freeze)).hex() != found[0].data["c0"]:
        raise Misfit("冻结内容与其哈希 C0 不符", "the freeze does not have the hash C0")
    return found


def _pool_line(value: Mapping[str, Any], frozen: Entry) -> dict[str, Any]:
    return line_of("pool", value["pool"], frozen.data["freeze"]["objects"], value["object"], POOL_LINE)


def _in_pool(value: Mapping[str, Any], frozen: Entry) -> Finding:
    population, place = frozen.data["freeze"]["objects"], value["pool"]["index"] + 1
    zh = f"{value['object']} 在冻结名录的 {population['count']} 户之中，是第 {place} 户。"
    return holds(
        "pool", zh, f"{value['object']} is number {place} of the frozen pool of {population['count']}.", frozen.index
    )


def _absent(value: Mapping[str, Any], frozen: Entry) -> Finding:
    freeze, name = frozen.data["freeze"], value["object"]
    count, registry = freeze["objects"]["count"], freeze["objects"]["registry"]
    lower, upper = show_absent(value["around"], freeze["objects"], name, POOL_LINE)
    ends = (f"第 {value['around']['before']['index'] + 1} 户 {lower['id']}" if lower else "名录开头") + "与"
    ends += f"第 {value['around']['after']['index'] + 1} 户 {upper['id']}" if upper else "名录末尾"
    zh = f"{name} 不在冻结名录的 {count} 户之中：按编号排序，它应在{ends}之间，二者相邻。"
    zh += f"冻结时它不在该事项的检查对象名录库（{registry}）中，没有参加抽取。"
    en = f"{name} is not in the frozen pool of {count}: of the lines between which it would stand none is missing. "
    en += f"At the freeze it was not in the registry of this item ({registry}), and took no part."
    watching = "、".join(party["id"] for party in freeze["parties"] if party["role"] == "discipline")
    zh += f"有疑问请向冻结名录的单位 {frozen.actor['unit']} 或监督方 {watching} 查询。"
    en += f" Ask the unit that froze the pool, {frozen.actor['unit']}, or the discipline office, {watching}."
    return holds("absence", zh, en, frozen.index)


def _open_words(value: Mapping[str, Any], ground: str | None, reached: Entry) -> tuple[str, str]:
    """What can be said before a draw has a result: the ground of an exclusion is known at the freeze, a ticket is not."""
    name, reason = value["object"], reached.data.get("reason")
    zh = f"{name} 在名录中，" + (f"但不参加抽取：{ground}。" if ground else "可以被抽取。")
    zh += f"这次抽取（到 {reached.kind} 为止）没有结果，现在不能说它是否被抽中"
    en = f"{name} is in the pool" + (f", but takes no part: {ground}." if ground else " and can be drawn.")
    en += f" As of {reached.kind} the draw has no result: whether it is drawn cannot be told"
    if isinstance(reason, str):
        return f"{zh}；记录的原因：{reason}。", f"{en}; the reason on record: {reason}."
    return f"{zh}。", f"{en}."


def _chance(name: str, stratum: Mapping[str, Any], index: int) -> Iterator[Finding]:
    """The test that everybody has for nothing: a threshold far from k/n was hardly the k-th smallest of n tickets."""
    n, k = stratum["n"], stratum["k"]
    if not 0 < k < n:
        return  # nobody or everybody is drawn: there is nothing to compare
    threshold = bytes.fromhex(stratum["threshold"])
    low, high = chance.bounds(n, k)
    zh = f"{name} 层的抽中线在签号全程的 {chance.share(threshold)} 处，{n} 户抽 {k} 户，通常在 {low} 至 {high} 之间"
    en = f"The threshold of {name} lies at {chance.share(threshold)} of the range; for {k} of {n}: {low} to {high}"
    if chance.is_likely(n, k, threshold):
        yield holds("threshold", f"{zh}，相符。", f"{en}, which fits.", index)
    else:
        zh = f"{zh}，超出了。这可能只是运气，也可能是抽中线不对：请核验整本台账。"
        yield noted("threshold", zh, f"{en}. It may be luck, or a wrong threshold: the whole log tells.", index)


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
    line = line_of("listed", value["listed"], drawn.data, value["object"], LISTED_LINE)
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
