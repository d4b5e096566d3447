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
from functools import cached_property
from typing import Any

from verify import canonical
from verify.characters import is_plain
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
_NAMED = re.compile("\n".join(pattern.pattern for pattern in (_STREAM, _KIND, COMMAND)), re.ASCII)

_ACTOR = {"account": "code", "role": "code", "unit": "code"}
_SIGNATURE = {"key": "hex32", "expires": "nat", "value": "base64"}
_KEYS = ("prev", "index", "at", "v", "stream", "version", "kind", "actor", "command", "data")
_SIGNED = (*_KEYS[:9], "signature", "data")
_READ = json.JSONDecoder().raw_decode
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)
_SPELL = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False).encode


class EntryError(ValueError):
    """These bytes are not an entry; the message says in what they differ."""


@dataclass(frozen=True)
class Entry:
    """One entry, read from its bytes."""

    raw: bytes
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

    @cached_property
    def leaf(self) -> bytes:
        """SHA-256(0x00 || raw): the leaf of the tree, and what the next entry carries as `prev`."""
        return leaf_hash(self.raw)

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
    if type(version) is not int or version < 1 or not _NAMED.fullmatch(f"{stream}\n{kind}\n{command}"):
        raise EntryError(_misfit_named(stream, version, kind, command))
    # What matches those patterns is spelled as it stands.
    named = f'"v":1,"stream":"{stream}","version":{version},"kind":"{kind}","actor":'
    return b'%b%b,"command":"%b","data":%b}' % (named.encode(), actor, command.encode(), data)


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
    head = _HEAD.match(raw)
    if head is None:
        raise EntryError("it does not begin with prev, index and at in their fixed places")
    value = _at_first_sight(raw, head.end())
    return _entry(raw, value) if value is not None else _looked_at_closely(raw)


def _looked_at_closely(raw: bytes) -> Entry:
    """Read an entry and find what is wrong with it, if anything; its head was looked at before."""
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
    return _entry(raw, value)


class _Doubt(Exception):
    """Nothing is said against these bytes, but the short way does not tell whether they are right."""


def _doubtful(text: str) -> Any:
    raise _Doubt


def _small(text: str) -> int:
    if len(text) > 15:
        raise _Doubt
    return int(text)


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs) or not "".join(members).isascii():
        raise _Doubt
    return members


_GLANCE = json.JSONDecoder(
    object_pairs_hook=_plain, parse_int=_small, parse_float=_doubtful, parse_constant=_doubtful
).decode


def _at_first_sight(raw: bytes, head: int) -> dict[str, Any] | None:
    """Return the value of bytes that are plainly an entry; None where only a closer look can tell.

    Most entries of a log are plain: printable text without escapes, in NFC as a whole and so in every string, flat, with
    small integers. Such a value is canonical when spelling it gives its bytes, and no other test has to walk through it.
    `head`: where the part begins that is not looked at yet.
    """
    try:
        text = raw.decode()
        if not is_plain(text) or "\\" in text or text.count("[") + text.count("{") > canonical.MAX_DEPTH:
            return None
        value: dict[str, Any] = _GLANCE(text)
    except (_Doubt, ValueError):
        return None
    if tuple(value) != _KEYS or not _plainly_fits(value):
        return None
    account, role, unit = value["actor"].values()
    rest = f'"v":1,"stream":"{value["stream"]}","version":{value["version"]},"kind":"{value["kind"]}",'
    rest += f'"actor":{{"account":"{account}","role":"{role}","unit":"{unit}"}},"command":"{value["command"]}",'
    return value if text[head:] == f'{rest}"data":{_SPELL(value["data"])}}}' else None


def _plainly_fits(value: dict[str, Any]) -> bool:
    """Whether the values before `data` have their forms; `v` and the keys of `actor` show in the spelling."""
    version, actor = value["version"], value["actor"]
    texts = [value["stream"], value["kind"], value["command"]]
    if type(version) is not int or version < 1 or type(value["data"]) is not dict or type(actor) is not dict:
        return False
    texts += actor.values()
    if len(texts) != 6 or not all(type(text) is str for text in texts):
        return False
    return (
        _STREAM.fullmatch(texts[0]) is not None
        and _KIND.fullmatch(texts[1]) is not None
        and COMMAND.fullmatch(texts[2]) is not None
        and all(map(_CODE.fullmatch, texts[3:]))
        and is_instant(value["at"])
    )


def _entry(raw: bytes, value: dict[str, Any]) -> Entry:
    entry = object.__new__(Entry)  # the constructor of a frozen class sets its fields one by one: a third of the time
    entry.__dict__.update(value, raw=raw)
    del entry.__dict__["v"]
    return entry


def read_own(raw: bytes) -> Entry:
    """Read an entry that this program's own store handed back; EntryError where it has not even the form of one.

    For bytes that `parse` has passed when they were recorded, and for nothing else: neither values nor spelling are looked
    at again, so this tells nothing about bytes that come from elsewhere. Whoever checks a log uses `parse`.
    """
    try:
        text = raw.decode()
        value, end = _READ(text)
        fits = end == len(text) and tuple(value) in (_KEYS, _SIGNED)
    except (ValueError, TypeError) as error:
        raise EntryError(f"the store holds something else than an entry: {error}") from error
    if not fits:
        raise EntryError("the store holds something else than an entry")
    return _entry(raw, value)


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
