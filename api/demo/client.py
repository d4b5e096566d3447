"""An API client that loses nothing: what it sends is noted before, what was acknowledged is on disk before it goes on.

`sent.jsonl` names every command before it leaves, `acknowledged.jsonl` its receipt, fsynced. After a crash the client sends
again what has no receipt, under the same command id, and the service answers what it had recorded.
"""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode


class Refused(Exception):
    """The service refused a request; the message is its reason, `problem` its whole answer."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"HTTP {status}: {problem.get('detail') or problem.get('title') or problem}")
        self.status, self.problem = status, problem


class Client:
    """One connection to the service, and the journal of one run in `folder`."""

    def __init__(self, host: str, port: int, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._connection = http.client.HTTPConnection(host, port, timeout=600)
        self.receipts: dict[str, dict[str, Any]] = {
            receipt["command"]: receipt for receipt in read_journal(folder / "acknowledged.jsonl")
        }
        self._sent = (folder / "sent.jsonl").open("ab")
        self._acknowledged = _appendable(folder / "acknowledged.jsonl")
        self._tokens: dict[str, str] = {}

    def use_token(self, account: str, token: str) -> None:
        """Act as `account` with this token."""
        self._tokens[account] = token

    def command(
        self, account: str, command: str, path: str, body: Any, media: str = "application/json"
    ) -> dict[str, Any]:
        """Carry out one command and return its receipt; one that has a receipt already is not sent again."""
        if command in self.receipts:
            return self.receipts[command]
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode("utf-8")
        self._sent.write(json.dumps({"command": command}).encode() + b"\n")
        self._sent.flush()
        headers = {"Idempotency-Key": command, "Content-Type": media}
        receipt = self._request("POST", path, account, content, headers)
        self._acknowledged.write(json.dumps(receipt, ensure_ascii=False).encode("utf-8") + b"\n")
        self._acknowledged.flush()
        os.fsync(self._acknowledged.fileno())
        self.receipts[command] = receipt
        return receipt

    def post(self, account: str, path: str, body: Any) -> dict[str, Any]:
        """Ask for something that leaves no entry."""
        content = json.dumps(body).encode("utf-8")
        return self._request("POST", path, account, content, {"Content-Type": "application/json"})

    def get(self, account: str, path: str, **query: Any) -> dict[str, Any]:
        """Read."""
        return self._request("GET", path + ("?" + urlencode(query) if query else ""), account, None, {})

    def close(self) -> None:
        """Close the connection and the journal."""
        self._connection.close()
        self._sent.close()
        self._acknowledged.close()

    def _request(
        self, method: str, path: str, account: str, body: bytes | None, headers: dict[str, str]
    ) -> dict[str, Any]:
        headers = {**headers, "Authorization": f"Bearer {self._tokens[account]}", "Accept": "application/json"}
        self._connection.request(method, "/api/v1" + quote(path, safe="/?&=%"), body, headers)
        response = self._connection.getresponse()
        content = response.read()
        try:
            answer: dict[str, Any] = json.loads(content)
        except ValueError:
            answer = {"detail": content[:200].decode("utf-8", "replace")}
        if response.status >= 300:
            raise Refused(response.status, answer)
        return answer


def read_journal(path: Path) -> list[dict[str, Any]]:
    """Return the whole lines of a journal; a last line that a crash cut short was never acted upon."""
    if not path.is_file():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    return [json.loads(line) for line in lines if line]


def _appendable(path: Path) -> Any:
    """Open a journal for appending, after cutting off a last line that a crash left incomplete."""
    content = path.read_bytes() if path.is_file() else b""
    file = path.open("ab")
    file.truncate(content.rfind(b"\n") + 1)
    return file
