"""What is true of SQLite only: one process holds a log, and a second one is refused by name."""

import os
import subprocess
import sys

from tests.story import Story


def test_a_second_process_is_refused_by_name(told: Story) -> None:
    script = (
        "import sys; from pathlib import Path; from domain.ledger import Ledger; from domain.errors import Unavailable\n"
        "try: Ledger.open(Path(sys.argv[1]))\n"
        "except Unavailable as refusal: print(refusal.en)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, str(told.ledger.folder)], capture_output=True, text=True, check=True
    )

    assert f"in use by process {os.getpid()}" in done.stdout
