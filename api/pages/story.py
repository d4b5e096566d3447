"""The story of a self-check: why one business was drawn, was not, took no part or is not in the pool, in plain words.

Chinese first, English second, each a list of (Chinese, English). It tells what the file says; whether the file holds is
asked before, by `verify.receipt`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from api.pages.words import GROUNDS, STEPS, Pair, pair
from domain import words
from verify import canonical, chance, selfcheck
from verify.entries import Entry, read_own

POOL_RULE = "方案第五(三)1条"
"""Whose clause the pool is: all objects of the item, but those that are no longer in operation."""


def story(value: dict[str, Any]) -> list[Pair]:
    """Return the sentences for one self-check."""
    entries = {key: read_own(held["entry"].encode()) for key, held in value["entries"].items()}
    frozen = entries["frozen"]
    told = [*_beginning(value, frozen)]
    if value["result"] == selfcheck.ABSENT:
        return [*told, *_absence(value, frozen), *_standing(entries["reached"])]
    row = canonical.decode(value["pool"]["line"].encode())
    told += _place(value, row, frozen)
    if value["result"] == selfcheck.IN_POOL:
        return [*told, *_standing(entries["reached"]), *_open(row)]
    return [*told, *_lot(value, row, entries["drawn"]), *_team(value)]


def _beginning(value: dict[str, Any], frozen: Entry) -> Iterator[Pair]:
    freeze = frozen.data["freeze"]
    zh = f"抽取 {value['draw']}（事项 {freeze['item']}），第 {freeze['attempt']} 次冻结，{frozen.at[:16].replace('T', ' ')}，"
    zh += f"名录共 {freeze['objects']['count']} 户（台账第 {frozen.index} 条）。"
    en = f"{value['draw']} (item {freeze['item']}), freeze {freeze['attempt']} at {frozen.at[:16]}, "
    yield zh, f"{en}a pool of {freeze['objects']['count']} (entry {frozen.index})."


def _place(value: dict[str, Any], row: dict[str, Any], frozen: Entry) -> Iterator[Pair]:
    place, name = value["pool"]["index"] + 1, value["object"]
    yield (
        f"{name} 是名录中的第 {place} 户，信用风险类别按 {row['stratum']} 类。",
        f"{name} is number {place} of the pool, in class {row['stratum']}.",
    )
    if "excluded" in row:
        zh, en = pair(GROUNDS, row["excluded"])
        yield (
            f"它不参加抽取：{zh}（{row['excluded']}）。名录只按登记状态排除，见 {POOL_RULE}；冻结时共排除 "
            f"{frozen.data['freeze']['exclusions']['count']} 户。",
            f"It takes no part: {en} ({row['excluded']}). Nobody is left out on any other ground than its status.",
        )


def _lot(value: dict[str, Any], row: dict[str, Any], drawn: Entry) -> Iterator[Pair]:
    stratum = drawn.data["strata"][value["stratum"]]
    n, k = stratum["n"], stratum["k"]
    yield (
        f"{value['stratum']} 类可抽 {n} 户，抽取 {k} 户；种子 {value['seed']}。",
        f"{k} of {n} are drawn in class {value['stratum']}; the seed is {value['seed']}.",
    )
    own, threshold = chance.share(bytes.fromhex(value["ticket"])), value["threshold"]
    line = "—" if threshold is None else chance.share(bytes.fromhex(threshold))
    yield (
        f"签号由种子和编号算出，落在全程的 {own} 处；抽中线在 {line} 处：不超过抽中线的被抽中。",
        f"The ticket, from the seed and the id, lies at {own} of the range, the threshold at {line}.",
    )
    yield f"签号 {value['ticket']}，抽中线 {threshold or '—'}。", f"Ticket {value['ticket']}, threshold {threshold}."
    match value["result"]:
        case selfcheck.DRAWN:
            rank = canonical.decode(value["listed"]["line"].encode())["rank"]
            yield f"结果：被抽中。签号在本类中第 {rank} 小，抽取线为第 {k} 小。", f"Drawn: rank {rank} of {k}."
        case selfcheck.NOT_DRAWN:
            yield f"结果：未被抽中。签号大于抽中线，不在前 {k} 名之内。", f"Not drawn: not among the first {k}."
        case _:
            yield "结果：不参加抽取，签号不起作用。", "It took no part; its ticket means nothing."


def _team(value: dict[str, Any]) -> Iterator[Pair]:
    if value["result"] == selfcheck.DRAWN:
        yield (
            "检查组由同一种子另行选派：两个席位各有一份公开的随机名单，依次取不须回避、不使各人任务更不均匀的人"
            "（方案第五(三)2条；SPEC 第11节）。",
            "The team follows from the same seed: each seat takes the first name of its public random list who is not "
            "recused and makes the loads no less even (SPEC 11).",
        )


def _absence(value: dict[str, Any], frozen: Entry) -> Iterator[Pair]:
    name, registry = value["object"], frozen.data["freeze"]["objects"]["registry"]
    there = [f"第 {held['index'] + 1} 户 {_id(held)}" for held in value["around"].values()]
    near = f"按编号排序，紧邻它的位置的是{'和'.join(sorted(there))}，其间没有别的户" if there else "名录中一户也没有"
    numbers = " and ".join(sorted(f"{held['index'] + 1} ({_id(held)})" for held in value["around"].values()))
    en = f"next to its place are only {numbers}" if numbers else "the pool is empty"
    yield f"{name} 不在名录中：{near}。", f"{name} is not in the pool: {en}."
    yield (
        f"这表示冻结时它不在该事项的检查对象名录库 {registry} 中，没有参加这次抽取。若认为应当在内，"
        f"请向冻结名录的单位 {frozen.actor['unit']} 或派驻纪检组提出（{POOL_RULE}）。",
        f"At the freeze it was not in {registry}, so it took no part. Whoever thinks that it should have been: ask "
        f"{frozen.actor['unit']}, which froze the pool, or the discipline office.",
    )


def _standing(reached: Entry) -> Iterator[Pair]:
    zh, en = STEPS.get(reached.kind, (words.STEPS.get(reached.kind, reached.kind), reached.kind))
    reason = reached.data.get("reason")
    why = (f"，原因：{reason}", f": {reason}") if isinstance(reason, str) else ("", "")
    yield (
        f"已公布的最近一步：{zh}（{reached.at[:16].replace('T', ' ')}，台账第 {reached.index} 条）{why[0]}。",
        f"The latest act that is published: {en} ({reached.at[:16]}, entry {reached.index}){why[1]}.",
    )


def _open(row: dict[str, Any]) -> Iterator[Pair]:
    if "excluded" not in row:
        yield (
            "这次抽取没有公布结果：已证明它在名录中；是否被抽中，现在谁也不能说。",
            "No result of this draw is published: that it is in the pool is shown, whether it is drawn nobody can tell.",
        )


def _id(held: dict[str, Any]) -> str:
    return str(canonical.decode(held["line"].encode())["id"])
