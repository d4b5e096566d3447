"""One page per business and draw: why it was drawn, was not, or is not in the pool, and the file and the QR code that prove it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.context import TheLedger
from api.pages.rendering import base, render
from api.pages.story import story
from api.printing import qr_svg
from api.problems import Problem
from api.reading import up_to_date
from api.receipts import self_check
from api.routes import API_PREFIX
from api.routes.reviews import Name
from verify import canonical

router = APIRouter()


@router.api_route("/draws/{name}/self-check", methods=["GET", "HEAD"], response_class=HTMLResponse)
def selfcheck(
    request: Request,
    name: Name,
    ledger: TheLedger,
    business: Annotated[str, Query(alias="object", min_length=1, max_length=80)],
) -> HTMLResponse:
    """Show what is published of one business in one draw, whether it is in the pool or not."""
    business = business.strip()
    with up_to_date(ledger) as snapshot:
        value = self_check(ledger, snapshot.connection, name, business)
    if value is None:
        raise Problem(
            404, "没有这次抽取，或名录的冻结尚未公布", "there is no such draw, or its freeze is not published yet"
        )
    path = f"{API_PREFIX}/receipts/draws/{quote(name)}/{quote(value['object'], safe='')}.json"
    address = f"{base(request)}{path}"
    values = {
        "id": name,
        "check": value,
        "asked": business,
        "story": story(value),
        "ground": canonical.decode(value["pool"]["line"].encode()).get("excluded") if "pool" in value else None,
        "listed": canonical.decode(value["listed"]["line"].encode()) if "listed" in value else None,
        "path": path,
        "qr": qr_svg(address.encode()) if address.startswith("http") else None,
    }
    return render(request, ledger, "selfcheck.html", snapshot.index, **values)
