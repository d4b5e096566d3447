"""What a log can be founded with: an origin that keys and checkpoints can name, a first unit and a first account."""

from __future__ import annotations

from domain.errors import Invalid
from domain.roles import SYSTEM
from domain.spelled import refusing_bad_values
from verify import canonical, note
from verify.checkpoint import Checkpoint
from verify.kinds import KINDS
from verify.shape import misfit


def refuse_founding(origin: str, clock: str, unit: str, unit_name: str, account: str) -> None:
    """Refuse, before anything is made, what entry 0 and the first two could not say."""
    if clock == "stepped" and not origin.startswith("demo."):
        raise Invalid("步进时钟只用于演示台账", "a stepped clock is for origins that begin with demo.", "LEDGER 11")
    try:
        Checkpoint(origin, 1, bytes(32))
        note.parse_vkey(note.format_vkey(origin, bytes(32)))
    except note.NoteError as error:
        raise Invalid(
            f"台账来源名 {origin!r} 不可用", f"the origin {origin!r} cannot be used: {error}", "TLOG 3"
        ) from error
    bureau = {"unit": unit, "name": unit_name, "kind": "bureau", "parent": None}
    first = {"account": account, "role": "admin", "unit": unit}
    reason = misfit(bureau, KINDS["unit.registered"].data) or misfit(first, KINDS["account.opened"].data)
    if reason or account == SYSTEM.account:
        raise Invalid(
            f"机关代码、名称或首个账号不合要求（{reason or account}）",
            reason or "the account system is the log's own",
            "LEDGER 2",
        )
    with refusing_bad_values():
        canonical.encode([origin, unit_name])
