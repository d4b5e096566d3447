"""The terms of a draw, frozen before anything random exists: parties, deadlines, beacons, ratios, and the hash over them.

V2 recomputes C0 and compares the terms with plan, list and ledger; F03 the ratios; V13 the program that was promised.
Source: draw specification, P1; 方案第五(一)条.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from verify import canonical, seed
from verify.ceremony import Draw
from verify.checks.plans import Items, percent
from verify.entries import Entry
from verify.findings import Finding, broken, noted, unchecked
from verify.history import History
from verify.ratios import GENERAL_MAX_BP, illegal_quota
from verify.replay import beacons_fault

MIN_DELTA = 600
GROUPS = [{"name": "certified", "rule": "eligible"}]
SEATS = [0, 0]
RUNGS = 16
"""The most caps that a freeze may name: `cap` and its `fallback`."""

Faults = Iterator[tuple[str, str]]


def check_terms(draw: Draw, frozen: Entry, history: History, items: Items) -> Iterator[Finding]:
    """Everything in the freeze but the pool itself."""
    freeze = frozen.data["freeze"]
    draw.c0 = seed.freeze_hash(canonical.encode(freeze))
    faults: list[tuple[str, str]] = []
    if draw.c0.hex() != frozen.data["c0"]:
        faults.append(
            (f"C0 应为 {draw.c0.hex()}，记录写 {frozen.data['c0']}", f"C0 is {draw.c0.hex()}, not as recorded")
        )
    faults += [*_identity(draw, frozen, freeze), *_head(draw, freeze, frozen, history), *_times(freeze, frozen)]
    faults += [*_parties(freeze, frozen, history), *_beacons(freeze, history), *_rungs(freeze)]
    for zh, en in faults:
        yield broken("V2", f"{draw.stream} 的冻结：{zh}。", f"{draw.stream}, freeze: {en}.", frozen.index)
    yield from _ratios(draw, frozen, history, items)


def _identity(draw: Draw, frozen: Entry, freeze: dict[str, Any]) -> Faults:
    opened = draw.opened.data
    stated = (
        ("draw", freeze["draw"], draw.stream),
        ("plan", freeze["plan"], opened["plan"]),
        ("item", freeze["item"], opened["item"]),
        ("objects.registry", freeze["objects"]["registry"], opened["objects"]),
        ("inspectors.registry", freeze["inspectors"]["registry"], opened["inspectors"]),
        ("attempt", freeze["attempt"], 1),
        ("prev_attempt", freeze.get("prev_attempt"), None),
        ("groups", freeze["groups"], GROUPS),
        ("seats", freeze["seats"], SEATS),
    )
    for key, value, expected in stated:
        if value != expected:
            yield f"{key} 是 {value}，应为 {expected}", f"{key} is {value}, not {expected}"
    if (date.fromisoformat(frozen.day) - date.fromisoformat(freeze["as_of"])).days not in (0, 1):
        zh = f"资格基准日 {freeze['as_of']} 不是冻结当日或前一日"
        yield zh, f"as_of {freeze['as_of']} is not its day or the one before"


def _head(draw: Draw, freeze: dict[str, Any], frozen: Entry, history: History) -> Faults:
    head = freeze["ledger_head"]
    checked_in = (each for each in draw.all("draw.witness-checked-in") if each.data["phase"] == "freeze")
    latest = max(draw.opened.index, next((each.index for each in checked_in if each.index < frozen.index), 0))
    if head["size"] <= latest:
        zh = f"所引的账本头（{head['size']} 条）没有覆盖开启和纪检签到（第 {latest} 条）"
        yield zh, f"its ledger head of {head['size']} entries does not cover the opening and the check-in (#{latest})"
    if head["size"] > frozen.index:
        zh = f"所引的账本头有 {head['size']} 条，晚于冻结（第 {frozen.index} 条）"
        yield zh, f"its ledger head of {head['size']} entries is later than the freeze"
    elif history.heads.get(head["size"], b"").hex() != head["root"]:
        yield (
            f"所引的账本头（{head['size']} 条）的根不符",
            f"its ledger head of {head['size']} entries has another root",
        )


def _times(freeze: dict[str, Any], frozen: Entry) -> Faults:
    commit, reveal = freeze["t_commit"], freeze["t_reveal"]
    if not frozen.seconds < commit < reveal:
        zh = f"须有 冻结 {frozen.seconds} < 承诺截止 {commit} < 揭示截止 {reveal}"
        yield zh, f"the deadlines {commit}, {reveal} are not in order after the freeze at {frozen.seconds}"
    if freeze["delta"] < MIN_DELTA:
        yield (
            f"揭示截止与信标只隔 {freeze['delta']} 秒，至少 600",
            f"delta is {freeze['delta']} s, at least 600 is needed",
        )


def _parties(freeze: dict[str, Any], frozen: Entry, history: History) -> Faults:
    parties = freeze["parties"]
    ids, accounts = {each["id"] for each in parties}, {each["account"] for each in parties}
    if len(parties) < 2 or len(ids) < len(parties) or len(accounts) < len(parties):
        yield (
            f"{len(parties)} 个参与方，须至少两个且互不相同",
            f"{len(parties)} parties, two different ones are the least",
        )
    lacking = sorted({"organiser", "discipline"} - {each["role"] for each in parties})
    if lacking:
        yield f"参与方缺少 {'、'.join(lacking)}", f"no party has the role {', '.join(lacking)}"
    for each in parties:
        account = history.opened_account(each["account"], frozen.index)
        if account is None or account.data["role"] != each["role"]:
            zh = f"参与方 {each['id']} 的账号 {each['account']} 不是 {each['role']}"
            yield zh, f"the account {each['account']} of the party {each['id']} is no {each['role']}"


def _beacons(freeze: dict[str, Any], history: History) -> Faults:
    demonstration = history.origin.startswith("demo.")
    fault = beacons_fault(freeze["beacons"], freeze["t_reveal"], freeze["delta"], demonstration)
    if fault:
        yield f"信标不合要求：{fault}", fault


def _rungs(freeze: dict[str, Any]) -> Faults:
    """The last resort is no cap at all: or an organiser could choose caps under which some objects are never visited."""
    caps = [freeze["cap"], *(rung["cap"] for rung in freeze["fallback"])]
    if caps[-1] is not None:
        zh = f"最后一档仍限每人 {caps[-1]} 次，可能有对象派不出检查组"
        yield zh, f"objects could stay without a team: the last cap is {caps[-1]}, it must be null"
    if len(caps) > RUNGS:
        yield f"有 {len(caps)} 档上限，至多 {RUNGS} 档", f"{len(caps)} caps, {RUNGS} are the most"


def _ratios(draw: Draw, frozen: Entry, history: History, items: Items) -> Iterator[Finding]:
    """The ratios are those of the plan, and within the law."""
    freeze, index = frozen.data["freeze"], frozen.index
    plan = history.one(draw.opened.data["plan"], "plan.drafted", index)
    planned = next((p["quota_bp"] for p in plan.data["items"] if p["item"] == freeze["item"]), None) if plan else None
    line = items.get(plan.data["itemlist"], {}).get(freeze["item"]) if plan else None
    if planned is not None and freeze["quota_bp"] != planned:
        zh = f"{draw.stream} 冻结的比例 {freeze['quota_bp']} 不是计划的 {planned}（方案第五(二)1条）。"
        yield broken("F03", zh, f"{draw.stream}: the ratios are not those of the plan, {planned}.", index)
    if line is None:
        zh = f"{draw.stream}：事项 {freeze['item']} 的清单不可读，类别无法核验。"
        yield unchecked("F03", zh, f"{draw.stream}: the list line of {freeze['item']} is not readable.", index)
    elif line["class"] != freeze["item_class"]:
        zh = f"{draw.stream} 把事项 {freeze['item']} 当作 {freeze['item_class']}，清单写 {line['class']}。"
        yield broken(
            "F03", zh, f"{draw.stream}: {freeze['item']} is {line['class']}, not {freeze['item_class']}.", index
        )
    bad = illegal_quota(freeze["item_class"], freeze["quota_bp"])
    if bad is not None:
        zh = f"{draw.stream} 的 {bad} 层比例 {percent(freeze['quota_bp'][bad])} 超出法定范围（方案第五(一)条）。"
        en = f"{draw.stream}: the ratio {percent(freeze['quota_bp'][bad])} of stratum {bad} is outside the bounds."
        yield broken("F03", zh, en, index)
    maximum = None if freeze["item_class"] == "key" else GENERAL_MAX_BP
    if freeze.get("hi_bp") != maximum:
        zh = f"{draw.stream} 的法定上限是 {freeze.get('hi_bp')}，应为 {maximum}（方案第五(一)条）。"
        yield broken("F03", zh, f"{draw.stream}: the legal maximum is {freeze.get('hi_bp')}, not {maximum}.", index)


def check_remarks(history: History, digest: str) -> Iterator[Finding]:
    """What all draws have in common that everybody should know, each said once."""
    terms = [(entry.stream, entry.data["freeze"]) for entry in history.of_kind("draw.frozen")]
    other = [stream for stream, freeze in terms if freeze["verifier"] != digest]
    if other:
        zh = f"{_listed(other)} 约定的核验程序与本程序（{digest[:16]}…）不同。"
        yield noted("V13", zh, f"{_listed(other)}: another verifier than this one ({digest[:16]}…) was named.")
    alone = [stream for stream, freeze in terms if freeze["quorum"] == {"threshold": 0, "cosigners": []}]
    if alone:
        zh, en = f"{_listed(alone)} 没有约定外部见证签名。", f"{_listed(alone)}: no cosigner is named."
        yield noted("V2", zh, en)
    dice = [stream for stream, freeze in terms if any(beacon.get("simulated") for beacon in freeze["beacons"])]
    if dice:
        yield noted("V5", f"{_listed(dice)} 的骰子是模拟的。", f"{_listed(dice)}: the dice are simulated.")
    told = [stream for stream, freeze in terms if any(_only_told(beacon) for beacon in freeze["beacons"])]
    if told:
        zh = f"{_listed(told)} 的骰子或彩票号码是记录者所录，本程序无从核对，请与现场记录或公开的开奖公告比对。"
        en = f"{_listed(told)}: dice or lottery numbers are as somebody recorded them: compare with the public record."
        yield noted("V5", zh, en)


def _only_told(beacon: dict[str, Any]) -> bool:
    """Whether the outcome of a beacon is known from the log alone, and nothing proves it."""
    return beacon["kind"] == "lottery" or (beacon["kind"] == "dice" and not beacon.get("simulated"))


def _listed(streams: list[str]) -> str:
    more = f" (+{len(streams) - 3})" if len(streams) > 3 else ""
    return ", ".join(streams[:3]) + more
