"""One page per business and draw: why it was drawn or was not, and the file and the QR code that prove it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.context import TheLedger
from api.pages.rendering import base, render
from api.printing import qr_svg
from api.problems import Problem
from api.reading import up_to_date
from api.receipts import self_check
from api.routes import API_PREFIX
from api.routes.reviews import Name
from verify import canonical
from verify.entries import read_own

router = APIRouter()


@router.api_route("/draws/{name}/self-check", methods=["GET", "HEAD"], response_class=HTMLResponse)
def selfcheck(
    request: Request,
    name: Name,
    ledger: TheLedger,
    business: Annotated[str, Query(alias="object", pattern=r"^\s*[A-Za-z0-9][A-Za-z0-9._-]{0,63}\s*$")],
) -> HTMLResponse:
    """Show the ticket, the threshold and the result of one business in one draw."""
    business = business.strip()
    with up_to_date(ledger) as snapshot:
        value = self_check(ledger, snapshot.connection, name, business)
    if value is None:
        raise Problem(404, "没有这次抽取，或结果尚未公布", "there is no such draw, or its result is not published yet")
    entries = {key: read_own(held["entry"].encode()).data for key, held in value["entries"].items()}
    path = f"{API_PREFIX}/receipts/draws/{quote(name)}/{quote(business)}.json"
    address = f"{base(request)}{path}"
    values = {
        "id": name,
        "check": value,
        "ground": canonical.decode(value["pool"]["line"].encode()).get("excluded"),
        "listed": canonical.decode(value["listed"]["line"].encode()) if "listed" in value else None,
        "stratum": entries["drawn"]["strata"].get(value["stratum"], {"n": 0, "k": 0}),
        "freeze": entries["frozen"]["freeze"],
        "path": path,
        "qr": qr_svg(address.encode()) if address.startswith("http") else None,
    }
    return render(request, ledger, "selfcheck.html", snapshot.index, **values)
