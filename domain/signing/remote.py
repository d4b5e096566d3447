"""A signer in a process of its own, as the log sees it: asked over a socket, and not believed but checked.

The log never holds the key: whoever takes over the service can have heads signed that extend what was signed, and
nothing else.
"""

from __future__ import annotations

import base64
import fcntl
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from domain.errors import Unavailable
from domain.signing import wire
from domain.signing.wire import RULE
from verify import checkpoint, note


class RemoteSigner:
    """What a log asks of its signer, over the socket at `path`; the log's processes take turns by a lock in `folder`."""

    def __init__(self, path: Path, folder: Path) -> None:
        """Ask for the signer's state. Unavailable where nobody answers."""
        self._path, self._lock = path, folder / "signer.lock"
        self._take_state()

    def _take_state(self) -> None:
        state = self._ask({"do": "state"})
        try:
            self.origin, self.vkeys = str(state["origin"]), [str(each) for each in state["vkeys"]]
            self.size, self.root = int(state["size"]), bytes.fromhex(state["root"])
            if not self.vkeys or any(note.parse_vkey(each).name != self.origin for each in self.vkeys):
                raise ValueError("its keys are not those of the log")
        except (KeyError, TypeError, ValueError) as error:
            raise Unavailable(f"签名器的状态无法解读：{error}", f"no state of a signer: {error}", RULE) from error

    @property
    def vkey(self) -> str:
        """The oldest of its keys."""
        return self.vkeys[0]

    def signed_last(self) -> tuple[int, bytes]:
        """Return the (size, root) that was signed last, whoever asked for it. Unavailable."""
        self._take_state()
        return self.size, self.root

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep this log's other processes from signing meanwhile, and go on from the head that was signed last.

        A process that does not keep to the lock spoils only its own request: the signer has the last word.
        """
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._take_state()
            yield
        finally:
            os.close(descriptor)

    def sign(self, size: int, root: bytes, path: list[bytes], vkeys: Sequence[str] = ()) -> bytes:
        """Return the signed checkpoint of (size, root), one line for each of `vkeys` (none named: the oldest key).

        Unavailable where the signer refuses, or what comes back is not that checkpoint signed by those keys.
        """
        wanted = list(vkeys or self.vkeys[:1])
        proof = [each.hex() for each in path]
        answer = self._ask({"do": "sign", "size": size, "root": root.hex(), "path": proof, "vkeys": wanted})
        try:
            signed = base64.b64decode(answer["note"], validate=True)
            text, signers = note.open_note(signed, [note.parse_vkey(each) for each in wanted])
            if text != checkpoint.Checkpoint(self.origin, size, root).text() or len(signers) != len(set(wanted)):
                raise ValueError("another checkpoint than was asked for, or not signed by every key")
        except (KeyError, TypeError, ValueError) as error:
            raise Unavailable(f"签名器的答复不是所求的检查点：{error}", f"not what was asked: {error}", RULE) from error
        self.size, self.root = size, root
        return signed

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        try:
            with socket.socket(socket.AF_UNIX) as channel:
                channel.settimeout(wire.SECONDS)
                channel.connect(str(self._path))
                wire.send(channel, message)
                answer = wire.receive(channel)
        except OSError as error:
            raise Unavailable(
                f"签名器没有应答（{self._path}）：{error}", f"no signer answers at {self._path}: {error}", RULE
            ) from error
        refused = answer.get("refused")
        if isinstance(refused, dict):
            raise Unavailable(f"签名器：{refused.get('zh')}", f"the signer: {refused.get('en')}", RULE)
        return answer
