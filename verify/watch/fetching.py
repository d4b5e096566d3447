"""The fetching: the files of a log over HTTP, with a limit on their length and on the time that each may take.

Nothing is believed here. What goes wrong is one of three troubles, each with words of its own; a file that is not there
(404, 410) is None, because whether that is a fault depends on the file.
"""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib
from collections.abc import Iterator
from http.client import HTTPMessage
from typing import IO

from verify import network
from verify.source import UsageError

AGENT = "fairdraw-watch"
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36",
    "curl/8.5.0",
)
"""As whom the other views are fetched: as people with browsers, and as somebody with a tool."""
PATIENCE = 30.0
"""Seconds that one file may take; a longer one gets as many more as it has megabytes."""
PIECE = 1 << 16
UNREACHABLE, SLOW, GARBAGE = "unreachable", "slow", "garbage"
_GONE = (404, 410)


class Trouble(Exception):
    """The log does not answer as a log does: `kind` is unreachable, slow or garbage. `zh` and `en` say how."""

    def __init__(self, kind: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.kind, self.zh, self.en = kind, zh, en


class _StaysHttp(urllib.request.HTTPRedirectHandler):
    """Follows a redirection only to HTTP: a log that points to a file of this machine answers garbage."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if urllib.parse.urlsplit(newurl).scheme not in ("http", "https"):
            raise Trouble(GARBAGE, f"日志把请求转到 {newurl[:200]!a}。", f"The log redirects to {newurl[:200]!a}.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Site:
    """A log at an address, asked by one `agent`. `requests` and `bytes` count what was fetched."""

    def __init__(self, url: str, agent: str = AGENT, patience: float = PATIENCE) -> None:
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise UsageError(f"{url} 不是 http 或 https 地址。", f"{url} is no http or https address.")
        self.url, self.agent, self.patience = url.rstrip("/"), agent, patience
        self.requests = self.bytes = 0
        self._opener = urllib.request.build_opener(_StaysHttp())

    def get(self, path: str, most: int) -> bytes | None:
        """Return a file of at most `most` bytes; None where there is none. Raises Trouble."""
        found = self.pieces(path, most)
        return None if found is None else b"".join(found)

    def pieces(self, path: str, most: int) -> Iterator[bytes] | None:
        """Return the pieces of a file, as `get` does."""
        asked = urllib.request.Request(
            f"{self.url}/{path}", headers={"User-Agent": self.agent, "Accept-Encoding": "gzip, identity"}
        )
        self.requests += 1
        deadline = time.monotonic() + self.patience + most / 1e6
        try:
            answer = self._opener.open(asked, timeout=self.patience)
        except urllib.error.HTTPError as error:
            with error:
                if error.code in _GONE:
                    return None
                zh, en = f"{path}：服务答复 {error.code}。", f"{path}: the service answers {error.code}."
                raise Trouble(UNREACHABLE, zh, en) from error
        except (
            OSError,
            ValueError,
            http.client.HTTPException,
        ) as error:  # ValueError: a redirect to what is no address
            raise self._trouble(path, error) from error
        return self._read(path, answer, most, deadline)

    def _read(self, path: str, answer: http.client.HTTPResponse, most: int, deadline: float) -> Iterator[bytes]:
        """Yield what is answered, unpacked where it was packed; Trouble where it is too long or takes too long."""
        packed = answer.headers.get("Content-Encoding", "") == "gzip"
        unpacking = zlib.decompressobj(31)
        left = most
        try:
            with answer:
                while piece := answer.read1(PIECE):
                    self.bytes += len(piece)
                    if time.monotonic() > deadline:
                        raise TimeoutError("the answer goes on and on")
                    plain = unpacking.decompress(piece, left + 1) if packed else piece
                    left -= len(plain)
                    if left < 0:
                        raise Trouble(GARBAGE, f"{path} 超过 {most} 字节。", f"{path} has more than {most} bytes.")
                    yield plain
                if answer.length or (packed and not unpacking.eof):  # it ended before what was announced
                    raise http.client.IncompleteRead(b"", answer.length)
        except (OSError, ValueError, http.client.HTTPException, zlib.error) as error:
            raise self._trouble(path, error) from error

    def _trouble(self, path: str, error: Exception) -> Trouble:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        zh_told, told = network.told(reason if isinstance(reason, Exception) else str(reason))
        if isinstance(reason, TimeoutError):
            zh = f"{self.url}/{path} 在 {self.patience:g} 秒内没有答完。"
            return Trouble(SLOW, zh, f"{self.url}/{path} was not answered within {self.patience:g} s.")
        if not isinstance(reason, OSError | str):
            return Trouble(GARBAGE, f"{self.url}/{path} 的答复残缺：{zh_told}。", f"{self.url}/{path}: {told}.")
        return Trouble(
            UNREACHABLE, f"无法访问 {self.url}/{path}：{zh_told}。", f"{self.url}/{path} is unreachable: {told}."
        )
