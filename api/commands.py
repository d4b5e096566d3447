"""The id of a command: the client's Idempotency-Key, so that asking again never does a thing twice."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import Depends, Header
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request

from api.problems import Problem
from verify.entries import COMMAND

_DESCRIPTION = "命令标识，重试时不变 / id of the command, the same on every retry: [A-Za-z0-9._-]{1,64}"


async def command_of(
    request: Request, idempotency_key: Annotated[str | None, Header(description=_DESCRIPTION)] = None
) -> str:
    """Return the command's id, a new UUID where the client gave none; 400 for one that cannot be an id."""
    if idempotency_key is None:
        return str(uuid.uuid4())
    # Two headers would leave it to chance which one counts.
    if len(request.headers.getlist("idempotency-key")) > 1 or not COMMAND.fullmatch(idempotency_key):
        raise Problem(
            400, "Idempotency-Key 不合要求", "an Idempotency-Key has 1 to 64 of A-Z a-z 0-9 . _ -", "LEDGER 2"
        )
    return idempotency_key


Command = Annotated[str, Depends(command_of)]


class Receipt(BaseModel):
    """What a client gets for a command: where its entry stands, and the leaf to look for in the published log.

    What proves it to others is at `/api/v1/receipts/{index}.tlog-proof`, as soon as a checkpoint covers the entry.
    """

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "index": 41,
                "leaf": "5f1c0c6b1d6f3d1a9e6a5d0c7b7e0c8f8f3c2a1b0d9e8f7a6b5c4d3e2f1a0b9c",
                "at": "2026-03-02T09:00:41.000+08:00",
                "stream": "draw/220100-2026-0001",
                "version": 3,
                "kind": "draw.frozen",
                "command": "freeze-0001",
            }
        },
    )
    index: int
    leaf: str
    at: str
    stream: str
    version: int
    kind: str
    command: str
