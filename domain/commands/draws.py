"""Commands of a draw after its freeze: contributions, beacon, seed, the drawn list, the teams, the sign-off."""

from __future__ import annotations

import base64
from typing import Any

from domain.commands.freezing import FreezeCommands
from domain.core import Receipt
from domain.draws import RULE, Draw
from domain.errors import Conflict, Invalid
from domain.roles import Actor, Cause
from verify import canonical, checkpoint, documents, note, replay
from verify.beacon import verify_drand
from verify.bls import BlsMissing


class DrawCommands(FreezeCommands):
    """A draw from its freeze to the discipline office's signature."""

    def commit(self, by: Actor, command: str, *, draw: str, party: str, commitment: str) -> Receipt:
        """Record a party's commitment to the 32 bytes it keeps to itself."""
        facts = {"draw": draw, "party": party, "commitment": commitment}

        def step(found: Draw, cause: Cause) -> None:
            covered = self._covering(found, "draw.contribution-committed", "draw.frozen")
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

        def step(found: Draw, cause: Cause) -> None:
            covered = self._covering(found, "draw.contribution-revealed", "draw.commitments-closed")
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

        def step(found: Draw, cause: Cause) -> None:
            covered = self._covering(found, "draw.beacon-recorded", "draw.reveals-closed")
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

    def _covering(self, draw: Draw, step: str, covered: str) -> dict[str, Any]:
        """Return the published checkpoint that covers the entry of the kind `covered`, publishing one if need be.

        Draws fail closed: `step` counts only once what it rests on is public.
        """
        draw.require_ready(step)
        index = draw.marks[covered]
        published = self.checkpoint()
        if published is None or checkpoint.parse(published)[0].size <= index:
            published = self.publish_checkpoint()
        head, signatures = checkpoint.parse(published)
        return {"size": head.size, "root": head.root.hex(), "signature": _base64(signatures[0])}


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
