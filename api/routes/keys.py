"""The keys of the log: an administrator announces the next one, and retires the old one once both have signed."""

from __future__ import annotations

from fastapi import APIRouter

from api.auth import Caller
from api.bodies import Body, StrictRoute, Text, example
from api.commands import Command, Receipt
from api.context import TheLedger
from domain.core import Receipt as Done

router = APIRouter(tags=["log 日志"], route_class=StrictRoute)

_VKEY = "ledger.example.cn/220100+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"


class LogKey(Body):
    """A verifier key of the log, in one line."""

    model_config = example(vkey=_VKEY)
    vkey: Text


@router.post("/log/keys", status_code=201, response_model=Receipt, summary="公布新签名密钥 / announce the next key")
def announce_key(body: LogKey, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Announce the next key of the log; the signer has it already, and both keys sign from then on."""
    return ledger.announce_key(by, command, vkey=body.vkey)


@router.post(
    "/log/keys/retirement", status_code=201, response_model=Receipt, summary="停用旧签名密钥 / retire the old key"
)
def retire_key(body: LogKey, by: Caller, command: Command, ledger: TheLedger) -> Done:
    """Retire the older of the two keys that sign, with the head that it signed over the announcement of the other."""
    return ledger.retire_key(by, command, vkey=body.vkey)
