"""Every kind of entry: in which stream it stands, which role may cause it, and the form of its data.

One table for writer and verifier. A new shape is a new kind (`draw.frozen/2`); the meaning of an old one never changes.
Roles: organiser 业务处室, legal 法制部门, justice 司法局, coordinator 领导小组办公室, discipline 纪检部门, inspector 检查人员,
clerk 业务监管科, admin 系统管理; `system` is the log itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from verify.shape import Map

ROLES = ("admin", "organiser", "legal", "justice", "coordinator", "discipline", "inspector", "clerk")
ROLE_UNITS = {
    "organiser": ("bureau", "office", "enforcement", "county"),
    "legal": ("legal",),
    "justice": ("justice",),
    "coordinator": ("coordination",),
    "discipline": ("discipline",),
    "inspector": ("bureau", "office", "enforcement", "county"),
    "clerk": ("bureau", "office", "enforcement", "county"),
}
"""In which kinds of units an account of a role may be; an administrator may be in any. The drafter is never his own
reviewer, nor the organiser his own witness (方案第五(一)1条, 第五(三)1条)."""
UNIT_KINDS = "=bureau|=office|=legal|=coordination|=discipline|=justice|=enforcement|=county"

COMMITMENT = {"commitment": "hex32"}
DOCUMENT = {"sha256": "hex32", "bytes": "nat", "type": "text", "public": "true"}
NOTE_MEDIA, TOKEN_MEDIA = "text/plain; charset=utf-8", "application/timestamp-reply"
"""The media types of an anchor: the signed checkpoint and the reply of the authority (RFC 3161, section 3.4)."""
LISTING = {"document": DOCUMENT, "count": "nat", "root": "hex32"}
COVERED = {"size": "pos", "root": "hex32", "signature": "base64", "cosignatures?": ["base64"]}
"""A signed checkpoint that an entry rests on; the cosignatures are there where the freeze names a quorum."""
POPULATION = {"registry": "stream", "version": "pos", "count": "nat", "root": "hex32"}
LEGALITY = {"passed": "bool", "reason": "text"}
JUSTICE = {"passed": "bool", "reason": "text", "reference": "text"}
PUBLICATION = {"channel": "text", "reference": "text"}

BEACON = {
    "kind": "=dice|=lottery|=drand",
    "sides?": "pos",
    "rolls?": "pos",
    "simulated?": "bool",
    "name?": "text",
    "issue?": "text",
    "ordered?": ["bool"],
    "chain_hash?": "hex32",
    "round?": "pos",
}
PARTY = {"id": "code", "role": "code", "account": "code", "key": "hex32|null"}
FREEZE = {
    "alg": "=FAIRDRAW/1",
    "attempt": "pos",
    "prev_attempt?": "hex32",
    "draw": "stream",
    "plan": "stream",
    "item": "code",
    "item_class": "=key|=general",
    "as_of": "date",
    "ledger_head": {"size": "pos", "root": "hex32"},
    "objects": POPULATION,
    "inspectors": POPULATION,
    "exclusions": {"count": "nat", "root": "hex32", "by_ground": Map("pos")},
    "recusals": {"count": "nat", "root": "hex32"},
    "quota_bp": Map("bp"),
    "hi_bp?": "bp",
    "waivers": Map("text"),
    "groups": [{"name": "code", "rule": "=eligible"}],
    "seats": ["nat"],
    "cap": "pos|null",
    "fallback": [{"cap": "pos|null"}],
    "verifier": "hex32",
    "parties": [PARTY],
    "t_commit": "pos",
    "t_reveal": "pos",
    "delta": "pos",
    "beacons": [BEACON],
    "quorum": {"threshold": "nat", "cosigners": ["text"]},
}


@dataclass(frozen=True)
class Kind:
    """What an entry of this kind looks like; `first`: it opens its stream (None: it may, or may follow)."""

    noun: str
    roles: tuple[str, ...]
    data: dict[str, Any]
    first: bool | None = False


_ORGANISER = ("organiser",)
_DRAW_PARTY = ("organiser", "discipline")

KINDS: dict[str, Kind] = {
    "log.created": Kind(
        "log",
        ("system",),
        {"origin": "text", "vkey": "text", "clock": "=system|=stepped", "specification": "=fairdraw-ledger/1"},
        True,
    ),
    "log.recovered": Kind(
        "log", ("system",), {"published_size": "nat", "found_size": "nat", "restored": "nat", "reason": "text"}
    ),
    "log.verifier-released": Kind("log", ("admin",), {"version": "text", "sha256": "hex32", "bytes": "pos"}),
    "log.key-announced": Kind("log", ("admin",), {"vkey": "text"}),
    "log.key-retired": Kind("log", ("admin",), {"vkey": "text", "covered": COVERED}),
    "checkpoint.anchored": Kind(
        "log", ("system", "admin"), {"covered": COVERED, "checkpoint": DOCUMENT, "token": DOCUMENT}
    ),
    "unit.registered": Kind(
        "unit",
        ("admin", "system"),
        {"unit": "code", "name": "text", "kind": UNIT_KINDS, "parent": "code|null"},
        True,
    ),
    "account.opened": Kind(
        "account",
        ("admin", "system"),
        {"account": "code", "role": "|".join(f"={role}" for role in ROLES), "unit": "code"},
        True,
    ),
    "account.closed": Kind("account", ("admin",), {"reason": "text"}),
    "calendar.recorded": Kind("calendar", ("admin",), {"year": "pos", "document": DOCUMENT}, None),
    "itemlist.drafted": Kind("itemlist", _ORGANISER, {"title": "text", "unit": "code", **LISTING}, True),
    "itemlist.legality-reviewed": Kind("itemlist", ("legal",), LEGALITY),
    "itemlist.justice-reviewed": Kind("itemlist", ("justice",), JUSTICE),
    "itemlist.published": Kind("itemlist", _ORGANISER, PUBLICATION),
    "plan.drafted": Kind(
        "plan",
        _ORGANISER,
        {
            "title": "text",
            "unit": "code",
            "year": "pos",
            "form": "=F1|=F2|=F3|=F4|=F5",
            "mode": "=double_random|=key|=credit",
            "purpose": "text",
            "itemlist": "stream",
            "period": {"from": "date", "to": "date"},
            "joint_departments": ["text"],
            "items": [{"item": "code", "quota_bp": Map("bp")}],
        },
        True,
    ),
    "plan.legality-reviewed": Kind("plan", ("legal",), LEGALITY),
    "plan.justice-reviewed": Kind("plan", ("justice",), JUSTICE),
    "plan.published": Kind("plan", _ORGANISER, PUBLICATION),
    "registry.created": Kind(
        "registry",
        _ORGANISER,
        {"type": "=objects|=inspectors", "title": "text", "unit": "code", "item": "code|null"},
        True,
    ),
    "registry.imported": Kind(
        "registry",
        _ORGANISER,
        {
            "mode": "=merge|=replace",
            **LISTING,
            "added": "nat",
            "changed": "nat",
            "removed": "nat",
            "state": {"count": "nat", "root": "hex32"},
            "source": {"sha256": "hex32", "bytes": "nat"},
        },
    ),
    "registry.filed": Kind("registry", ("coordinator",), {"reference": "text"}),
    "registry.paired": Kind("registry", _ORGANISER, {"inspectors": "stream"}),
    "draw.opened": Kind(
        "draw",
        _ORGANISER,
        {"plan": "stream", "item": "code", "objects": "stream", "inspectors": "stream", "unit": "code"},
        True,
    ),
    "draw.witness-checked-in": Kind("draw", ("discipline",), {"phase": "=freeze|=commit|=reveal|=beacon|=result"}),
    "draw.frozen": Kind(
        "draw",
        _ORGANISER,
        {
            "freeze": FREEZE,
            "c0": "hex32",
            "documents": {"objects": DOCUMENT, "inspectors": DOCUMENT, "exclusions": DOCUMENT, "recusals": DOCUMENT},
        },
    ),
    "draw.contribution-committed": Kind(
        "draw", _DRAW_PARTY, {"party": "code", "commitment": "hex32", "covered": COVERED}
    ),
    "draw.commitments-closed": Kind("draw", _ORGANISER, {"c1": "hex32", "parties": ["code"]}),
    "draw.contribution-revealed": Kind("draw", _DRAW_PARTY, {"party": "code", "secret": "hex32", "covered": COVERED}),
    "draw.contribution-withheld": Kind("draw", _ORGANISER, {"party": "code"}),
    "draw.reveals-closed": Kind("draw", _ORGANISER, {"c2": "hex32", "revealed": ["code"], "withheld": ["code"]}),
    "draw.beacon-recorded": Kind(
        "draw",
        _ORGANISER,
        {"position": "nat", "key_string?": "text", "signature?": "hex", "b": "hex32", "covered": COVERED},
    ),
    "draw.seed-derived": Kind("draw", _ORGANISER, {"seed": "hex32"}),
    "draw.objects-drawn": Kind(
        "draw",
        _ORGANISER,
        {**LISTING, "strata": Map({"n": "nat", "k": "nat", "threshold": "hex32|null"})},
    ),
    "draw.inspectors-assigned": Kind(
        "draw", _ORGANISER, {**LISTING, "rung": "nat", "unassigned": "nat", "opened": DOCUMENT}
    ),
    "draw.witness-signed-off": Kind("draw", ("discipline",), {"statement": "text"}),
    "inspection.notified": Kind(
        "inspection",
        ("clerk",),
        {"draw": "stream", "object": "id", "item": "code", "inspectors": ["code"], "visit_on": "date"},
        True,
    ),
    "inspection.completed": Kind(
        "inspection", ("inspector",), {"completed_on": "date", "inspectors": ["code"], "methods": ["code"]}
    ),
    "result.recorded": Kind(
        "inspection",
        ("inspector",),
        {"categories": ["code"], "not_checkable": "code|null", "follow_up": "text|null"},
    ),
    "result.published": Kind(
        "inspection",
        ("clerk",),
        {
            "channel": "text",
            "reference": "text",
            "deadline": "date|null",
            "late": "bool",
            "provisional": "bool",
        },
    ),
}

CATEGORIES = (
    "NO_PROBLEM",
    "NOT_DISCLOSED",
    "FALSE_DISCLOSURE",
    "UNREACHABLE",
    "CORRECTED",
    "REFUSED",
    "NOT_OPERATING",
    "PROBLEM_PENDING",
)
ALONE = "NO_PROBLEM"
"""The category that excludes every other one."""
METHODS = ("onsite", "document", "dept_opinion", "lab_test", "online", "expert")


def are_methods(stated: Sequence[str]) -> bool:
    """Whether an inspection can be made in these ways: one or more of `METHODS`, each once."""
    return 0 < len(stated) == len(set(stated)) and set(stated) <= set(METHODS)


NOT_CHECKABLE = ("CLOSED_LIQUIDATING", "DEREGISTERED", "LICENCE_REVOKED", "REGISTRATION_CANCELLED", "MOVED_AWAY")

ITEM_LINE = {
    "id": "code",
    "name": "text",
    "class": "=key|=general",
    "ratio_min_bp": "bp",
    "ratio_max_bp": "bp",
    "object_type": "=market_entity|=product|=project|=behaviour",
    "lead_office": "text|null",
    "legal_basis": "text",
    "methods": ["text"],
    "tag": "text|null",
}
OBJECT_ROW = {
    "id": "key",
    "name": "text",
    "type": "text|null",
    "district": "code|null",
    "tags": ["text"],
    "established": "date|null",
    "risk": "=A|=B|=C|=D|null",
    "status": "=active|=closed|=deregistered|=revoked|=cancelled|=moved",
}
INSPECTOR_ROW = {
    "id": "code",
    "unit": "code",
    "office": "text|null",
    "kind": "=civil_servant|=enforcement_officer|=expert",
    "name": COMMITMENT,
    "certificate": {"commitment": "hex32|null"},
    "certificate_valid_to": "date|null",
    "lines": ["text"],
    "items": ["code"],
    "status": "=active|=suspended|=retired",
}
CALENDAR = {"year": "pos", "holidays": ["date"], "makeup_workdays": ["date"], "papers": ["text"]}
