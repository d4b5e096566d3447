"""The commands of the command line, one file per matter."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

Commands = Any
"""What argparse gives for adding commands to."""


def folder_argument(command: argparse.ArgumentParser) -> None:
    """Give a command the option that names the log's folder."""
    command.add_argument("--dir", type=Path, default=Path("fairdraw-log"), help="台账文件夹 / the folder of the log")
