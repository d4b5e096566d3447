"""The verifier, started as anybody starts it, on a log that was made for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.bench.chains import export

PROCESSES = 2


class Verifying:
    """An export of n entries, and the verifier's run over its chain, its root and its signature."""

    def __init__(self, folder: Path, n: int) -> None:
        self.folder, self.n = folder, n
        self._vkey = export(folder, n)
        self.how = f"{n:,} entries, chain, root and signature, {PROCESSES} processes"

    def run(self) -> None:
        """Verify. RuntimeError where the log is not found sound."""
        command = [sys.executable, "-P", "-m", "verify", str(self.folder), "--vkey", self._vkey, "--json"]
        done = subprocess.run(
            [*command, "--chain", "--processes", str(PROCESSES)],
            cwd=Path(__file__).parents[2],
            env={"PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            check=False,
        )
        # 2: whatever is not the chain is UNCHECKED, as it should be
        if done.returncode != 2 or json.loads(done.stdout)["size"] != self.n:
            raise RuntimeError(f"exit code {done.returncode}: {done.stdout.decode()[-2000:]}{done.stderr.decode()}")
