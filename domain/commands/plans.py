"""Commands about check item lists and plans: draft, two reviews, publication."""

from __future__ import annotations

from typing import Any

from domain.base import refuse_personal
from domain.commands.organisation import OrganisationCommands
from domain.core import Decision, Receipt
from domain.errors import NotFound
from domain.itemlists import ItemList, refuse_illegal_items
from domain.plans import Plan
from domain.reviewed import Reviewed
from domain.roles import Actor, Cause
from verify import documents
from verify.personal import public_texts

_NOUNS: dict[str, type[Reviewed]] = {"itemlist": ItemList, "plan": Plan}


class PlanCommands(OrganisationCommands):
    """Check item lists and plans."""

    def draft_item_list(self, by: Actor, command: str, *, title: str, items: list[dict[str, Any]]) -> Receipt:
        """Draft a check item list for the actor's unit; the ledger numbers it."""

        def decide(cause: Cause) -> Decision:
            refuse_illegal_items(items)
            for item in items:
                refuse_personal(public_texts(item), item["id"])
            number = self._next(f"itemlist/{self.agency}-")
            fresh = ItemList(f"itemlist/{self.agency}-{number}")
            fresh.draft(cause, by.unit, title, self.put_listing(documents.listing(items)))
            return Decision(fresh)

        return self._do(by, command, "itemlist.drafted", {"title": title, "items": items}, decide)

    def draft_plan(
        self,
        by: Actor,
        command: str,
        *,
        title: str,
        year: int,
        form: str,
        mode: str,
        purpose: str,
        itemlist: str,
        period: dict[str, str],
        joint_departments: list[str],
        items: list[dict[str, Any]],
    ) -> Receipt:
        """Draft the plan of a year for the actor's unit, citing a published item list; the ledger numbers it."""
        facts = {
            "title": title,
            "year": year,
            "form": form,
            "mode": mode,
            "purpose": purpose,
            "itemlist": itemlist,
            "period": period,
            "joint_departments": joint_departments,
            "items": items,
        }

        def decide(cause: Cause) -> Decision:
            number = self._next(f"plan/{self.agency}-{year}-")
            fresh = Plan(f"plan/{self.agency}-{year}-{number}")
            fresh.draft(cause, {**facts, "unit": by.unit}, self.items(itemlist))
            return Decision(fresh)

        return self._do(by, command, "plan.drafted", facts, decide)

    def review_legality(self, by: Actor, command: str, *, stream: str, passed: bool, reason: str) -> Receipt:
        """Record the legality review of an item list or a plan."""

        def decide(cause: Cause) -> Decision:
            found = self._reviewed(stream)
            found.review_legality(cause, passed, reason)
            return Decision(found)

        facts = {"stream": stream, "passed": passed, "reason": reason}
        return self._do(by, command, f"{_noun(stream)}.legality-reviewed", facts, decide)

    def review_justice(
        self, by: Actor, command: str, *, stream: str, passed: bool, reason: str, reference: str
    ) -> Receipt:
        """Record the justice bureau's review of an item list or a plan."""

        def decide(cause: Cause) -> Decision:
            found = self._reviewed(stream)
            found.review_justice(cause, passed, reason, reference)
            return Decision(found)

        facts = {"stream": stream, "passed": passed, "reason": reason, "reference": reference}
        return self._do(by, command, f"{_noun(stream)}.justice-reviewed", facts, decide)

    def publish(self, by: Actor, command: str, *, stream: str, channel: str, reference: str) -> Receipt:
        """Record the publication of an item list or a plan."""

        def decide(cause: Cause) -> Decision:
            found = self._reviewed(stream)
            found.publish(cause, channel, reference)
            return Decision(found)

        facts = {"stream": stream, "channel": channel, "reference": reference}
        return self._do(by, command, f"{_noun(stream)}.published", facts, decide)

    def items(self, itemlist: str) -> dict[str, dict[str, Any]]:
        """Return the items of a published list by code. Conflict where the list is not published."""
        found = self._get(ItemList, itemlist)
        found.require_published()
        return {line["id"]: line for line in self.lines(found.document)}

    def _reviewed(self, stream: str) -> Reviewed:
        return self._get(_NOUNS[_noun(stream)], stream)


def _noun(stream: str) -> str:
    noun = stream.partition("/")[0]
    if noun not in _NOUNS:
        raise NotFound(f"{stream} 不是清单或计划", f"{stream} is neither an item list nor a plan", "LEDGER 2")
    return noun
