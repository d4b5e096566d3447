"""Receipts for everybody, without a token: the proof of an entry, and why a business was drawn or was not."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.auth import PUBLIC
from api.context import TheLedger
from api.problems import Problem
from api.reading import up_to_date
from api.receipts import receipt, self_check, spelled
from api.routes.reviews import Name

router = APIRouter(prefix="/receipts", tags=["log 日志"], dependencies=[PUBLIC], default_response_class=Response)
Business = Annotated[str, Path(min_length=1, max_length=64)]
_MOMENT = {"Cache-Control": "public, max-age=1"}
_Described = dict[int | str, dict[str, Any]]
_PROOF: _Described = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
_JSON: _Described = {200: {"content": {"application/json": {"schema": {"type": "object"}}}}}


@router.get("/{index}.tlog-proof", responses=_PROOF, summary="记录回执 / get the receipt of an entry")
def of_entry(index: Annotated[int, Path(ge=0, le=2**53)], ledger: TheLedger) -> Response:
    """Return the receipt of an entry (C2SP tlog-proof): its path in the last checkpoint, and its bytes as `extra`.

    Every command answers the `index` of its entry; its receipt is there as soon as a checkpoint covers it.
    """
    content = receipt(ledger, index)
    if content is None:
        raise _not_yet("这条记录尚未公布", "no checkpoint covers this entry yet", index < ledger.size)
    return Response(content, media_type="text/plain", headers=_MOMENT)


@router.get("/draws/{name}/{business}.json", responses=_JSON, summary="企业自查 / why a business was drawn, or not")
def of_business(name: Name, business: Business, ledger: TheLedger) -> Response:
    """Return the self-check of any code in a draw, in its pool or not, as soon as the freeze of the draw is published.

    `result`: drawn, not-drawn, excluded, in-pool (there is no result yet) or absent, shown by the two neighbours in the
    pool. Lower case is accepted; a code that cannot be one is 422. Verified offline with `python -m verify receipt FILE
    --vkey KEY`.
    """
    with up_to_date(ledger) as snapshot:
        value = self_check(ledger, snapshot.connection, name, business)
    if value is None:
        raise _not_yet(
            "没有这次抽取，或名录的冻结尚未公布", "there is no such draw, or its freeze is not published yet", True
        )
    return Response(spelled(value), media_type="application/json", headers=_MOMENT)


def _not_yet(zh: str, en: str, soon: bool) -> Problem:
    return Problem(404, zh, en, headers={"Retry-After": "1"} if soon else {})
