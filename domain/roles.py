"""Who may do what: the table of kinds says which role causes which entry, and every command asks it first."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from domain.errors import Forbidden
from domain.words import STEPS
from verify.kinds import KINDS

NAMES = {
    "admin": "系统管理员",
    "organiser": "业务处室",
    "legal": "法制部门",
    "justice": "司法局",
    "coordinator": "领导小组办公室",
    "discipline": "纪检部门",
    "inspector": "检查人员",
    "clerk": "业务监管科",
    "system": "系统",
}


@dataclass(frozen=True)
class Actor:
    """Who acts: an account with its one role and its unit. Never a person's name."""

    account: str
    role: str
    unit: str


SYSTEM = Actor("system", "system", "system")
"""What the log and its clock do by themselves."""


class Cause(msgspec.Struct, frozen=True):
    """Why an entry exists: who acted, and the id of the command that caused it."""

    actor: Actor
    command: str


def require(actor: Actor, kind: str) -> None:
    """Refuse an actor whose role may not cause entries of this kind."""
    roles = KINDS[kind].roles
    if actor.role not in roles:
        raise Forbidden(
            f"账号 {actor.account} 的角色是{NAMES.get(actor.role, actor.role)}，"
            f"{STEPS[kind]}只能由{'、'.join(NAMES[role] for role in roles)}进行",
            f"account {actor.account} has the role {actor.role}; {kind} is for {', '.join(roles)}",
            "方案四、五",
        )


def require_unit(actor: Actor, unit: str) -> None:
    """Refuse an actor of another unit than the one the matter belongs to."""
    if actor.unit != unit:
        raise Forbidden(
            f"该事项属于单位 {unit}，账号 {actor.account} 属于单位 {actor.unit}",
            f"this belongs to unit {unit}; account {actor.account} is of unit {actor.unit}",
            "方案四",
        )
