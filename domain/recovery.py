"""Going on after a loss: a database that is behind what was published is brought up from a published export.

Nothing that was published is ever given up: the missing entries are taken over byte for byte, checked against the head
the signer signed last, and an incident entry says in public what happened. Private values of the lost part are gone.
Source: ledger specification, section 7.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from domain.core import Decision, Receipt
from domain.errors import Conflict, Unavailable
from domain.ledger import Ledger
from domain.organisation import Logbook
from domain.roles import SYSTEM, Cause
from verify import entries
from verify.tree import Frontier, leaf_hash

RULE = "LEDGER 7"


def recover(folder: Path, source: Path, reason: str) -> Receipt:
    """Restore the log in `folder` from the export `source` and record the incident; return its receipt.

    Unavailable where the export does not hold every entry that was signed, or differs from them or from the database.
    """
    ledger = Ledger(folder)
    try:
        signed, found = ledger.signer.size, ledger.store.size
        if found >= signed and ledger.store.root(signed) == ledger.signer.root:
            raise Conflict("台账并未落后，无须恢复", "the log is not behind what was signed", RULE)
        _require_same_history(ledger, source)
        for document in sorted((source / "documents").glob("*")):
            ledger.store.put_document(document.read_bytes())
        restored = ledger.store.restore(_lines(source, found))
        ledger._start()

        def decide(cause: Cause) -> Decision:
            log = ledger._get(Logbook, "log/main")
            log.recover(cause, signed, found, restored, reason)
            return Decision(log)

        facts = {"published": signed, "found": found, "reason": reason}
        receipt = ledger._do(SYSTEM, f"recover-{found}-{signed}", "log.recovered", facts, decide)
        ledger.publish_checkpoint()
        return receipt
    finally:
        ledger.close()


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
