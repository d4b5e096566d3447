"""What a log and its signer say to one another over their socket: one line of JSON each way, and nothing more.

`{"do":"state"}` is answered with `{"origin","size","root","vkeys"}`; `{"do":"sign","size","root","path","vkeys"}` with
`{"note"}`, hashes in hex, the note in base64; what is refused with `{"refused":{"zh","en"}}`.
"""

from __future__ import annotations

import json
import socket
from typing import Any

from domain.errors import Unavailable

RULE = "LEDGER 7"
MOST = 65_536
"""The most bytes of a line: a proof has at most 64 hashes."""
SECONDS = 10.0
"""So long one side waits for the other."""


def send(channel: socket.socket, message: dict[str, Any]) -> None:
    """Send one line. OSError."""
    channel.sendall(json.dumps(message, ensure_ascii=False).encode() + b"\n")


def receive(channel: socket.socket) -> dict[str, Any]:
    """Return the line that came. Unavailable where it is none, or too long. OSError."""
    line = b""
    while not line.endswith(b"\n"):
        piece = channel.recv(MOST)
        line += piece
        if not piece or len(line) > MOST:
            raise _garbled(f"{len(line)} bytes without an end")
    try:
        message = json.loads(line)
    except ValueError as error:
        raise _garbled(str(error)) from error
    if not isinstance(message, dict):
        raise _garbled("no object")
    return message


def _garbled(reason: str) -> Unavailable:
    return Unavailable(f"签名器的消息无法解读：{reason}", f"not a message of a signer: {reason}", RULE)
