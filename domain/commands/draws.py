"""Commands of a draw after its freeze: contributions, beacon, seed, the drawn list, the teams, the sign-off."""

from __future__ import annotations

import base64
from typing import Any, NoReturn

from domain.clock import SteppedClock
from domain.commands.freezing import FreezeCommands
from domain.core import Receipt
from domain.draws import DRAW_RULE, RULE, Draw
from domain.errors import Conflict, Invalid, Refusal, Unavailable
from domain.roles import Actor, Cause
from domain.words import STEPS
from verify import canonical, checkpoint, documents, note, replay
from verify.beacon import verify_drand
from verify.bls import BlsMissing
from verify.entries import seconds_of
from verify.kinds import KINDS
from verify.quorum import Quorum

RESTS_ON = {
    "draw.contribution-committed": "draw.frozen",
    "draw.contribution-revealed": "draw.commitments-closed",
    "draw.beacon-recorded": "draw.reveals-closed",
}
"""For each part of the seed: the act that must be public, and cosigned, before it."""


class DrawCommands(FreezeCommands):
    """A draw from its freeze to the discipline office's signature."""

    def commit(self, by: Actor, command: str, *, draw: str, party: str, commitment: str) -> Receipt:
        """Record a party's commitment to the 32 bytes it keeps to itself."""
        facts = {"draw": draw, "party": party, "commitment": commitment}

        self._seek_cosigners(by, draw, "draw.contribution-committed")

        def step(found: Draw, cause: Cause) -> None:
            covered = self._covering(found, "draw.contribution-committed")
            found.commit(cause, self._seconds(), party, commitment, covered)

        return self._step(by, command, "draw.contribution-committed", facts, step)

    def close_commitments(self, by: Actor, command: str, *, draw: str) -> Receipt:
        """Close the set of commitments."""
        return self._organise(
            by, command, "draw.commitments-closed", draw, lambda d, c: d.close_commitments(c, self._seconds())
        )

    def reveal(self, by: Actor, command: str, *, draw: str, party: str, secret: str) -> Receipt:
        """Record a party's 32 bytes."""
        facts = {"draw": draw, "party": party, "secret": secret}

        self._seek_cosigners(by, draw, "draw.contribution-revealed")

        def step(found: Draw, cause: Cause) -> None:
            covered = self._covering(found, "draw.contribution-revealed")
            found.reveal(cause, self._seconds(), party, secret, covered)

        return self._step(by, command, "draw.contribution-revealed", facts, step)

    def withhold(self, by: Actor, command: str, *, draw: str, party: str) -> Receipt:
        """Record that a party did not reveal in time."""
        return self._organise(
            by,
            command,
            "draw.contribution-withheld",
            draw,
            lambda d, c: d.withhold(c, self._seconds(), party),
            {"party": party},
        )

    def close_reveals(self, by: Actor, command: str, *, draw: str) -> Receipt:
        """Close the set of reveals."""
        return self._organise(
            by, command, "draw.reveals-closed", draw, lambda d, c: d.close_reveals(c, self._seconds())
        )

    def record_beacon(
        self,
        by: Actor,
        command: str,
        *,
        draw: str,
        position: int,
        key_string: str | None = None,
        signature: str | None = None,
    ) -> Receipt:
        """Record the outcome of a beacon: the key string of dice or a lottery, or the signature of a drand round."""
        facts = {"position": position, "key_string": key_string, "signature": signature}

        self._seek_cosigners(by, draw, "draw.beacon-recorded")

        def step(found: Draw, cause: Cause) -> None:
            covered = self._covering(found, "draw.beacon-recorded")
            found.record_beacon(cause, self._seconds(), position, key_string, signature, covered)
            if signature is not None:
                _refuse_false_round(found.frozen["beacons"][position], bytes.fromhex(signature))

        return self._organise(by, command, "draw.beacon-recorded", draw, step, facts)

    def derive_seed(self, by: Actor, command: str, *, draw: str) -> Receipt:
        """Record the seed that follows from commitments, reveals and beacons."""
        return self._organise(by, command, "draw.seed-derived", draw, lambda d, c: d.derive_seed(c))

    def draw_objects(self, by: Actor, command: str, *, draw: str) -> Receipt:
        """Record the drawn list that follows from the frozen pool and the seed."""

        def step(found: Draw, cause: Cause) -> None:
            found.require_ready("draw.objects-drawn")
            pool = self.lines(found.documents["objects"]["sha256"])
            drawn = replay.draw_objects(bytes.fromhex(found.seed_hex), found.frozen, pool)
            found.draw_objects(cause, drawn, self.put_listing(documents.listing(drawn.lines)))

        return self._organise(by, command, "draw.objects-drawn", draw, step)

    def assign_inspectors(self, by: Actor, command: str, *, draw: str) -> Receipt:
        """Record the teams that follow from the frozen pool, the seed and the recusals of the drawn objects."""

        def step(found: Draw, cause: Cause) -> None:
            found.require_ready("draw.inspectors-assigned")
            drawn = [line["id"] for line in self.lines(found.drawn)]
            opened = self._opened_recusals(found, set(drawn))
            recused = {line["id"]: line["inspectors"] for line in opened}
            people = list(self.lines(found.documents["inspectors"]["sha256"]))
            value = replay.assign_inspectors(bytes.fromhex(found.seed_hex), found.frozen, people, drawn, recused)
            reference = self.put_list(documents.listing(opened))
            found.assign(cause, value, self.put_listing(documents.listing(value.lines)), reference)

        return self._organise(by, command, "draw.inspectors-assigned", draw, step)

    def sign_off(self, by: Actor, command: str, *, draw: str, statement: str) -> Receipt:
        """Record the discipline office's signature under the whole draw."""
        facts = {"draw": draw, "statement": statement}
        return self._step(by, command, "draw.witness-signed-off", facts, lambda d, c: d.sign_off(c, statement))

    def _opened_recusals(self, draw: Draw, drawn: set[str]) -> list[dict[str, Any]]:
        """Return the recusals of the drawn objects, opened: value and salt, and nobody else's."""
        opened = []
        for line in self.lines(draw.documents["recusals"]["sha256"]):
            if line["id"] in drawn:
                value = self.private.value(line["recused"]["commitment"])
                if value is None:
                    raise Conflict(
                        f"{line['id']} 的回避记录已缺失，无法选派",
                        f"the recusal of {line['id']} is lost, so inspectors cannot be assigned",
                        "行政处罚法第四十三条",
                    )
                names = canonical.decode(value[0].encode())
                opened.append({"id": line["id"], "inspectors": names, "salt": value[1].hex()})
        return opened

    def _covering(self, draw: Draw, step: str) -> dict[str, Any]:
        """Return the published checkpoint that covers what `step` rests on, with the quorum of the freeze.

        Draws fail closed: `step` counts only once what it rests on is public and was seen by the cosigners. Without any
        a checkpoint is published if need be; with them Unavailable, or Conflict where it is too late for them.
        """
        draw.require_ready(step)
        index, quorum = draw.marks[RESTS_ON[step]], Quorum.of(draw.frozen["quorum"])
        if quorum.threshold:
            return self._cosigned(draw, step, index, quorum) or self._refuse_uncosigned(draw, step, quorum)
        published = self.store.checkpoint()
        if published is None or checkpoint.parse(published)[0].size <= index:
            published = self.publish_checkpoint()
        head, signatures = checkpoint.parse(published)
        return {"size": head.size, "root": head.root.hex(), "signature": _base64(signatures[0])}

    def _seek_cosigners(self, by: Actor, stream: str, step: str) -> None:
        """Have what `step` rests on cosigned before it is decided: nobody waits behind the network for the log.

        Whatever is wrong with the step is left for the decision to say.
        """
        if self.cosigning is None or by.role not in KINDS[step].roles:
            return
        try:
            draw = self._peek(Draw, stream)
            draw.require_ready(step)
        except Refusal:
            return
        index, quorum = draw.marks[RESTS_ON[step]], Quorum.of(draw.frozen["quorum"])
        if not quorum.threshold or self._cosigned(draw, step, index, quorum) or self._too_late(draw, step):
            return
        published = self.store.checkpoint()
        if published is None or checkpoint.parse(published)[0].size <= index:
            published = self.publish_checkpoint()
        self.cosigning.ask(published, patient=False)

    def _cosigned(self, draw: Draw, step: str, index: int, quorum: Quorum) -> dict[str, Any] | None:
        """Return the first checkpoint that covers an entry and has the quorum, None where there is none."""
        for published in self.cosigning.kept.above(index) if self.cosigning else ():
            head, signatures = checkpoint.parse(published)
            found = quorum.held(head, (each.key_id + each.payload for each in signatures), self._before(draw, step))
            if quorum.reached(found):
                counted = {key.key_id for key in quorum.keys if key.name in found}
                return {
                    "size": head.size,
                    "root": head.root.hex(),
                    "signature": _base64(signatures[0]),
                    "cosignatures": [_base64(each) for each in signatures if each.key_id in counted],
                }
        return None

    def _before(self, draw: Draw, step: str) -> int | None:
        """Return the second before which cosigners must have signed what `step` rests on: the beacon's, on a real clock."""
        real = step == "draw.beacon-recorded" and not isinstance(self.clock, SteppedClock)
        return draw.frozen["t_reveal"] + draw.frozen["delta"] if real else None

    def _too_late(self, draw: Draw, step: str) -> bool:
        before = self._before(draw, step)
        return before is not None and seconds_of(self.clock.now()) >= before

    def _refuse_uncosigned(self, draw: Draw, step: str, quorum: Quorum) -> NoReturn:
        names, en = (mark.join(key.name for key in quorum.keys) for mark in ("、", ", "))
        if self._too_late(draw, step):
            raise Conflict(
                f"揭示集未在信标时间之前取得 {quorum.threshold} 方联署（{names}），本次抽取不得继续",
                f"the reveals were not cosigned by {quorum.threshold} of {en} before the time of the beacon, "
                "the draw cannot go on",
                DRAW_RULE,
            )
        raise Unavailable(
            f"{draw.id} 所依据的检查点尚未取得冻结约定的 {quorum.threshold} 方联署（{names}），"
            f"不能{STEPS[step]}；抽取暂停，联署恢复后请重试",
            f"the checkpoint that {draw.id} rests on is not yet cosigned by {quorum.threshold} of {en}: "
            "the draw is suspended, try again when they answer",
            "LEDGER 7",
        )


def _base64(signature: note.Signature) -> str:
    return base64.b64encode(signature.key_id + signature.payload).decode()


def _refuse_false_round(beacon: dict[str, Any], signature: bytes) -> None:
    """Refuse a drand signature that is not that of the round; without the library nothing is recorded."""
    try:
        genuine = verify_drand(replay.CHAINS[beacon["chain_hash"]], beacon["round"], signature)
    except BlsMissing as error:
        raise Conflict("缺少 BLS 校验库，不能记录 drand 信标", "the BLS library is missing", RULE) from error
    if not genuine:
        raise Invalid(
            f"drand 第 {beacon['round']} 轮的签名不成立", f"this is not the signature of round {beacon['round']}", RULE
        )
