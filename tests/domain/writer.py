"""A writer process: `python -m tests.domain.writer FOLDER HAND COUNT` carries out commands and journals each of them.

Lines of the journal FOLDER/../hand-HAND: `sent ID`, `done ID INDEX LEAF`, `lost` when a connection broke. The same hand
started again sends the same commands, as a client does that never got an answer.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psycopg

from domain.ledger import Ledger
from domain.store import postgres_connections
from tests.story import item


def main(folder: Path, hand: str, count: int) -> None:
    journal = os.open(folder.parent / f"hand-{hand}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(*words: object) -> None:
        os.write(journal, (" ".join(map(str, words)) + "\n").encode())

    wait = postgres_connections.Waiting.after

    def after(self: postgres_connections.Waiting, error: psycopg.OperationalError) -> None:
        note("lost")
        wait(self, error)

    postgres_connections.Waiting.after = after  # type: ignore[method-assign]
    ledger = Ledger.open(folder)
    admin, market = ledger.actor("admin"), ledger.actor("market")
    for number in range(count):
        command = f"{hand}-{number}"
        note("sent", command)
        if number % 4 == 3:  # numbered by the ledger: every one of them moves what the others rest on
            receipt = ledger.draft_item_list(market, command, title=command, items=[item("CCSW-003", "general")])
        else:
            unit = f"w{hand}-{number}"
            receipt = ledger.register_unit(admin, command, unit=unit, name=unit, kind="office", parent="220100")
        note("done", command, receipt.index, receipt.leaf)
        if number % 10 == 9:
            ledger.publish_checkpoint()
    ledger.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
