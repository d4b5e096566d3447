"""Who signs a log's checkpoints: the signer of its own folder, or one that runs as a process of its own.

Both keep the last head they signed, and sign only what extends it. `signer.json` in the log's folder says which it is:
without that file it is embedded, in the folder `signer`; `{"socket":"/run/…/signer.sock"}` names one that is elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from domain.errors import Unavailable

RULE = "LEDGER 7"
CHOICE = "signer.json"


class CheckpointSigner(Protocol):
    """What a log asks of its signer."""

    origin: str
    """The log it signs for."""
    size: int
    root: bytes
    """The head signed last, as it was when `alone` was entered."""

    @property
    def vkeys(self) -> list[str]:
        """The verifier keys it can sign with, the oldest first."""

    @property
    def vkey(self) -> str:
        """The oldest of them."""

    def signed_last(self) -> tuple[int, bytes]:
        """Return the (size, root) that was signed last, whoever asked for it. Unavailable."""

    def alone(self) -> AbstractContextManager[None]:
        """Keep this log's other processes from signing meanwhile, and go on from the head that was signed last."""

    def sign(self, size: int, root: bytes, path: list[bytes], vkeys: Sequence[str] = ()) -> bytes:
        """Return the signed checkpoint of (size, root), one line for each of `vkeys` (none named: the oldest key).

        `path`: the consistency proof from the head signed last. Unavailable where the tree does not extend that head,
        or a key is not here.
        """


def socket_of(folder: Path) -> Path | None:
    """Return the socket of the signer that a log's folder names, None where it is embedded. Unavailable."""
    try:
        chosen = json.loads((folder / CHOICE).read_text("utf-8"))
        return Path(chosen["socket"]) if chosen.keys() == {"socket"} else _unreadable(f"{chosen}")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        return _unreadable(str(error))


def _unreadable(reason: str) -> Path:
    raise Unavailable(f"{CHOICE} 无法读取：{reason}", f"{CHOICE} cannot be read: {reason}", RULE)


def is_there(folder: Path) -> bool:
    """Whether the folder of a log has a signer, or names one."""
    return (folder / "signer").is_dir() or (folder / CHOICE).is_file()


def is_made(folder: Path) -> bool:
    """Whether that signer is whole: its head is the last thing that making one writes."""
    return (folder / "signer" / "head.json").is_file() or (folder / CHOICE).is_file()


def signer_of(folder: Path) -> CheckpointSigner:
    """Open the signer of the log in `folder`. Unavailable where it cannot be read or reached."""
    socket = socket_of(folder)
    if socket is None:
        from domain.signer import Signer  # here: whose signer is elsewhere loads no key

        return Signer(folder / "signer")
    from domain.signing.remote import RemoteSigner

    return RemoteSigner(socket, folder)


def choose(folder: Path, socket: Path) -> None:
    """Let the log in `folder` be signed by the process that listens at `socket`."""
    fresh = folder / f"{CHOICE}.new"
    fresh.write_text(json.dumps({"socket": str(socket)}), "utf-8")
    fresh.replace(folder / CHOICE)
