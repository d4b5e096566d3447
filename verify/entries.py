"""An entry and its bytes: one line of JSON, whose hash is both the link of the chain and the leaf of the tree.

`{"prev":"<64 hex>","index":N,"at":"…","v":1,"stream":"…","version":N,"kind":"…","actor":{…},"command":"…","data":{…}}`,
with `"signature":{…}` between `command` and `data` where there is one. What is only known under the lock comes first, so a
store prepends it to bytes made before. Source: ledger specification, sections 1 and 2.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from verify import canonical
from verify.shape import misfit
from verify.tree import leaf_hash

MAX_BYTES = 65_535
PREV = slice(9, 73)
"""Where the hex of the previous leaf stands in every entry, so that the chain needs no JSON parser."""

_HEAD = re.compile(rb'\{"prev":"([0-9a-f]{64})","index":(0|[1-9][0-9]{0,15}),"at":"([0-9T:.+-]{29})",')
_AT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}\+08:00", re.ASCII)
_KIND = re.compile(r"[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*(/[1-9][0-9]*)?", re.ASCII)
_STREAM = re.compile(r"[a-z]+/[A-Za-z0-9._/-]{1,120}", re.ASCII)
COMMAND = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

_ACTOR = {"account": "code", "role": "code", "unit": "code"}
_SIGNATURE = {"key": "hex32", "expires": "nat", "value": "base64"}
_KEYS = ("prev", "index", "at", "v", "stream", "version", "kind", "actor", "command", "data")
_SIGNED = (*_KEYS[:9], "signature", "data")
_READ = json.JSONDecoder().decode


class EntryError(ValueError):
    """These bytes are not an entry; the message says in what they differ."""


@dataclass(frozen=True)
class Entry:
    """One entry, read from its bytes. `leaf` is SHA-256(0x00 || raw)."""

    raw: bytes
    leaf: bytes
    prev: str
    index: int
    at: str
    stream: str
    version: int
    kind: str
    actor: dict[str, str]
    command: str
    data: dict[str, Any]
    signature: dict[str, Any] | None = None

    @property
    def noun(self) -> str:
        """The part of the stream before its slash."""
        return self.stream.partition("/")[0]

    @property
    def day(self) -> str:
        """The day of `at` in Beijing, YYYY-MM-DD."""
        return self.at[:10]

    @property
    def seconds(self) -> int:
        """The whole POSIX seconds of `at`."""
        return seconds_of(self.at)


def genesis(origin: str) -> str:
    """Return the `prev` of entry 0: SHA-256(origin) in hex."""
    return hashlib.sha256(origin.encode("utf-8")).hexdigest()


def seconds_of(at: str) -> int:
    """Return the whole POSIX seconds of an instant spelled as `at`; ValueError for any other spelling."""
    if not is_instant(at):
        raise ValueError(f"{at!r} is not an instant like 2026-03-02T09:00:00.000+08:00")
    return int(datetime.fromisoformat(at).timestamp())


def is_instant(at: str) -> bool:
    """Whether `at` is an instant in its one spelling, with milliseconds and +08:00."""
    if not _AT.fullmatch(at):
        return False
    try:
        datetime.fromisoformat(at)
    except ValueError:
        return False
    return True


def tail(stream: str, version: int, kind: str, actor: dict[str, str], command: str, data: dict[str, Any]) -> bytes:
    """Return the bytes of an entry after `at`, from `"v":1` to the closing brace.

    EntryError where a part has not its form, NotCanonical where a value has no spelling: what comes of it `parse` reads.
    """
    reason = misfit(actor, _ACTOR, "actor")
    if reason:
        raise EntryError(reason)
    return spelled_tail(stream, version, kind, canonical.encode(actor), command, canonical.encode(data))


def spelled_tail(stream: str, version: int, kind: str, actor: bytes, command: str, data: bytes) -> bytes:
    """Return the same from an actor of the right form and data that are spelled already."""
    reason = _misfit_named(stream, version, kind, command)
    if reason:
        raise EntryError(reason)
    # What matches those patterns is spelled as it stands.
    return b'"v":1,"stream":"%s","version":%d,"kind":"%s","actor":%s,"command":"%s","data":%s}' % (
        stream.encode(),
        version,
        kind.encode(),
        actor,
        command.encode(),
        data,
    )


def compose(prev: str, index: int, at: str, rest: bytes) -> bytes:
    """Return the whole entry: `prev`, `index` and `at` before the `rest` that `tail` made. EntryError above 65,535 bytes."""
    raw = b'{"prev":"%s","index":%d,"at":"%s",%s' % (prev.encode(), index, at.encode(), rest)
    if len(raw) > MAX_BYTES:
        raise EntryError(f"an entry has at most {MAX_BYTES} bytes, this one has {len(raw)}")
    return raw


def parse(raw: bytes) -> Entry:
    """Read an entry; EntryError says in what these bytes differ from the one spelling of an entry."""
    if len(raw) > MAX_BYTES:
        raise EntryError(f"an entry has at most {MAX_BYTES} bytes, this one has {len(raw)}")
    if not _HEAD.match(raw):
        raise EntryError("it does not begin with prev, index and at in their fixed places")
    try:
        value = canonical.loads(raw)
    except canonical.NotCanonical as error:
        raise EntryError(str(error)) from error
    keys = tuple(value)
    if keys not in (_KEYS, _SIGNED):
        raise EntryError(f"its keys are {', '.join(keys)}")
    reason = _misfit(value)
    if reason:
        raise EntryError(reason)
    if _spell(value) != raw:
        raise EntryError("it is not in its one canonical spelling")
    return Entry(raw=raw, leaf=leaf_hash(raw), **{key: value[key] for key in keys if key != "v"})


def read_own(raw: bytes) -> Entry:
    """Read an entry that this program's own store handed back; EntryError where it has not even the form of one.

    For bytes that `parse` has passed when they were recorded, and for nothing else: neither values nor spelling are looked
    at again, so this tells nothing about bytes that come from elsewhere. Whoever checks a log uses `parse`.
    """
    try:
        value = _READ(raw.decode())
        fits = tuple(value) in (_KEYS, _SIGNED)
    except (ValueError, TypeError) as error:
        raise EntryError(f"the store holds something else than an entry: {error}") from error
    if not fits:
        raise EntryError("the store holds something else than an entry")
    entry = object.__new__(
        Entry
    )  # the constructor of a frozen class sets twelve fields one by one: a third of the time
    entry.__dict__.update(value, raw=raw, leaf=leaf_hash(raw))
    del entry.__dict__["v"]
    return entry


def _misfit(value: dict[str, Any]) -> str | None:
    if value["v"] != 1 or isinstance(value["v"], bool):
        return f"its version v is {value['v']!r}, this verifier knows 1"
    if not is_instant(value["at"]):
        return f"at is {value['at']!r}, not an instant with milliseconds and +08:00"
    if not isinstance(value["data"], dict):
        return "data is not an object"
    signature = misfit(value["signature"], _SIGNATURE, "signature") if "signature" in value else None
    named = _misfit_named(value["stream"], value["version"], value["kind"], value["command"])
    return named or misfit(value["actor"], _ACTOR, "actor") or signature


def _misfit_named(stream: Any, version: Any, kind: Any, command: Any) -> str | None:
    """Return what is wrong with the parts of an entry that say what it is about, None where they have their form."""
    for name, value, pattern in (("stream", stream, _STREAM), ("kind", kind, _KIND), ("command", command, COMMAND)):
        if not isinstance(value, str) or not pattern.fullmatch(value):
            return f"{name} is {value!r}"
    return f"version is {version!r}" if misfit(version, "pos") else None


def _spell(value: dict[str, Any]) -> bytes:
    parts = (canonical.encode(key) + b":" + canonical.encode(value[key]) for key in value)
    return b"{" + b",".join(parts) + b"}"
