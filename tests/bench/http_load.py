"""A small generator of load in a process of its own: some connections that are kept open, each with one request at a time.

A line of the input: `{"port":N,"connections":N,"requests":[{"path","headers","body"}, …]}`; of the output: the seconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from time import perf_counter
from typing import Any


async def connection(port: int, waiting: Iterator[bytes]) -> None:
    """Send what waits, one after the other. RuntimeError for any answer that is no success."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in waiting:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        [length] = (line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        body = await reader.readexactly(int(length))
        if head[9:10] != b"2":
            raise RuntimeError(f"{head.decode()}{body.decode()}")
    writer.close()
    await writer.wait_closed()


async def load(port: int, connections: int, requests: list[dict[str, Any]]) -> float:
    """Return the seconds until all requests were answered."""
    spelled = iter([spell(request) for request in requests])
    start = perf_counter()
    await asyncio.gather(*(connection(port, spelled) for _ in range(connections)))
    return perf_counter() - start


def spell(request: dict[str, Any]) -> bytes:
    """Return the bytes of one request."""
    body = json.dumps(request["body"]).encode()
    lines = [
        f"POST {request['path']} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in request["headers"].items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


if __name__ == "__main__":
    for line in sys.stdin:
        print(asyncio.run(load(**json.loads(line))), flush=True)
