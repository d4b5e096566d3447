"""The words of the pages: for each code of the log what people call it, Chinese first, English second.

Source: the glossary of the domain's requirements.
"""

from __future__ import annotations

from domain.roles import NAMES as ROLES

Pair = tuple[str, str]

PHASES: dict[str, Pair] = {
    "opened": ("已立项，待冻结名录", "opened"),
    "frozen": ("名录已冻结，承诺中", "pool frozen"),
    "commitments-closed": ("承诺已截止，揭示中", "commitments closed"),
    "reveals-closed": ("揭示已截止，待信标", "reveals closed"),
    "seed-derived": ("种子已生成", "seed derived"),
    "objects-drawn": ("检查对象已抽取", "objects drawn"),
    "inspectors-assigned": ("检查人员已选派，待纪检签字", "inspectors assigned"),
    "signed-off": ("纪检已签字", "signed off"),
}
STEPS: dict[str, Pair] = {
    "draw.opened": ("立项", "Draw opened"),
    "draw.witness-checked-in": ("纪检到场", "Discipline office checked in"),
    "draw.frozen": ("冻结名录与规则", "Pool and terms frozen"),
    "draw.contribution-committed": ("提交承诺", "Contribution committed"),
    "draw.commitments-closed": ("承诺截止", "Commitments closed"),
    "draw.contribution-revealed": ("揭示", "Contribution revealed"),
    "draw.contribution-withheld": ("未揭示", "Contribution withheld"),
    "draw.reveals-closed": ("揭示截止", "Reveals closed"),
    "draw.beacon-recorded": ("公共信标", "Beacon recorded"),
    "draw.seed-derived": ("生成种子", "Seed derived"),
    "draw.objects-drawn": ("抽取检查对象", "Objects drawn"),
    "draw.inspectors-assigned": ("选派检查人员", "Inspectors assigned"),
    "draw.witness-signed-off": ("纪检签字", "Discipline office signed off"),
}
WATCHED: dict[str, Pair] = {
    "freeze": ("冻结", "freeze"),
    "commit": ("承诺", "commit"),
    "reveal": ("揭示", "reveal"),
    "beacon": ("信标", "beacon"),
    "result": ("结果", "result"),
}
BEACONS: dict[str, Pair] = {"dice": ("骰子", "dice"), "lottery": ("彩票开奖", "lottery"), "drand": ("drand", "drand")}
STATES: dict[str, Pair] = {
    "notified": ("已通知", "notified"),
    "completed": ("已检查", "completed"),
    "recorded": ("结果已录入", "recorded"),
    "published": ("结果已公示", "published"),
}
CLASSES: dict[str, Pair] = {"key": ("重点检查事项", "key item"), "general": ("一般检查事项", "general item")}
GROUNDS: dict[str, Pair] = {
    "status:closed": ("已停业", "closed"),
    "status:deregistered": ("已注销", "deregistered"),
    "status:revoked": ("已吊销", "revoked"),
    "status:cancelled": ("已撤销", "cancelled"),
    "status:moved": ("已迁出", "moved away"),
}
DRAWN: dict[str, Pair] = {
    "drawn": ("被抽中", "drawn"),
    "not-drawn": ("未被抽中", "not drawn"),
    "excluded": ("不参加抽取", "takes no part"),
    "in-pool": ("在名录中，尚无结果", "in the pool, no result yet"),
    "absent": ("不在名录中", "not in the pool"),
}
CATEGORIES: dict[str, Pair] = {
    "NO_PROBLEM": ("未发现问题", "No problem found"),
    "NOT_DISCLOSED": ("未按规定公示应当公示的信息", "Information not disclosed"),
    "FALSE_DISCLOSURE": ("公示信息隐瞒真实情况、弄虚作假", "False disclosure"),
    "UNREACHABLE": ("通过登记的住所（经营场所）无法联系", "Unreachable at the registered address"),
    "CORRECTED": ("发现问题已责令改正", "Correction ordered"),
    "REFUSED": ("不配合检查情节严重", "Serious refusal"),
    "NOT_OPERATING": ("未发现开展本次抽查涉及的经营活动", "Not in this business"),
    "PROBLEM_PENDING": ("发现问题待后续处理", "Problem, handling pending"),
    "CLOSED_LIQUIDATING": ("已关闭停业或正在组织清算", "Closed or in liquidation"),
    "DEREGISTERED": ("注销", "Deregistered"),
    "LICENCE_REVOKED": ("被吊销", "Licence revoked"),
    "REGISTRATION_CANCELLED": ("被撤销", "Registration cancelled"),
    "MOVED_AWAY": ("迁出", "Moved away"),
}


def pair(table: dict[str, Pair], code: str | None) -> Pair:
    """Return what a code is called; a code without a word stands for itself, nothing is ever hidden."""
    return table.get(code or "", (code or "—", code or "—"))


def role(code: str) -> str:
    """Return what a role is called."""
    return ROLES.get(code, code)
