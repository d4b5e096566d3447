"""Verification of a whole log: against reading and hashing each line, and against the peers that keep a chain."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from tests.bench.chains import chain
from tests.bench.compare import Row, Scale, Side, compare
from tests.bench.peers.environment import Driven
from tests.bench.verifying import Verifying

CHECKS = {
    "ledgerchain": "verify_chain, no root and no signature",
    "auditchain": "AuditLog.verify, no signature",
    "pymerkle": "which has no check of a whole log: each entry hashed, its inclusion proved, the proof checked",
}


def run(scale: Scale) -> list[Row]:
    """Return the row of the bare loop, and one for each peer."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        million = Verifying(folder / "large", scale.pick(500, 200_000, 1_000_000))
        rows = [bare_row(scale, million)]
        for peer in CHECKS:
            with Driven(peer, "WAL", folder) as driven:
                rows.append(peer_row(scale, peer, driven, million))
        return rows


def bare_row(scale: Scale, verifying: Verifying) -> Row:
    """The verifier may use two processes; the loop is one."""

    def bare() -> None:
        with (verifying.folder / "entries.jsonl").open("rb") as file:
            for line in file:
                hashlib.sha256(b"\x00" + line[:-1]).digest()

    return compare(
        Side(f"verification of {verifying.how}", verifying.run, verifying.n),
        Side("a bare loop that reads and hashes each line", bare, verifying.n),
        "entries",
        scale,
        at_most=1.4,
        how="with the start of the process and of the crew",
    )


def peer_row(scale: Scale, name: str, peer: Driven, verifying: Verifying) -> Row:
    """The peer checks a smaller log; rates are compared."""
    n = scale.pick(100, 2_000, 20_000)
    peer.ask("fill", list(chain(n)))
    size = peer.ask("verify")["checked"]
    return compare(
        Side(f"verification of {verifying.how}", verifying.run, verifying.n),
        Side(f"{peer.name}, {CHECKS[name]}", lambda: peer.ask("verify")["seconds"], size),
        "entries",
        scale,
        at_least=5,
        how=f"ours with the start of the process; the peers check a log of {n:,} with the process running",
    )
