"""A draw from its opening to the discipline office's sign-off: every step once, in this order, with the witness present.

The aggregate holds what was recorded; what follows from it (commit sets, seed, lists) is computed by `verify`, so that the
verifier replays exactly what was recorded here. Source: draw specification, section 2; 方案第五(三)1条.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from domain.base import Fact, Recorded
from domain.errors import Conflict, Forbidden, Invalid
from domain.roles import Cause
from domain.words import DRAW_STATES as STATES
from domain.words import PHASES as WATCHED
from domain.words import STEPS as WORDS
from verify import seed
from verify.beacon import BeaconError
from verify.replay import Assigned, Drawn, beacon_of

PHASES = {"freeze": "opened", "commit": "frozen", "reveal": "committed", "beacon": "revealed", "result": "seeded"}
"""The phases in their order, each with the state in which the discipline office checks in for it."""
RULE = "方案第五(三)1条"
DRAW_RULE = "FAIRDRAW/1 第2节"
"""What the notice leaves open and the draw procedure decides: commitments, reveals, beacons and their times."""
STEPS = {
    "draw.frozen": ("opened", "freeze"),
    "draw.contribution-committed": ("frozen", "commit"),
    "draw.commitments-closed": ("frozen", "commit"),
    "draw.contribution-revealed": ("committed", "reveal"),
    "draw.contribution-withheld": ("committed", "reveal"),
    "draw.reveals-closed": ("committed", "reveal"),
    "draw.beacon-recorded": ("revealed", "beacon"),
    "draw.seed-derived": ("beacon", "beacon"),
    "draw.objects-drawn": ("seeded", "result"),
    "draw.inspectors-assigned": ("drawn", "result"),
    "draw.witness-signed-off": ("assigned", "result"),
}
"""For every step: the state it needs, and the phase for which the discipline office must have checked in."""


class Draw(Recorded):
    """One draw of the objects of one item of one plan, and of the inspectors who visit them."""

    state = ""
    seed_hex = ""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.check_ins: set[str] = set()
        self.commitments: dict[str, str] = {}
        self.reveals: dict[str, str] = {}
        self.withheld: set[str] = set()
        self.beacons: list[str] = []
        self.marks: dict[str, int] = {}

    def open(self, cause: Cause, data: dict[str, Any]) -> None:
        """Record that the draw begins: its plan, item and registries."""
        self.record("draw.opened", cause, data)

    def check_in(self, cause: Cause, phase: str) -> None:
        """Record that the discipline office is present for a phase, in the order of the phases."""
        expected = next((name for name in PHASES if name not in self.check_ins), None)
        if phase != expected or self.state != PHASES[phase]:
            raise Conflict(
                f"{self.id} {STATES[self.state]}，下一个应签到的环节是“{WATCHED.get(expected or '', '无')}”，"
                f"现在不能就“{WATCHED.get(phase, phase)}”签到",
                f"{self.id} is {self.state or 'missing'} and next expects the check-in for {expected or 'nothing'}: "
                f"not {phase} now",
                RULE,
            )
        self.record("draw.witness-checked-in", cause, {"phase": phase})

    def freeze(self, cause: Cause, data: dict[str, Any]) -> None:
        """Record the frozen pool and the terms of the draw."""
        self.require_ready("draw.frozen")
        self.record("draw.frozen", cause, data)

    def commit(self, cause: Cause, now: int, party: str, commitment: str, covered: dict[str, Any]) -> None:
        """Record a party's commitment; `now` in seconds, `covered` the published checkpoint that holds the freeze."""
        self.require_ready("draw.contribution-committed")
        self._require_party(cause, party)
        if party in self.commitments:
            raise Conflict(f"{party} 已提交承诺", f"{party} has already committed", DRAW_RULE)
        self._require_until(now, self.frozen["t_commit"], "承诺", "commitments")
        data = {"party": party, "commitment": commitment, "covered": covered}
        self.record("draw.contribution-committed", cause, data)

    def close_commitments(self, cause: Cause, now: int) -> None:
        """Record C1: when every party has committed, or the time for it is over."""
        self.require_ready("draw.commitments-closed")
        if len(self.commitments) < len(self.frozen["parties"]) and now <= self.frozen["t_commit"]:
            raise Conflict(
                "尚有参与方未提交承诺，且未到截止时间", "parties are missing and the time is not over", DRAW_RULE
            )
        self._require_independent(self.commitments, "提交承诺", "committed")
        data = {"c1": self.commit_set().hex(), "parties": sorted(self.commitments)}
        self.record("draw.commitments-closed", cause, data)

    def reveal(self, cause: Cause, now: int, party: str, secret: str, covered: dict[str, Any]) -> None:
        """Record a party's 32 bytes, which must open its commitment."""
        self.require_ready("draw.contribution-revealed")
        self._require_party(cause, party)
        if party not in self.commitments or party in self.reveals or party in self.withheld:
            raise Conflict(f"{party} 没有待揭示的承诺", f"{party} has no commitment left to reveal", DRAW_RULE)
        self._require_until(now, self.frozen["t_reveal"], "揭示", "reveals")
        opened = len(secret) == 64 and _is_hex(secret)
        if not opened or seed.commitment(self.c0, party, bytes.fromhex(secret)).hex() != self.commitments[party]:
            raise Invalid(
                f"{party} 揭示的内容与其承诺不符", f"the reveal of {party} does not open its commitment", RULE
            )
        self.record("draw.contribution-revealed", cause, {"party": party, "secret": secret, "covered": covered})

    def withhold(self, cause: Cause, now: int, party: str) -> None:
        """Record that a party that had committed did not reveal in time."""
        self.require_ready("draw.contribution-withheld")
        if party not in self.commitments or party in self.reveals or party in self.withheld:
            raise Conflict(f"{party} 没有待揭示的承诺", f"{party} has no commitment left to reveal", DRAW_RULE)
        if now <= self.frozen["t_reveal"]:
            raise Conflict(f"{party} 的揭示时间未到", f"{party} still has time to reveal", DRAW_RULE)
        self.record("draw.contribution-withheld", cause, {"party": party})

    def close_reveals(self, cause: Cause, now: int) -> None:
        """Record C2, before the time of the beacon: when every party that committed has revealed or is recorded as withholding."""
        self.require_ready("draw.reveals-closed")
        missing = sorted(set(self.commitments) - set(self.reveals) - self.withheld)
        if missing:
            raise Conflict(f"尚未揭示：{'、'.join(missing)}", f"not revealed yet: {', '.join(missing)}", DRAW_RULE)
        if now >= self.frozen["t_reveal"] + self.frozen["delta"]:
            raise Conflict(
                "信标时间已到，揭示未能在此之前截止，本次抽取不得继续",
                "the reveals were not closed before the time of the beacon, the draw cannot go on",
                DRAW_RULE,
            )
        self._require_independent(self.reveals, "揭示", "revealed")
        data = {"c2": self.reveal_set().hex(), "revealed": sorted(self.reveals), "withheld": sorted(self.withheld)}
        self.record("draw.reveals-closed", cause, data)

    def record_beacon(
        self,
        cause: Cause,
        now: int,
        position: int,
        key_string: str | None,
        signature: str | None,
        covered: dict[str, Any],
    ) -> None:
        """Record the outcome of the next beacon of the freeze's list, not before the reveals closed and the delay passed."""
        self.require_ready("draw.beacon-recorded")
        if position != len(self.beacons):
            raise Conflict(
                f"下一信标序号为 {len(self.beacons)}", f"the next beacon is number {len(self.beacons)}", RULE
            )
        if now < self.frozen["t_reveal"] + self.frozen["delta"]:
            raise Conflict("信标时间未到", "it is too early for the beacon", DRAW_RULE)
        value = bytes.fromhex(signature) if signature is not None and _is_hex(signature) else None
        try:
            b = beacon_of(self.frozen["beacons"][position], key_string, value)
        except BeaconError as error:
            raise Invalid(f"信标不合要求：{error}", str(error), DRAW_RULE) from error
        data: dict[str, Any] = {"position": position, "b": b.hex(), "covered": covered}
        if key_string is not None:
            data["key_string"] = key_string
        if signature is not None:
            data["signature"] = signature
        self.record("draw.beacon-recorded", cause, data)

    def derive_seed(self, cause: Cause) -> None:
        """Record the seed: when every beacon of the list is there."""
        self.require_ready("draw.seed-derived")
        beacons = [bytes.fromhex(b) for b in self.beacons]
        value = seed.seed(self.c0, self.commit_set(), self.reveal_set(), beacons)
        self.record("draw.seed-derived", cause, {"seed": value.hex()})

    def draw_objects(self, cause: Cause, drawn: Drawn, listing: dict[str, Any]) -> None:
        """Record the drawn list, which is a function of the frozen pool and the seed."""
        self.require_ready("draw.objects-drawn")
        self.record("draw.objects-drawn", cause, {**listing, "strata": drawn.strata})

    def assign(self, cause: Cause, assigned: Assigned, listing: dict[str, Any], opened: dict[str, Any]) -> None:
        """Record the teams; `opened` is the document that opens the recusals of drawn objects."""
        self.require_ready("draw.inspectors-assigned")
        data = {**listing, "rung": assigned.rung, "unassigned": assigned.unassigned, "opened": opened}
        self.record("draw.inspectors-assigned", cause, data)

    def sign_off(self, cause: Cause, statement: str) -> None:
        """Record that the discipline office was present throughout and signs the draw."""
        self.require_ready("draw.witness-signed-off")
        self.record("draw.witness-signed-off", cause, {"statement": statement})

    def commit_set(self) -> bytes:
        """Return C1."""
        return seed.commit_set(self.c0, {party: bytes.fromhex(c) for party, c in self.commitments.items()})

    def reveal_set(self) -> bytes:
        """Return C2."""
        reveals = {p: bytes.fromhex(self.reveals[p]) if p in self.reveals else None for p in self.commitments}
        return seed.reveal_set(self.commit_set(), reveals)

    def apply(self, fact: Fact) -> None:
        data = fact.data
        match fact.kind:
            case "draw.opened":
                self.state, self.opening = "opened", data
            case "draw.witness-checked-in":
                self.check_ins.add(data["phase"])
            case "draw.frozen":
                self.state, self.frozen, self.documents = "frozen", data["freeze"], data["documents"]
                self.c0 = bytes.fromhex(data["c0"])
            case "draw.contribution-committed":
                self.commitments[data["party"]] = data["commitment"]
            case "draw.commitments-closed":
                self.state = "committed"
            case "draw.contribution-revealed":
                self.reveals[data["party"]] = data["secret"]
            case "draw.contribution-withheld":
                self.withheld.add(data["party"])
            case "draw.reveals-closed":
                self.state = "revealed"
            case "draw.beacon-recorded":
                self.beacons.append(data["b"])
                if len(self.beacons) == len(self.frozen["beacons"]):
                    self.state = "beacon"
            case "draw.seed-derived":
                self.state, self.seed_hex = "seeded", data["seed"]
            case "draw.objects-drawn":
                self.state, self.drawn = "drawn", data["document"]["sha256"]
            case "draw.inspectors-assigned":
                self.state, self.assigned = "assigned", data["document"]["sha256"]
            case "draw.witness-signed-off":
                self.state = "signed-off"
        if fact.index is not None:
            self.marks[fact.kind] = fact.index

    def require_ready(self, kind: str) -> None:
        """Refuse a step out of order, or one for which the discipline office has not checked in."""
        state, phase = STEPS[kind]
        if self.state != state:
            raise Conflict(
                f"{self.id} {STATES[self.state]}，不能{WORDS[kind]}：须为{STATES[state]}",
                f"{self.id} is {self.state or 'missing'}; {kind} needs {state}",
                RULE,
            )
        if phase not in self.check_ins:
            raise Conflict(
                f"纪检部门尚未就“{WATCHED[phase]}”环节签到，抽取不得进行",
                f"the discipline office has not checked in for the phase {phase}",
                RULE,
            )

    def _require_party(self, cause: Cause, party: str) -> None:
        account = next((p["account"] for p in self.frozen["parties"] if p["id"] == party), None)
        if account != cause.actor.account:
            raise Forbidden(
                f"{party} 的份额不属于账号 {cause.actor.account}",
                f"the contribution of {party} is not for the account {cause.actor.account}",
                DRAW_RULE,
            )

    def _require_until(self, now: int, limit: int, zh: str, en: str) -> None:
        if now > limit:
            raise Conflict(f"{zh}的截止时间已过", f"the time for {en} is over", DRAW_RULE)

    def _require_independent(self, parties: Iterable[str], zh: str, en: str) -> None:
        """Refuse a seed that one office alone could have made: both the organiser and the discipline office take part."""
        roles = {p["role"] for p in self.frozen["parties"] if p["id"] in set(parties)}
        if not {"organiser", "discipline"} <= roles:
            raise Conflict(
                f"须由组织方和纪检部门双方都{zh}，抽取方可继续",
                f"both the organiser and the discipline office must have {en}",
                DRAW_RULE,
            )


def _is_hex(text: str) -> bool:
    return len(text) % 2 == 0 and all(c in "0123456789abcdef" for c in text)
