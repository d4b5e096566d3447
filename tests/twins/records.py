"""Entries, tiles, lists, personal data, pools and working days, each as its sentence in SPEC.md says it."""

import datetime
import hashlib
import re
from typing import Any

from tests.twins import json_text
from tests.twins.draw import be, sha
from tests.twins.json_text import Refused, matched, refuse_unless
from tests.twins.tree import leaf, mth

Json = dict[str, Any]
KEYS = ["prev", "index", "at", "v", "stream", "version", "kind", "actor", "command", "data"]
CODE = "[A-Za-z0-9][A-Za-z0-9._:-]{0,63}"
KIND = "[a-z]+(-[a-z]+)*[.][a-z]+(-[a-z]+)*(/[1-9][0-9]*)?"


def lp(data: bytes) -> bytes:
    return be(len(data), 4) + data


# -- entries


def parse_entry(raw: bytes) -> Json:
    """Return an entry as a JSON value, after asking everything that section 2 asks of one line."""
    refuse_unless(len(raw) <= 65535, "length")
    entry = json_text.read(raw)
    refuse_unless(isinstance(entry, dict), "keys")
    refuse_unless(list(entry) in (KEYS, [*KEYS[:9], "signature", "data"]), "keys")
    spelled = ",".join(f"{json_text.spell(key)}:{json_text.spell(value)}" for key, value in entry.items())
    refuse_unless(("{" + spelled + "}").encode() == raw, "spelling")
    _is(entry["prev"], "[0-9a-f]{64}", "prev")
    refuse_unless(_whole(entry["index"], 0) and entry["index"] < 10**16, "index")
    _is(entry["at"], r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}[+]08:00", "at")
    try:
        datetime.datetime.fromisoformat(entry["at"])
    except ValueError:
        raise Refused("at") from None
    refuse_unless(_whole(entry["v"], 1) and entry["v"] == 1, "v")
    _is(entry["stream"], "[a-z]+/[A-Za-z0-9._/-]{1,120}", "stream")
    refuse_unless(_whole(entry["version"], 1), "version")
    _is(entry["kind"], KIND, "kind")
    refuse_unless(isinstance(entry["actor"], dict), "actor")
    refuse_unless(set(entry["actor"]) == {"account", "role", "unit"}, "actor")
    for value in entry["actor"].values():
        _is(value, CODE, "actor")
    _is(entry["command"], "[A-Za-z0-9._-]{1,64}", "command")
    if "signature" in entry:
        refuse_unless(isinstance(entry["signature"], dict), "signature")
        refuse_unless(set(entry["signature"]) == {"key", "expires", "value"}, "signature")
        _is(entry["signature"]["key"], "[0-9a-f]{64}", "signature")
        refuse_unless(_whole(entry["signature"]["expires"], 0), "signature")
        _is(entry["signature"]["value"], "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)?", "signature")
    refuse_unless(isinstance(entry["data"], dict), "data")
    return entry


def _is(value: Any, pattern: str, reason: str) -> None:
    refuse_unless(isinstance(value, str) and re.fullmatch(pattern, value) is not None, reason)


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def chain(origin: str, lines: list[bytes]) -> tuple[str | None, int | None]:
    """Return the root, or the word for what is wrong and the number of the first line that is."""
    prev, at, versions = hashlib.sha256(origin.encode()).hexdigest(), "", dict[str, int]()
    for number, raw in enumerate(lines):
        try:
            entry = parse_entry(raw)
        except Refused as refused:
            return str(refused), number
        due = versions.get(entry["stream"], 0) + 1
        for reason, wrong in (
            ("prev", entry["prev"] != prev),
            ("index", entry["index"] != number),
            ("at", entry["at"] < at),
            ("version", entry["version"] != due),
        ):
            if wrong:
                return reason, number
        prev, at, versions[entry["stream"]] = leaf(raw).hex(), entry["at"], due
    return mth([leaf(raw) for raw in lines]).hex(), None


# -- tiles


def tile_path(level: int | None, index: int, width: int) -> str:
    refuse_unless(level is None or 0 <= level <= 63, "level")
    refuse_unless(0 <= index < 2**63, "index")
    refuse_unless(1 <= width <= 256, "width")
    groups: list[str] = []
    rest = str(index)
    while rest:
        groups.insert(0, rest[-3:].rjust(3, "0"))
        rest = rest[:-3]
    named = "/".join("x" + group for group in groups[:-1]) + ("/" if len(groups) > 1 else "") + groups[-1]
    return f"tile/{'entries' if level is None else level}/{named}" + ("" if width == 256 else f".p/{width}")


def parse_tile(path: str) -> Json:
    found = matched(re.fullmatch("tile/(entries|[0-9]+)/((x[0-9]{3}/)*[0-9]{3})([.]p/([0-9]+))?", path), "form")
    level = None if found[1] == "entries" else int(found[1])
    index, width = int(found[2].replace("x", "").replace("/", "")), int(found[5] or 256)
    refuse_unless(tile_path(level, index, width) == path, "spelling")
    return {"level": level, "index": index, "width": width}


def all_paths(size: int) -> list[str]:
    paths = [tile_path(None, n, min(256, size - n * 256)) for n in range((size + 255) // 256)]
    level = 0
    while size:
        paths += [tile_path(level, n, min(256, size - n * 256)) for n in range((size + 255) // 256)]
        level, size = level + 1, size // 256
    return sorted(paths)


def tile(level: int, index: int, width: int, leaves: list[bytes]) -> bytes:
    span = 256**level
    starts = [(index * 256 + n) * span for n in range(width)]
    refuse_unless(starts[-1] + span <= len(leaves), "size")
    return b"".join(mth(leaves[start : start + span]) for start in starts)


def bundle(data: bytes) -> list[bytes]:
    entries = []
    while data:
        refuse_unless(len(data) >= 2, "end")
        length = data[0] * 256 + data[1]
        refuse_unless(len(data) >= 2 + length, "end")
        entries.append(data[2 : 2 + length])
        data = data[2 + length :]
    refuse_unless(1 <= len(entries) <= 256, "count")
    return entries


# -- lists, personal data, pools


def parse_list(data: bytes) -> Json:
    *lines, rest = data.split(b"\n")
    refuse_unless(all(len(line) <= 4_194_304 for line in [*lines, rest]), "length")
    refuse_unless(rest == b"", "end")
    before = None
    for line in lines:
        row = json_text.decode(line)
        refuse_unless(isinstance(row, dict) and isinstance(row.get("id"), str), "id")
        refuse_unless(before is None or before < row["id"].encode(), "order")
        before = row["id"].encode()
    root = mth([leaf(line) for line in lines])
    return {"count": len(lines), "root": root.hex(), "sha256": hashlib.sha256(data).hexdigest()}


def check_document(data: bytes, reference: Json) -> None:
    refuse_unless(reference["public"] is True, "public")
    refuse_unless(len(data) == reference["bytes"], "length")
    refuse_unless(hashlib.sha256(data).hexdigest() == reference["sha256"], "hash")


def personal(text: str) -> str | None:
    """Return which kind of personal number a text holds: every place in it is tried."""
    plain = "".join(chr(ord(c) - 0xFEE0) if "０" <= c <= "９" else c for c in text)
    edge = [not (c.isascii() and c.isalnum()) for c in plain]
    for start in range(len(plain)):
        for length, is_one, word in ((18, _identity, "identity"), (11, _mobile, "mobile")):
            end = start + length
            inside = plain[start:end]
            free = (start == 0 or edge[start - 1]) and (end == len(plain) or (end < len(plain) and edge[end]))
            if len(inside) == length and free and is_one(inside):
                return word
    return None


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _identity(text: str) -> bool:
    if not _digits(text[:17]) or text[6:8] not in ("19", "20") or not (_digits(text[17]) or text[17] in "Xx"):
        return False
    if not (1 <= int(text[10:12]) <= 12 and 1 <= int(text[12:14]) <= 31):
        return False
    # GB 11643: a weighted sum of all digits, the check digit X being ten, leaves 1 when divided by 11.
    values = [*map(int, text[:17]), 10 if text[17] in "Xx" else int(text[17])]
    return sum(value * 2 ** (17 - n) for n, value in enumerate(values)) % 11 == 1


def _mobile(text: str) -> bool:
    return _digits(text) and "13" <= text[:2] <= "19"


def commitment(label: str, salt: bytes, value: str) -> bytes:
    refuse_unless(len(salt) == 32, "salt")
    return sha(b"fairdraw/field/v1\0", lp(label.encode()), salt, value.encode())


def pool_line(row: Json, item: str | None, as_of: str) -> Json:
    line = {"id": row["id"], "row": leaf(json_text.spell(row).encode()).hex()}
    if item is None:
        line["stratum"] = "B" if row["risk"] is None else row["risk"]
    grounds = [] if row["status"] == "active" else ["status:" + row["status"]]
    if item is not None:
        if row["kind"] == "expert":
            grounds.insert(0, "expert")
        valid = row["certificate_valid_to"]
        if valid is None or valid < as_of:
            grounds.append("certificate")
        if item not in row["items"]:
            grounds.append("item")
    return {**line, "excluded": grounds[0]} if grounds else line


# -- working days


def deadline(calendars: list[Json], start: str, days: int) -> str:
    by_year = {record["year"]: record for record in calendars}  # the last one said of a year counts
    day = datetime.date.fromisoformat(start)
    while days:
        day += datetime.timedelta(1)
        refuse_unless(day.year in by_year, "year")
        record = by_year[day.year]
        worked = day.isoformat() in record["makeup_workdays"]
        weekday = day.isoweekday() <= 5
        days -= worked or (weekday and day.isoformat() not in record["holidays"])
    return day.isoformat()
