"""The pages: a map that lies in pages named by their own hash, so that one hash holds all of it fast.

A page is a leaf (sorted keys and values) or a branch (the names of sixteen pages, one for each next half byte of the
key). A change writes the pages on its way anew, at the end of the file, and leaves the old ones: so an interrupted change
never happened, and a page that was altered on the disk is not the page that its name says. Where more than half of the
file is old pages, the map is written to a new file. Keys are the first 16 bytes of the SHA-256 of what they stand for.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

NAME = 44
"""Bytes of the name of a page: SHA-256 || u64be(first byte in the file) || u32be(length)."""
EMPTY = bytes(NAME)
"""The name of the map that holds nothing."""
LARGEST = 1024
"""Bytes of a leaf above which it becomes a branch."""
BUFFER = 8 << 20
REMEMBERED = 1 << 15
"""Pages that are held in memory, some thirty megabytes."""
_KEY, _HEAD, _FAN = 16, 20, 16
_LEAF, _BRANCH = b"\0", b"\1"
Items = list[tuple[bytes, bytes]]


class Damaged(Exception):
    """Something that was kept is missing or is not what its hash says: it has to be fetched and verified again."""


class Shelf:
    """A file of pages that only grows; what stands behind `end` was written by somebody who was interrupted."""

    def __init__(self, path: Path, end: int = 0) -> None:
        self.path, self.end = path, end
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        if os.fstat(self._fd).st_size < end:
            self.close()
            raise Damaged("the file of pages is too short")
        os.truncate(self._fd, end)
        self._waiting = bytearray()
        self._known: dict[bytes, bytes] = {}

    def close(self) -> None:
        """Close the file; what was put since the last commit is lost."""
        os.close(self._fd)

    def get(self, name: bytes) -> bytes:
        """Return a page by its name. Raises Damaged."""
        known = self._known.get(name)
        if known is not None:
            return known
        start, size = int.from_bytes(name[32:40], "big"), int.from_bytes(name[40:], "big")
        if start >= self.end:
            page = bytes(self._waiting[start - self.end : start - self.end + size])
        else:
            page = os.pread(self._fd, size, start)
        if hashlib.sha256(page).digest() != name[:32]:
            raise Damaged(f"the page {name[:32].hex()} is missing or altered")
        return self._know(name, page)

    def put(self, page: bytes) -> bytes:
        """Keep a page and return its name."""
        start = self.end + len(self._waiting)
        name = hashlib.sha256(page).digest() + start.to_bytes(8, "big") + len(page).to_bytes(4, "big")
        self._waiting += page
        self._know(name, page)
        if len(self._waiting) > BUFFER:
            self._write()
        return name

    def commit(self) -> None:
        """Make durable what was put."""
        self._write()
        os.fsync(self._fd)

    def _write(self) -> None:
        while self._waiting:
            written = os.pwrite(self._fd, self._waiting, self.end)
            self.end += written
            del self._waiting[:written]

    def _know(self, name: bytes, page: bytes) -> bytes:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[name] = page
        return page


class Pages:
    """The map below `root`, and on top of it what was `put` since. `live`: the bytes of its pages. Raises Damaged."""

    def __init__(self, shelf: Shelf, root: bytes = EMPTY, live: int = 0) -> None:
        self.shelf, self.root, self.live = shelf, root, live
        self._waiting: dict[bytes, bytes] = {}

    def get(self, key: str) -> bytes | None:
        """Return the value of a key."""
        short = _short(key)
        if short in self._waiting:
            return self._waiting[short]
        name = self.root
        for half in _halves(short):
            if name == EMPTY:
                return None
            page = self.shelf.get(name)
            if page[:1] == _LEAF:
                return dict(_items(page)).get(short)
            name = page[1 + NAME * half : 1 + NAME * (half + 1)]
        raise Damaged("the map is deeper than its keys are long")

    def put(self, key: str, value: bytes) -> None:
        """Set the value of a key."""
        self._waiting[_short(key)] = value

    def settle(self) -> bytes:
        """Write what was put, and return the name of the whole."""
        if self._waiting:
            self.root = self._change(self.root, 0, sorted(self._waiting.items()))
            self._waiting = {}
        return self.root

    @property
    def wasteful(self) -> bool:
        """Whether most of the file is pages that are no longer part of the map."""
        return self.shelf.end > 3 * self.live + BUFFER

    def copied(self, shelf: Shelf) -> Pages:
        """Return the same map in another file."""
        copy = Pages(shelf)
        copy.root = copy._copy(self.shelf, self.root)
        return copy

    def _copy(self, shelf: Shelf, name: bytes) -> bytes:
        if name == EMPTY:
            return EMPTY
        page = shelf.get(name)
        if page[:1] == _LEAF:
            return self._put(page)
        return self._put(_BRANCH + b"".join(self._copy(shelf, each) for each in _names(page)))

    def _change(self, name: bytes, depth: int, items: Items) -> bytes:
        if name == EMPTY:
            return self._made(depth, items)
        page = self.shelf.get(name)
        self.live -= len(page)
        if page[:1] == _LEAF:
            return self._made(depth, sorted({**dict(_items(page)), **dict(items)}.items()))
        names = _names(page)
        for half, some in _parted(depth, items):
            names[half] = self._change(names[half], depth + 1, some)
        return self._put(_BRANCH + b"".join(names))

    def _made(self, depth: int, items: Items) -> bytes:
        page = _LEAF + b"".join(key + len(value).to_bytes(4, "big") + value for key, value in items)
        if len(page) <= LARGEST or len(items) == 1:
            return self._put(page)
        names = [EMPTY] * _FAN
        for half, some in _parted(depth, items):
            names[half] = self._made(depth + 1, some)
        return self._put(_BRANCH + b"".join(names))

    def _put(self, page: bytes) -> bytes:
        self.live += len(page)
        return self.shelf.put(page)


def _names(page: bytes) -> list[bytes]:
    """Return the names in a branch."""
    return [page[at : at + NAME] for at in range(1, len(page), NAME)]


def _short(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()[:_KEY]


def _halves(short: bytes) -> Iterator[int]:
    for byte in short:
        yield byte >> 4
        yield byte & 15


def _parted(depth: int, items: Items) -> Iterator[tuple[int, Items]]:
    """Yield the items by the half byte of their keys at this depth."""
    parts: dict[int, Items] = {}
    for item in items:
        byte = item[0][depth // 2]
        parts.setdefault(byte & 15 if depth & 1 else byte >> 4, []).append(item)
    yield from parts.items()


def _items(page: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a leaf."""
    at = 1
    while at < len(page):
        size = int.from_bytes(page[at + _KEY : at + _HEAD], "big")
        yield page[at : at + _KEY], page[at + _HEAD : at + _HEAD + size]
        at += _HEAD + size
