"""Commands that open a draw and freeze its pool and its terms, before anything random exists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.commands.registries import RegistryCommands
from domain.core import Decision, Receipt
from domain.draws import RULE, Draw
from domain.errors import Conflict, Invalid
from domain.freezing import Pool, derive_pool, legal_maximum, name_rounds, refuse_pool, refuse_terms
from domain.plans import Plan
from domain.private import sealed
from domain.registries import Registry
from domain.roles import Actor, Cause, require_unit
from domain.store.contract import Beside
from verify import canonical, checkpoint, seed
from verify.digest import verifier_digest
from verify.documents import Listing, listing
from verify.entries import seconds_of
from verify.personal import recusal_label, recusal_value
from verify.pool import inspector_ground, inspector_lines
from verify.quorum import Quorum

SEATS = [0, 0]
"""A team: two certified inspectors, both of the group `certified` (行政处罚法第四十二条)."""


class FreezeCommands(RegistryCommands):
    """A draw until its pool is frozen."""

    def open_draw(self, by: Actor, command: str, *, plan: str, item: str, objects: str, inspectors: str) -> Receipt:
        """Open the draw of one item of a published plan from two filed and paired registries; the ledger numbers it."""

        def decide(cause: Cause) -> Decision:
            today = self._today()
            planned = self._get(Plan, plan)
            planned.require_published()
            require_unit(by, planned.unit)
            planned.require_item(item)
            planned.require_within(today)
            self._require_first_draw(planned, item)
            self._require_calendar(planned.year)
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
        frozen = self._pool(found, self._today())
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
            found.require_ready("draw.frozen")
            refuse_terms(terms, seconds_of(self._now()), self.origin.startswith("demo."))
            self._only_before(t_commit)  # a freeze may take longer than the second in which it began
            for party in parties:
                self._require_account(party)
            self._refuse_special_roster(found)
            frozen = self._pool(found, self._today())
            refuse_pool(frozen, self._item_of(found)["class"], waivers)
            recusals, beside = self._recusals(found)
            lists = {
                "objects": frozen.objects,
                "inspectors": frozen.inspectors,
                "exclusions": frozen.tally.exclusions,
                "recusals": recusals,
            }
            freeze = self._freeze_document(found, frozen, recusals, terms)
            data = {
                "freeze": freeze,
                "c0": seed.freeze_hash(canonical.encode(freeze)).hex(),
                "documents": {name: self.put_list(listing) for name, listing in lists.items()},
            }
            found.freeze(cause, data)
            return Decision(found, beside)

        return self._do(by, command, "draw.frozen", {"draw": draw, **terms}, decide)

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

    def _require_first_draw(self, plan: Plan, item: str) -> None:
        """Refuse another draw of an item in the same time: a draw that displeases is never drawn again."""
        for stream in self._streams(f"draw/{self.agency}-"):
            opening = self._peek(Draw, stream).opening  # how a draw was opened and a plan was drafted never changes
            other = self._peek(Plan, opening["plan"])
            if opening["item"] == item and other.unit == plan.unit and other.overlaps(plan):
                raise Conflict(
                    f"事项 {item} 在此期间已由 {stream} 抽取，不得重抽",
                    f"{item} is drawn in {stream} for this period: there is no second draw",
                    RULE,
                )

    def _require_calendar(self, year: int) -> None:
        """Refuse to open a draw whose results nobody could hold to their deadline."""
        if not self._exists(f"calendar/{year}"):
            raise Conflict(
                f"{year} 年的工作日历尚未记录，结果公示期限无从计算",
                f"the calendar of {year} is not recorded, so no deadline could be counted",
                "方案第五(五)条",
            )

    def _refuse_special_roster(self, draw: Draw) -> None:
        """Refuse a pool that lacks somebody who is eligible: another registry of inspectors may not hide him."""
        item, today = draw.opening["item"], self._today()
        with self.shelf.rows(self._get(Registry, draw.opening["inspectors"])) as state:
            pooled = set(state.names())
        for registry in self._registries("inspectors"):
            with self.shelf.rows(registry) as state:
                hidden = (r["id"] for r in state if r["id"] not in pooled and inspector_ground(r, item, today) is None)
                name = next(hidden, None)
            if name is not None:
                raise Conflict(
                    f"{registry.id} 中的 {name} 具备该事项资格却不在本次名录内：不得设特殊名录",
                    f"{name} of {registry.id} is eligible but not in this pool: there is no special roster",
                    "方案第五(三)2条",
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

    def _item_of(self, draw: Draw) -> dict[str, Any]:
        return self.items(self._get(Plan, draw.opening["plan"]).itemlist)[draw.opening["item"]]

    def _pool(self, draw: Draw, as_of: str) -> Pool:
        objects, inspectors = (self._get(Registry, draw.opening[kind]) for kind in ("objects", "inspectors"))
        with self.shelf.rows(inspectors) as rows:  # they are few, and others need them
            people = Listing.of(inspector_lines(rows, draw.opening["item"], as_of))
        with self.shelf.rows(objects) as rows:
            return derive_pool(rows, people)

    def _recusals(self, draw: Draw) -> tuple[Listing, Beside]:
        """Return the list that says of which objects somebody is recused, and the values behind it."""
        lines, values = [], []
        conflicts = self.private.conflicts(draw.opening["inspectors"])
        with self.shelf.rows(self._get(Registry, draw.opening["objects"])) as state:
            known = [name for name in conflicts if name in state]
        for name in known:
            value = sealed(recusal_label(draw.id.partition("/")[2], name), recusal_value(conflicts[name]))
            values.append(value)
            lines.append({"id": name, "recused": {"commitment": value[0]}})
        return listing(lines), Beside(values)

    def _freeze_document(self, draw: Draw, frozen: Pool, recusals: Listing, terms: dict[str, Any]) -> dict[str, Any]:
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
            "as_of": self._today(),
            "ledger_head": {"size": head.size, "root": head.root.hex()},
            "objects": self._population(draw.opening["objects"], frozen.objects),
            "inspectors": self._population(draw.opening["inspectors"], frozen.inspectors),
            "exclusions": {**frozen.tally.exclusions.fingerprint, "by_ground": frozen.by_ground},
            "recusals": recusals.fingerprint,
            "quota_bp": plan.require_item(item["id"]),
            **legal_maximum(item["class"]),
            "groups": [{"name": "certified", "rule": "eligible"}],
            "seats": SEATS,
            "verifier": verifier_digest(),
            "quorum": self._quorum().spelled(),
            **terms,
        }

    def _quorum(self) -> Quorum:
        """Return the quorum that the checkpoints of a draw need: that of the log's policy, nobody where it has none."""
        return self.cosigning.quorum if self.cosigning else Quorum(0, ())

    def _population(self, registry: str, pool: Listing) -> dict[str, Any]:
        return {"registry": registry, "version": self._get(Registry, registry).version, **pool.fingerprint}
