"""The command about many draws, which the verifier has: here it only stands in the list of commands."""

from __future__ import annotations

from api.commandline import Commands, new_command


def add(commands: Commands) -> None:
    """Add `audit`."""
    new_command(
        commands, "audit", "多次抽取的公正性审计（需要 SciPy）", "fairness evidence over many draws (needs SciPy)"
    )
