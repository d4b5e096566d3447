"""The register: where the entries of each stream stand, which commands were used, and what later entries depend on.

All of it lies in one map of pages (`verify.watch.pages`), so that the one hash in the state holds it fast, and what is
looked up costs what is looked up, however long the log is.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from verify.findings import Finding
from verify.watch.pages import Pages

_PLACE = struct.Struct(">HQQI32s")
_STREAM = struct.Struct(">QBI")
PAGE = 32
"""So many items of a list share a page; a list that grows rewrites only its last one."""
LISTED = ("unit", "account", "calendar", "itemlist", "plan", "registry", "draw")
"""The nouns whose streams are listed. Of inspections there may be millions; they are found by the names of their draws."""


@dataclass(frozen=True)
class Place:
    """Where a sound entry stands: the number of its kind, its index, its bytes in the copy, and its leaf."""

    kind: int
    index: int
    offset: int
    length: int
    leaf: bytes

    def pack(self) -> bytes:
        return _PLACE.pack(self.kind, self.index, self.offset, self.length, self.leaf)


class Register:
    """What is known of a log besides its tree. Raises `pages.Damaged`."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages

    # -- streams

    def version(self, stream: str) -> int:
        """Return the version of the last entry of a stream, sound or not; 0 for a new one."""
        return self._stream(stream)[0]

    def unread(self, stream: str) -> bool:
        """Whether some entry of a stream was left out because it is not sound."""
        return bool(self._stream(stream)[1])

    def places(self, stream: str, first: int | None = None) -> Iterator[Place]:
        """Yield where the sound entries of a stream stand, in their order; only the `first` few of them."""
        _, _, count, tail = self._stream(stream)
        wanted = count if first is None else min(first, count)
        for number in range(-(-wanted // PAGE)):
            whole = (number + 1) * PAGE <= count
            page = self.pages.get(f"s\0{stream}\0{number}") or b"" if whole else tail
            for at in range(0, min(wanted - number * PAGE, PAGE) * _PLACE.size, _PLACE.size):
                yield Place(*_PLACE.unpack_from(page, at))

    def add(self, stream: str, version: int, place: Place | None) -> None:
        """Note the next entry of a stream; without a place it is not sound, and the stream from now on not whole."""
        _, unread, count, tail = self._stream(stream)
        if version == 1 and place is not None and count == 0 and (noun := stream.partition("/")[0]) in LISTED:
            self.append(noun, stream)
        if place is None:
            unread = 1
        else:
            tail += place.pack()
            count += 1
            if count % PAGE == 0:
                self.pages.put(f"s\0{stream}\0{count // PAGE - 1}", tail)
                tail = b""
        self.pages.put(f"s\0{stream}", _STREAM.pack(version, unread, count) + tail)

    def _stream(self, stream: str) -> tuple[int, int, int, bytes]:
        value = self.pages.get(f"s\0{stream}")
        if value is None:
            return 0, 0, 0, b""
        version, unread, count = _STREAM.unpack_from(value)
        return version, unread, count, value[_STREAM.size :]

    # -- commands

    def used(self, account: str, command: str) -> int | None:
        """Return the line in which an account used a command before."""
        value = self.pages.get(f"c\0{account}\0{command}")
        return None if value is None else int.from_bytes(value, "big")

    def use(self, account: str, command: str, line: int) -> None:
        """Note that a command was used."""
        self.pages.put(f"c\0{account}\0{command}", line.to_bytes(6, "big"))

    # -- lists

    def append(self, name: str, item: str) -> None:
        """Put an item at the end of a list."""
        count, tail = self._list(name)
        tail.append(item)
        count += 1
        if count % PAGE == 0:
            self.pages.put(f"l\0{name}\0{count // PAGE - 1}", _spell(tail))
            tail = []
        self.pages.put(f"l\0{name}", _spell([count, tail]))

    def listed(self, name: str, first: int | None = None) -> Iterator[str]:
        """Yield the items of a list, or the `first` few of them."""
        count, tail = self._list(name)
        wanted = count if first is None else min(first, count)
        for number in range(-(-wanted // PAGE)):
            value = self.pages.get(f"l\0{name}\0{number}") if (number + 1) * PAGE <= count else None
            items = tail if value is None else json.loads(value)
            yield from items[: wanted - number * PAGE]

    def _list(self, name: str) -> tuple[int, list[str]]:
        value = self.pages.get(f"l\0{name}")
        if value is None:
            return 0, []
        count, tail = json.loads(value)
        return count, tail

    # -- what is to be looked at again on a day

    def remind(self, day: str, stream: str) -> None:
        """Note that a stream is to be looked at again as soon as the log has come to a day (YYYY-MM-DD)."""
        if self.pages.get(f"d\0{day}\0{stream}") is None:
            self.pages.put(f"d\0{day}\0{stream}", b"")
            self.append(f"due {day}", stream)

    def due(self, day: str) -> Iterator[str]:
        """Yield the streams that are to be looked at again on a day."""
        return self.listed(f"due {day}")

    # -- facts and findings

    def fact(self, *key: str) -> Any:
        """Return a fact that was noted, None where there is none."""
        value = self.pages.get("f\0" + "\0".join(key))
        return None if value is None else json.loads(value)

    def note(self, fact: Any, *key: str) -> None:
        """Note a fact."""
        self.pages.put("f\0" + "\0".join(key), _spell(fact))

    def tell(self, finding: Finding) -> bool:
        """Whether a finding is told for the first time; from now on it was told."""
        key = f"t\0{finding.check}\0{finding.outcome.value}\0{finding.index}\0{finding.zh}"
        if self.pages.get(key) is not None:
            return False
        self.pages.put(key, b"")
        return True


def _spell(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
