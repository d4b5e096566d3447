"""The pages for everybody: Chinese first, plain HTML made on the server, without a token and without a script."""

from __future__ import annotations

from fastapi import APIRouter

from api.auth import PUBLIC
from api.pages import draw, home, results, selfcheck, static, verifier

router = APIRouter(include_in_schema=False, dependencies=[PUBLIC])
for part in (home, draw, selfcheck, results, static, verifier):
    router.include_router(part.router)
