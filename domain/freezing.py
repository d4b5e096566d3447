"""What is frozen before anything random exists: the whole pool, derived from the registries, and the terms of the draw.

There is no parameter that leaves anybody out: the pool is every row of both registries (方案第五(三)2条).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.draws import DRAW_RULE
from domain.errors import Invalid
from verify import pool
from verify.documents import Listing
from verify.pool import Tally
from verify.ratios import GENERAL_MAX_BP, is_tiny
from verify.replay import CHAINS, beacons_fault
from verify.rows import Rows

RULE = "方案第五(三)1条"
MOST_RUNGS = 16


@dataclass(frozen=True)
class Pool:
    """The pool of one draw as lists, and how many could be drawn."""

    objects: Listing
    inspectors: Listing
    tally: Tally
    eligible_inspectors: int

    @property
    def strata(self) -> dict[str, int]:
        """How many objects of each stratum could be drawn."""
        return self.tally.strata

    @property
    def by_ground(self) -> dict[str, int]:
        """How many objects are excluded on each ground."""
        return dict(self.tally.by_ground)

    def waivers_needed(self, item_class: str) -> list[str]:
        """Return the strata in which no whole number keeps the legal bounds (R22)."""
        return [name for name, n in sorted(self.strata.items()) if is_tiny(item_class, n)]


def derive_pool(objects: Rows, people: Listing) -> Pool:
    """Return the pool of the rows of an object registry and the lines of its inspectors."""
    tally = Tally()
    listed = Listing.of(tally.over(pool.object_lines(objects)))
    return Pool(listed, people, tally, len(pool.eligible_inspectors(people)))


def name_rounds(beacons: list[dict[str, Any]], t_reveal: int, delta: int) -> list[dict[str, Any]]:
    """Return the beacons with the round of each drand network computed from the reveal deadline, never chosen."""
    named = []
    for beacon in beacons:
        chain = CHAINS.get(str(beacon.get("chain_hash"))) if beacon.get("kind") == "drand" else None
        named.append({**beacon, "round": chain.round_at_or_after(t_reveal + delta)} if chain else dict(beacon))
    return named


def refuse_terms(terms: Mapping[str, Any], now: int, demonstration: bool) -> None:
    """Refuse deadlines, parties or beacons that would let somebody predict or steer the draw. `now` in seconds."""
    if not now < terms["t_commit"] < terms["t_reveal"]:
        raise Invalid(
            "截止时间须依次为：现在 < 承诺截止 < 揭示截止", "the order must be now < t_commit < t_reveal", DRAW_RULE
        )
    if terms["delta"] < 600:
        raise Invalid("揭示截止与信标之间至少 600 秒", "delta must be at least 600 seconds", DRAW_RULE)
    rungs = [terms["cap"], *(rung.get("cap") for rung in terms["fallback"])]
    if len(rungs) > MOST_RUNGS or rungs[-1] is not None:
        raise Invalid(
            "最后一级须不设人员上限，否则会有被抽中的对象无人检查",
            "the last rung must be without a cap, or drawn objects could stay without a team",
            DRAW_RULE,
        )
    _refuse_parties(terms["parties"])
    try:
        fault = beacons_fault(terms["beacons"], terms["t_reveal"], terms["delta"], demonstration)
    except (KeyError, TypeError):
        fault = "one is not of the form of dice, lottery or drand"
    if fault:
        raise Invalid(f"公开信标不合要求（{fault}）", f"beacons: {fault}", DRAW_RULE)


def _refuse_parties(parties: list[dict[str, Any]]) -> None:
    ids, accounts = {p["id"] for p in parties}, {p["account"] for p in parties}
    roles = {p["role"] for p in parties}
    if len(parties) < 2 or len(ids) != len(parties) or len(accounts) != len(parties):
        raise Invalid(
            "至少两个互相独立的参与方", "at least two parties with accounts of their own are needed", DRAW_RULE
        )
    if not {"organiser", "discipline"} <= roles:
        raise Invalid(
            "参与方须包括组织方和纪检部门", "the organiser and the discipline office must both be parties", DRAW_RULE
        )


def refuse_pool(frozen: Pool, item_class: str, waivers: Mapping[str, str]) -> None:
    """Refuse a pool from which nothing can be drawn, or that needs a waiver which is not given."""
    if not any(frozen.strata.values()):
        raise Invalid("名录库中没有可抽取的对象", "no object can be drawn from this registry", RULE)
    if frozen.eligible_inspectors < 2:
        raise Invalid(
            f"该事项具备资格的检查人员仅 {frozen.eligible_inspectors} 人，少于两人",
            f"only {frozen.eligible_inspectors} inspectors are eligible, a team needs two",
            "行政处罚法第四十二条",
        )
    needed = frozen.waivers_needed(item_class)
    if sorted(waivers) != needed:
        raise Invalid(
            f"须为小名录层记录豁免理由：{'、'.join(needed) or '无'}；所给为 {'、'.join(sorted(waivers)) or '无'}",
            f"waivers are needed for exactly these strata: {', '.join(needed) or 'none'}; "
            f"given: {', '.join(sorted(waivers)) or 'none'}",
            "方案第五(一)条",
        )


def legal_maximum(item_class: str) -> dict[str, int]:
    """Return the part of the freeze that carries the legal maximum: 2,000 basis points for general items, else nothing."""
    return {} if item_class == "key" else {"hi_bp": GENERAL_MAX_BP}
