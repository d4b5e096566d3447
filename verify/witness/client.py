"""Asking a witness for its cosignature: one request over HTTP, one answer, within a time that is named."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from urllib.parse import urlsplit

MOST_BYTES = 1 << 16


class Unreachable(Exception):
    """The witness did not answer, or not in HTTP."""


@dataclass(frozen=True)
class Reply:
    """What a witness answered: its status, media type and body, as far as an answer may go."""

    status: int
    media: str
    body: bytes


def add_checkpoint(url: str, body: bytes, seconds: float) -> Reply:
    """Post a request to the witness at `url`, waiting at most `seconds` for each step. Raises Unreachable.

    Redirections are not followed, and no proxy of the environment is used: the policy names who is asked.
    """
    try:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=seconds)
    except ValueError as error:
        raise Unreachable(str(error)) from error
    try:
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        connection.request("POST", f"{parts.path}/add-checkpoint", body, headers)
        response = connection.getresponse()
        media = response.getheader("Content-Type", "").partition(";")[0].strip()
        return Reply(response.status, media, response.read(MOST_BYTES))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()
