"""The signer as a process: it answers one log's service over a socket that nobody else can open, and holds the key alone.

Whoever connects is known by the kernel's word (SO_PEERCRED). One request is answered at a time, under the signer's own
lock; a head is durable before its signature is sent, so that this process may be killed at any moment.
"""

from __future__ import annotations

import base64
import logging
import os
import socket
import struct
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Any

from domain.errors import Conflict, Refusal, Unavailable
from domain.signer import Signer
from domain.signing import wire
from domain.signing.wire import RULE

LOG = logging.getLogger("fairdraw.signer")
BACKLOG = 16
_CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid


def listen(path: Path) -> socket.socket:
    """Return a new socket at `path`, which only its owner may open. Conflict where somebody listens there already."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except FileNotFoundError:
            pass
        except ConnectionRefusedError:
            path.unlink()  # left by a signer that was killed
        else:
            raise Conflict(f"{path} 已有签名器", f"a signer listens at {path} already", RULE)
    channel = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)  # from its first moment nobody else may open it
    try:
        channel.bind(str(path))
    finally:
        os.umask(before)
    channel.listen(BACKLOG)
    return channel


def inherited() -> socket.socket | None:
    """Return the socket that systemd opened for this process, None where there is none. Source: sd_listen_fds(3)."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
        return None
    return socket.socket(fileno=3)


class SignerServer:
    """Answers the users `clients` (uids) over a listening socket until `close`."""

    def __init__(self, signer: Signer, channel: socket.socket, clients: Collection[int]) -> None:
        self._signer, self._channel, self._clients = signer, channel, frozenset(clients)
        self._one = threading.Lock()

    def serve(self) -> None:
        """Answer until `close`; each connection has a thread, so that one that says nothing holds nobody up."""
        while True:
            try:
                connection, _ = self._channel.accept()
            except OSError:
                return
            threading.Thread(target=self._attend, args=(connection,), daemon=True).start()

    def close(self) -> None:
        """Accept nobody any more."""
        self._channel.shutdown(socket.SHUT_RDWR)
        self._channel.close()

    def _attend(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(wire.SECONDS)
            try:
                message = wire.receive(connection)  # whole, or closing would cut the answer off
                _, uid, _ = _CREDENTIALS.unpack(
                    connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
                )
                if uid not in self._clients:
                    LOG.warning("uid %s was refused", uid)
                    en = f"uid {uid} may not use this signer"
                    wire.send(connection, {"refused": {"zh": f"用户 {uid} 无权使用此签名器", "en": en}})
                    return
                wire.send(connection, self._answer(message))
            except Unavailable as garbled:
                LOG.warning("%s", garbled.en)
            except OSError as gone:
                LOG.warning("a client went away: %s", gone)

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        try:
            with self._one, self._signer.alone():
                match message:
                    case {"do": "state"}:
                        signer = self._signer
                        root, vkeys = signer.root.hex(), signer.vkeys
                        return {"origin": signer.origin, "size": signer.size, "root": root, "vkeys": vkeys}
                    case {"do": "sign", "size": int(size), "root": str(root), "path": list(path), "vkeys": list(vkeys)}:
                        proof = [bytes.fromhex(each) for each in path]
                        note = self._signer.sign(size, bytes.fromhex(root), proof, [str(each) for each in vkeys])
                        return {"note": base64.b64encode(note).decode()}
                raise Unavailable("不认识的请求", "an unknown request", RULE)
        except Refusal as refusal:
            LOG.error("refused: %s", refusal.en)
            return {"refused": {"zh": refusal.zh, "en": refusal.en}}
        except (ValueError, TypeError, OSError) as error:
            LOG.exception("the signer failed")
            return {"refused": {"zh": f"签名器出错：{error}", "en": f"the signer failed: {error}"}}
