"""Going on after a loss: a database that is behind what was published is brought up from a published export.

Nothing that was published is ever given up: the missing entries are taken over byte for byte, checked against the head
the signer signed last, and an incident entry says in public what happened. Private values of the lost part are gone.
Source: ledger specification, section 7.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from domain.core import Decision, Receipt
from domain.errors import Conflict, Invalid, Unavailable
from domain.ledger import Ledger
from domain.opening import RECOVERY
from domain.organisation import Logbook
from domain.roles import SYSTEM, Cause
from domain.signing import is_there
from verify import entries
from verify.documents import PIECE
from verify.kinds import KINDS
from verify.shape import misfit
from verify.tree import Frontier, leaf_hash

RULE = "LEDGER 7"


def recover(folder: Path, source: Path, reason: str) -> Receipt:
    """Restore the log in `folder` from the export `source` and record the incident; return its receipt.

    One that was interrupted is finished by calling this again: until the incident is recorded the log does not open.
    Unavailable where the export does not hold every entry that was signed, or differs from them or from the database.
    """
    if not is_there(folder):
        raise Unavailable(f"{folder} 中没有台账", f"there is no log in {folder}", RULE)
    ledger = Ledger(folder, create=True)
    try:
        incident = _begin(ledger, reason)
        if ledger.store.command(SYSTEM.account, _command(incident)) is None:
            _require_same_history(ledger, source)
            _keep(folder / RECOVERY, incident)
            for document in sorted((source / "documents").glob("*")):
                with document.open("rb") as file:
                    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                ledger.store.put_document(sha256, document.stat().st_size, partial(_pieces, document))
            ledger.store.restore(_lines(source, ledger.store.size))
            incident["restored"] = ledger.store.size - incident["found_size"]
            _keep(folder / RECOVERY, incident)
        receipt = _record(ledger, incident)
        (folder / RECOVERY).unlink(missing_ok=True)
        ledger.publish_checkpoint()
        return receipt
    finally:
        ledger.close()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _begin(ledger: Ledger, reason: str) -> dict[str, Any]:
    """Return what the incident entry will say: kept from an interrupted recovery, else as the database is found now."""
    kept = ledger.folder / RECOVERY
    if kept.is_file():
        return dict(json.loads(kept.read_text("utf-8")))
    signed, found = ledger.signer.size, ledger.store.size
    if found >= signed and ledger.store.root(signed) == ledger.signer.root:
        raise Conflict("台账并未落后，无须恢复", "the log is not behind what was signed", RULE)
    incident = {"published_size": signed, "found_size": found, "restored": 0, "reason": reason}
    fault = misfit(incident, KINDS["log.recovered"].data)
    if fault:
        raise Invalid("须写明恢复的原因", f"the reason is missing: {fault}", RULE)
    return incident


def _command(incident: dict[str, Any]) -> str:
    return f"recover-{incident['found_size']}-{incident['published_size']}"


def _record(ledger: Ledger, incident: dict[str, Any]) -> Receipt:
    """Record the incident, once."""

    def decide(cause: Cause) -> Decision:
        log = ledger._get(Logbook, "log/main")
        log.recover(cause, incident["published_size"], incident["found_size"], incident["restored"], incident["reason"])
        return Decision(log)

    return ledger._do(SYSTEM, _command(incident), "log.recovered", incident, decide)


def _keep(path: Path, incident: dict[str, Any]) -> None:
    """Write what is under way, durable before anything is restored; a torn file is never read."""
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(incident, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _require_same_history(ledger: Ledger, source: Path) -> None:
    """Refuse an export that is shorter than what was signed, or another history than the signer's or the database's."""
    tree = Frontier()
    own = ledger.store.leaves()
    agrees = False
    for raw in _lines(source, 0):
        leaf = leaf_hash(raw)
        if next(own, leaf) != leaf:
            raise Unavailable(
                f"导出的第 {tree.size} 条与数据库不同",
                f"entry {tree.size} of the export is not that of the database",
                RULE,
            )
        tree.append(leaf)
        agrees = agrees or (tree.size == ledger.signer.size and tree.root() == ledger.signer.root)
    if not agrees or next(own, None) is not None:
        raise Unavailable(
            f"导出（{tree.size} 条）不含已签名的全部 {ledger.signer.size} 条，或与之不符",
            f"the export with {tree.size} entries is not the history of which {ledger.signer.size} were signed",
            RULE,
        )


def _lines(source: Path, start: int) -> Iterator[bytes]:
    """Yield the raw entries of an export from index `start` on. Unavailable where it cannot be read."""
    try:
        with (source / "entries.jsonl").open("rb") as file:
            for number, line in enumerate(file):
                if number >= start:
                    yield entries.parse(line.removesuffix(b"\n")).raw
    except (OSError, entries.EntryError) as error:
        raise Unavailable(f"导出无法读取：{error}", f"the export cannot be read: {error}", RULE) from error
