"""Anchors: a published checkpoint is stamped by an outside authority with its time, and the token enters the log.

Form: RFC 3161 over HTTP; stamped is the SHA-256 of the signed note. `anchor.json` in the log's folder says where the
authority is and how often a running service asks it: `{"url":"https://…","seconds":86400}`.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

from api.problems import LOG
from domain.core import Receipt
from domain.errors import Invalid, Unavailable
from domain.ledger import Ledger
from domain.lockfile import LockFile
from domain.roles import SYSTEM
from verify import checkpoint, timestamps
from verify.source import SMALL

RULE = "LEDGER 7"
SETTINGS = "anchor.json"
WAIT = 20.0
"""So many seconds an authority has for its answer."""
AGAIN = 300.0
"""So many seconds after a failure it is asked again, or sooner where it is asked more often anyway."""
SOON = 1.0
"""So many seconds after the start it is asked where a stamp is overdue."""
LEAST = 60
"""It is never asked more often than once in so many seconds: every stamp is an entry of the log."""

Fetch = Callable[[bytes], bytes]
"""Sends a query to an authority and returns its reply."""


@dataclass(frozen=True)
class Schedule:
    """Where the authority is, and every how many seconds it is asked."""

    url: str
    seconds: int

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in ("http", "https") or self.seconds < LEAST:
            raise Invalid(
                f"时间戳机构须为 http(s) 地址，间隔不少于 {LEAST} 秒",
                f"an authority is an http(s) address, asked every {LEAST} seconds at most",
                RULE,
            )

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return what `anchor.json` says, None where there is no such file. Unavailable where it cannot be read."""
        try:
            return cls(**json.loads((folder / SETTINGS).read_text("utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, Invalid) as error:
            raise Unavailable(f"{SETTINGS} 无法读取：{error}", f"{SETTINGS} cannot be read: {error}", RULE) from error

    def write(self, folder: Path) -> None:
        """Let the service of the log in `folder` keep to it, from its next start on."""
        fresh = folder / f"{SETTINGS}.new"
        fresh.write_text(json.dumps(asdict(self)), "utf-8")
        fresh.replace(folder / SETTINGS)


def over_http(url: str) -> Fetch:
    """Return how an authority is asked over HTTP. Source: RFC 3161, section 3.4."""

    def fetch(query: bytes) -> bytes:
        asked = urllib.request.Request(url, query, {"Content-Type": "application/timestamp-query"})
        with urllib.request.urlopen(asked, timeout=WAIT) as answer:
            return bytes(answer.read(SMALL + 1))

    return fetch


def anchor(ledger: Ledger, fetch: Fetch) -> Receipt | None:
    """Have the published checkpoint stamped and record the token; None where nothing is new since the last stamp.

    Unavailable where the authority does not answer, or not with a stamp of what was asked. A crash on the way loses a
    token that nobody needs: the next call asks again.
    """
    published = ledger.due_for_anchoring()
    if published is None:
        return None
    token = _stamped(published, fetch)
    size = checkpoint.parse(published)[0].size
    receipt = ledger.anchor(SYSTEM, f"anchor-{size}-{secrets.token_hex(4)}", published=published, token=token)
    ledger.publish_checkpoint()
    return receipt


def _stamped(note: bytes, fetch: Fetch) -> bytes:
    asking = TimestampRequestBuilder().data(note).hash_algorithm(HashAlgorithm.SHA256)
    query = asking.nonce(nonce=True).cert_request(cert_request=True).build()
    try:
        token = fetch(query.as_bytes())
        stamp = timestamps.read(token)
        if len(token) > SMALL or stamp.imprint != hashlib.sha256(note).digest():
            raise timestamps.StampError("it stamps something else, or is too long")
        if decode_timestamp_response(token).tst_info.nonce != query.nonce:
            raise timestamps.StampError("it was made for another query")
    except (OSError, ValueError) as error:
        raise Unavailable(
            f"时间戳机构没有给出可用的时间戳：{error}", f"the authority gave no usable time stamp: {error}", RULE
        ) from error
    return token


class Anchorer:
    """A thread of the service that asks for a stamp by its schedule; of several workers one does, as with the keeper."""

    def __init__(self, ledger: Ledger, schedule: Schedule, fetch: Fetch | None = None) -> None:
        self._ledger, self._seconds = ledger, float(schedule.seconds)
        self._fetch = fetch or over_http(schedule.url)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fairdraw-anchorer", daemon=True)

    def start(self) -> None:
        """Begin; a stamp is asked for one interval after the last one, however often the service is started meanwhile."""
        self._thread.start()

    def stop(self) -> None:
        """End, after what is under way."""
        self._stopping.set()
        self._thread.join()

    def tend(self) -> float:
        """Ask once, and return after how many seconds to ask again."""
        try:
            office = LockFile(self._ledger.folder / "anchorer")
        except Unavailable:
            return self._seconds
        try:
            anchor(self._ledger, self._fetch)
            return self._seconds
        except Exception:
            LOG.exception("no time stamp")  # commands go on; the log says when it was stamped last
            return min(AGAIN, self._seconds)
        finally:
            office.release()

    def _run(self) -> None:
        wait = max(SOON, self._seconds - self._ledger.seconds_since_anchor())
        while not self._stopping.wait(wait):
            wait = self.tend()
