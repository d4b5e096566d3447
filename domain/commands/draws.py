"""Commands of a draw: from its opening to the discipline office's sign-off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.commands.registries import RegistryCommands
from domain.core import Decision, Receipt
from domain.draws import Draw
from domain.errors import Conflict, Invalid
from domain.freezing import Pool, derive_pool, legal_maximum, name_rounds, refuse_pool, refuse_terms
from domain.plans import Plan
from domain.private import sealed
from domain.registries import Registry
from domain.roles import Actor, Cause, require_unit
from domain.store.sqlite import Private as Beside
from verify import canonical, checkpoint, documents, replay, seed
from verify.beacon import verify_drand
from verify.bls import BlsMissing
from verify.digest import verifier_digest
from verify.entries import seconds_of
from verify.personal import recusal_label, recusal_value

RULE = "方案第五(三)1条"
SEATS = [0, 0]
"""A team: two certified inspectors, both of the group `certified` (行政处罚法第四十二条)."""


class DrawCommands(RegistryCommands):
    """The draw of objects and inspectors."""

    def open_draw(
        self, by: Actor, command: str, *, plan: str, item: str, objects: str, inspectors: str
    ) -> Receipt:
        """Open the draw of one item of a published plan from two filed and paired registries; the ledger numbers it."""

        def decide(cause: Cause) -> Decision:
            today = self.clock.now()[:10]
            planned = self._get(Plan, plan)
            planned.require_published()
            require_unit(by, planned.unit)
            planned.require_item(item)
            planned.require_within(today)
            self._require_registries(item, self._get(Registry, objects), self._get(Registry, inspectors))
            prefix = f"draw/{self.agency}-{today[:4]}-"
            fresh = Draw(f"{prefix}{self._next(prefix):04d}")
            data = {"plan": plan, "item": item, "objects": objects, "inspectors": inspectors, "unit": by.unit}
            fresh.open(cause, data)
            return Decision(fresh)

        facts = {"plan": plan, "item": item, "objects": objects, "inspectors": inspectors}
        return self._do(by, command, "draw.opened", facts, decide)

    def check_in(self, by: Actor, command: str, *, draw: str, phase: str) -> Receipt:
        """Record that the discipline office is present for a phase."""
        return self._step(
            by, command, "draw.witness-checked-in", {"draw": draw, "phase": phase}, lambda d, c: d.check_in(c, phase)
        )

    def preview_freeze(self, draw: str) -> dict[str, Any]:
        """Return what a freeze would find now: eligible objects per stratum, waivers needed, eligible inspectors."""
        found = self._get(Draw, draw)
        frozen = self._pool(found)
        return {
            "strata": frozen.strata,
            "waivers_needed": frozen.waivers_needed(self._item_of(found)["class"]),
            "inspectors": frozen.eligible_inspectors,
            "excluded": frozen.by_ground,
        }

    def freeze(
        self,
        by: Actor,
        command: str,
        *,
        draw: str,
        parties: list[dict[str, Any]],
        t_commit: int,
        t_reveal: int,
        delta: int,
        beacons: list[dict[str, Any]],
        waivers: dict[str, str],
        cap: int | None,
        fallback: list[dict[str, Any]],
    ) -> Receipt:
        """Freeze the whole pool and the terms of the draw, before anything random exists. Times in POSIX seconds."""
        terms = {
            "parties": parties,
            "t_commit": t_commit,
            "t_reveal": t_reveal,
            "delta": delta,
            "beacons": name_rounds(beacons, t_reveal, delta),
            "waivers": waivers,
            "cap": cap,
            "fallback": fallback,
        }

        def decide(cause: Cause) -> Decision:
            found = self._get(Draw, draw)
            self._require_organiser(by, found)
            refuse_terms(terms, seconds_of(self.clock.now()), self.origin.startswith("demo."))
            for party in parties:
                self._require_account(party)
            frozen = self._pool(found)
            refuse_pool(frozen, self._item_of(found)["class"], waivers)
            recusals, beside = self._recusals(found, frozen)
            lists = {
                "objects": frozen.objects,
                "inspectors": frozen.inspectors,
                "exclusions": frozen.exclusions,
                "recusals": recusals,
            }
            freeze = self._freeze_document(found, frozen, recusals, terms)
            data = {
                "freeze": freeze,
                "c0": seed.freeze_hash(canonical.encode(freeze)).hex(),
                "documents": {name: self.put(listing.content) for name, listing in lists.items()},
            }
            found.freeze(cause, data)
            return Decision(found, beside)

        return self._do(by, command, "draw.frozen", {"draw": draw, **terms}, decide)

    def commit(self, by: Actor, command: str, *, draw: str, party: str, commitment: str) -> Receipt:
        """Record a party's commitment to the 32 bytes it keeps to itself."""
        facts = {"draw": draw, "party": party, "commitment": commitment}

        def step(found: Draw, cause: Cause) -> None:
            found.commit(cause, self._seconds(), party, commitment, self._covering(found, "draw.frozen"))

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
            found.reveal(cause, self._seconds(), party, secret, self._covering(found, "draw.commitments-closed"))

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
        return self._organise(by, command, "draw.reveals-closed", draw, lambda d, c: d.close_reveals(c))

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
            covered = self._covering(found, "draw.reveals-closed")
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
            pool = self.lines(_document(found, "objects"))
            drawn = replay.draw_objects(bytes.fromhex(found.seed_hex), found.frozen, pool)
            found.draw_objects(cause, drawn, self.put_listing(documents.listing(drawn.lines)))

        return self._organise(by, command, "draw.objects-drawn", draw, step)

    def assign_inspectors(self, by: Actor, command: str, *, draw: str) -> Receipt:
        """Record the teams that follow from the frozen pool, the seed and the recusals of the drawn objects."""

        def step(found: Draw, cause: Cause) -> None:
            drawn = [line["id"] for line in self.lines(found.drawn)]
            opened = self._opened_recusals(found, set(drawn))
            recused = {line["id"]: line["inspectors"] for line in opened}
            people = self.lines(_document(found, "inspectors"))
            value = replay.assign_inspectors(bytes.fromhex(found.seed_hex), found.frozen, people, drawn, recused)
            reference = self.put(documents.listing(opened).content)
            found.assign(cause, value, self.put_listing(documents.listing(value.lines)), reference)

        return self._organise(by, command, "draw.inspectors-assigned", draw, step)

    def sign_off(self, by: Actor, command: str, *, draw: str, statement: str) -> Receipt:
        """Record the discipline office's signature under the whole draw."""
        facts = {"draw": draw, "statement": statement}
        return self._step(by, command, "draw.witness-signed-off", facts, lambda d, c: d.sign_off(c, statement))

    # -- parts

    def _step(
        self, by: Actor, command: str, kind: str, facts: dict[str, Any], step: Callable[[Draw, Cause], None]
    ) -> Receipt:
        def decide(cause: Cause) -> Decision:
            found = self._get(Draw, facts["draw"])
            step(found, cause)
            return Decision(found)

        return self._do(by, command, kind, facts, decide)

    def _organise(
        self,
        by: Actor,
        command: str,
        kind: str,
        draw: str,
        step: Callable[[Draw, Cause], None],
        facts: dict[str, Any] | None = None,
    ) -> Receipt:
        def guarded(found: Draw, cause: Cause) -> None:
            self._require_organiser(by, found)
            step(found, cause)

        return self._step(by, command, kind, {"draw": draw, **(facts or {})}, guarded)

    def _require_organiser(self, by: Actor, draw: Draw) -> None:
        require_unit(by, draw.opening["unit"])

    def _require_account(self, party: dict[str, Any]) -> None:
        if self.actor(party["account"]).role != party["role"]:
            raise Invalid(
                f"参与方 {party['id']} 的账号 {party['account']} 的角色不是 {party['role']}",
                f"the account {party['account']} of {party['id']} does not have the role {party['role']}",
                RULE,
            )

    def _require_registries(self, item: str, objects: Registry, inspectors: Registry) -> None:
        objects.require_ready()
        inspectors.require_ready()
        if objects.item != item or objects.paired != inspectors.id:
            raise Conflict(
                f"{objects.id} 须对应事项 {item} 并与 {inspectors.id} 配对",
                f"{objects.id} must belong to {item} and be paired with {inspectors.id}",
                "方案第五(三)2条",
            )

    def _seconds(self) -> int:
        return seconds_of(self.clock.now())

    def _item_of(self, draw: Draw) -> dict[str, Any]:
        return self.items(self._get(Plan, draw.opening["plan"]).itemlist)[draw.opening["item"]]

    def _pool(self, draw: Draw) -> Pool:
        objects = self.registry_state(self._get(Registry, draw.opening["objects"]))
        inspectors = self.registry_state(self._get(Registry, draw.opening["inspectors"]))
        return derive_pool(objects, inspectors, draw.opening["item"], self.clock.now()[:10])

    def _recusals(self, draw: Draw, frozen: Pool) -> tuple[documents.Listing, Beside]:
        """Return the list that says of which objects somebody is recused, and the values behind it."""
        lines, values = [], []
        for name, inspectors in self.private.conflicts(draw.opening["inspectors"]).items():
            if name in frozen.ids:
                value = sealed(recusal_label(draw.id.partition("/")[2], name), recusal_value(inspectors))
                values.append(value)
                lines.append({"id": name, "recused": {"commitment": value[0]}})
        return documents.listing(lines), Beside(values)

    def _opened_recusals(self, draw: Draw, drawn: set[str]) -> list[dict[str, Any]]:
        """Return the recusals of the drawn objects, opened: value and salt, and nobody else's."""
        opened = []
        for line in self.lines(_document(draw, "recusals")):
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

    def _freeze_document(
        self, draw: Draw, frozen: Pool, recusals: documents.Listing, terms: dict[str, Any]
    ) -> dict[str, Any]:
        plan = self._get(Plan, draw.opening["plan"])
        item = self._item_of(draw)
        head = checkpoint.parse(self.publish_checkpoint())[0]
        return {
            "alg": "FAIRDRAW/1",
            "attempt": 1,
            "draw": draw.id,
            "plan": plan.id,
            "item": item["id"],
            "item_class": item["class"],
            "as_of": self.clock.now()[:10],
            "ledger_head": {"size": head.size, "root": head.root.hex()},
            "objects": self._population(draw.opening["objects"], frozen.objects),
            "inspectors": self._population(draw.opening["inspectors"], frozen.inspectors),
            "exclusions": {**_fingerprint(frozen.exclusions), "by_ground": frozen.by_ground},
            "recusals": _fingerprint(recusals),
            "quota_bp": plan.require_item(item["id"]),
            **legal_maximum(item["class"]),
            "groups": [{"name": "certified", "rule": "eligible"}],
            "seats": SEATS,
            "verifier": verifier_digest(),
            "quorum": {"threshold": 0, "cosigners": []},
            **terms,
        }

    def _population(self, registry: str, listing: documents.Listing) -> dict[str, Any]:
        return {"registry": registry, "version": self._get(Registry, registry).version, **_fingerprint(listing)}

    def _covering(self, draw: Draw, kind: str) -> dict[str, Any]:
        """Return the published checkpoint that covers the entry of `kind`, publishing one where none does yet.

        Draws fail closed: what follows counts only once what it rests on is public.
        """
        index = draw.marks.get(kind)
        if index is None:
            return {"size": 1, "root": "0" * 64, "signature": ""}  # refused by the state that is missing
        note = self.checkpoint()
        if note is None or checkpoint.parse(note)[0].size <= index:
            note = self.publish_checkpoint()
        head, signatures = checkpoint.parse(note)
        return {"size": head.size, "root": head.root.hex(), "signature": _base64(signatures[0])}


def _document(draw: Draw, name: str) -> str:
    """Return the hash of a frozen list. Conflict before the freeze."""
    if not draw.state or draw.state == "opened":
        raise Conflict(f"{draw.id} 尚未冻结名录", f"the pool of {draw.id} is not frozen", RULE)
    return str(draw.documents[name]["sha256"])


def _fingerprint(listing: documents.Listing) -> dict[str, Any]:
    return {"count": listing.count, "root": listing.root.hex()}


def _base64(signature: Any) -> str:
    import base64

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
