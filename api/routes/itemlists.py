"""Check item lists: what may be inspected, drafted, reviewed twice and published before any plan may name it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from api.auth import Caller
from api.bodies import After, BasisPoints, Body, Code, Limit, StrictRoute, Text, example
from api.commands import Command, Receipt
from api.context import TheLedger
from api.reading import One, Page, behind, existing, named, page, up_to_date
from api.routes.reviews import Name, add_reviews
from domain.core import Receipt as Done
from projections import itemlists

router = APIRouter(prefix="/item-lists", tags=["item lists 抽查事项清单"], route_class=StrictRoute)


class Item(Body):
    """One check item; ratios in basis points (500 is 5 %)."""

    model_config = ConfigDict(strict=True, extra="forbid", serialize_by_alias=True)
    id: Code
    name: Text
    item_class: Annotated[Literal["key", "general"], Field(alias="class")]
    ratio_min_bp: BasisPoints
    ratio_max_bp: BasisPoints
    object_type: Literal["market_entity", "product", "project", "behaviour"]
    lead_office: Text | None
    legal_basis: Text
    methods: list[Text]
    tag: Text | None


class ListDraft(Body):
    """A draft of a list."""

    model_config = example(
        title="长春市商务局随机抽查事项清单（2026年版）",
        items=[
            {
                "id": "CCSW-001",
                "name": "单用途商业预付卡备案情况检查",
                "class": "general",
                "ratio_min_bp": 500,
                "ratio_max_bp": 2000,
                "object_type": "market_entity",
                "lead_office": "流通秩序处",
                "legal_basis": "《单用途商业预付卡管理办法（试行）》第七条",
                "methods": ["实地检查", "书面检查"],
                "tag": "零售",
            }
        ],
    )
    title: Text
    items: Annotated[list[Item], Field(min_length=1)]


@router.post("", status_code=201, response_model=Receipt, summary="起草抽查事项清单 / draft an item list")
def draft(body: ListDraft, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Draft a list; the ledger numbers it."""
    items = [item.model_dump() for item in body.items]
    return ledger.draft_item_list(by, command, title=body.title, items=items)


@router.get("", summary="抽查事项清单列表 / list the item lists")
def list_item_lists(by: Caller, ledger: TheLedger, after: After = "", limit: Limit = 100) -> Page:
    """Return the lists in the order of their ids."""
    return page(ledger, lambda c: itemlists.itemlists(c, behind("itemlist", after), limit), limit)


@router.get("/{name}", summary="一份抽查事项清单 / show an item list")
def get_item_list(name: Name, by: Caller, ledger: TheLedger) -> One:
    """Return one list with its items."""
    stream = f"itemlist/{name}"
    with up_to_date(ledger) as snapshot:
        found = named(existing(itemlists.itemlist(snapshot.connection, stream)))
        return One(index=snapshot.index, item=found | {"items": itemlists.items(snapshot.connection, stream)})


add_reviews(router, "itemlist")
