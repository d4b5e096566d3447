"""The pages: a map that lies in pages named by their own hash, so that one hash holds all of it fast.

A page is a leaf (sorted keys and values) or a branch (the names of sixteen pages, one for each next half byte of the
key). A change writes the pages on its way anew, under new names, and leaves the old ones: so an interrupted change never
happened, and a page that was altered on the disk is not the page that its name says. Keys are the first 16 bytes of the
SHA-256 of what they stand for.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

EMPTY = bytes(32)
"""The name of the map that holds nothing."""
LARGEST = 1024
"""Bytes of a leaf above which it becomes a branch."""
REMEMBERED = 1 << 15
"""Pages that are held in memory, some thirty megabytes."""
_KEY, _HEAD, _FAN = 16, 20, 16
_LEAF, _BRANCH = b"\0", b"\1"
Items = list[tuple[bytes, bytes]]


class Damaged(Exception):
    """Something that was kept is missing or is not what its hash says: it has to be fetched and verified again."""


class Shelf:
    """The pages by their names, in one SQLite file. Raises Damaged."""

    def __init__(self, path: Path) -> None:
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.executescript(
                "PRAGMA synchronous = FULL; PRAGMA cache_size = -16384;"
                "CREATE TABLE IF NOT EXISTS pages (name BLOB NOT NULL UNIQUE, page BLOB NOT NULL);"
                "CREATE TABLE IF NOT EXISTS retired (root BLOB NOT NULL, name BLOB NOT NULL); BEGIN;"
            )
        except sqlite3.Error as error:
            raise Damaged(str(error)) from error
        self._known: dict[bytes, bytes] = {}

    def close(self) -> None:
        self._db.close()

    def get(self, name: bytes) -> bytes:
        """Return a page whose bytes have this SHA-256."""
        known = self._known.get(name)
        if known is not None:
            return known
        try:
            row = self._db.execute("SELECT page FROM pages WHERE name = ?", (name,)).fetchone()
        except sqlite3.Error as error:
            raise Damaged(str(error)) from error
        if row is None or not isinstance(row[0], bytes) or hashlib.sha256(row[0]).digest() != name:
            raise Damaged(f"the page {name.hex()} is missing or altered")
        return self._know(name, row[0])

    def put(self, page: bytes) -> bytes:
        """Keep a page and return its name."""
        name = hashlib.sha256(page).digest()
        self._know(name, page)
        try:
            self._db.execute("INSERT OR REPLACE INTO pages VALUES (?, ?)", (name, page))
        except sqlite3.Error as error:
            raise Damaged(str(error)) from error
        return name

    def _know(self, name: bytes, page: bytes) -> bytes:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[name] = page
        return page

    def commit(self) -> None:
        """Make durable what was put and dropped."""
        try:
            self._db.execute("COMMIT")
            self._db.execute("BEGIN")
        except sqlite3.Error as error:
            raise Damaged(str(error)) from error
        self._known.clear()

    def drop(self, name: bytes) -> None:
        """Forget a page that was put since the last commit."""
        self._known.pop(name, None)
        try:
            self._db.execute("DELETE FROM pages WHERE name = ?", (name,))
        except sqlite3.Error as error:
            raise Damaged(str(error)) from error

    def retire(self, names: set[bytes], root: bytes) -> None:
        """Note pages that are not part of the map below `root`: once that is the map, nobody needs them."""
        try:
            self._db.executemany("INSERT INTO retired VALUES (?, ?)", ((root, name) for name in names))
        except sqlite3.Error as error:
            raise Damaged(str(error)) from error

    def sweep(self, root: bytes) -> None:
        """Forget the pages that were retired for this map; what was retired for one that never came to be is kept."""
        try:
            self._db.execute("DELETE FROM pages WHERE name IN (SELECT name FROM retired WHERE root = ?)", (root,))
            self._db.execute("DELETE FROM retired")
        except sqlite3.Error as error:
            raise Damaged(str(error)) from error


class Pages:
    """The map below `root`, which is kept somewhere durable, and on top of it what was `put` since. Raises Damaged."""

    def __init__(self, shelf: Shelf, root: bytes = EMPTY) -> None:
        self.shelf, self.root = shelf, root
        shelf.sweep(root)
        self._old: set[bytes] = set()
        self._new: set[bytes] = set()
        self._waiting: dict[bytes, bytes] = {}

    def get(self, key: str) -> bytes | None:
        """Return the value of a key. Raises Damaged."""
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
            name = page[1 + 32 * half : 33 + 32 * half]
        raise Damaged("the map is deeper than its keys are long")

    def put(self, key: str, value: bytes) -> None:
        """Set the value of a key."""
        self._waiting[_short(key)] = value

    def settle(self) -> bytes:
        """Write what was put, and return the name of the whole. Raises Damaged."""
        if self._waiting:
            self.root = self._change(self.root, 0, sorted(self._waiting.items()))
            self._waiting = {}
        return self.root

    def commit(self) -> bytes:
        """Settle, make everything durable, and return the name of the whole; what it replaced goes with the next map."""
        root = self.settle()
        self.shelf.retire(self._old - self._new, root)
        self.shelf.commit()
        return root

    def _change(self, name: bytes, depth: int, items: Items) -> bytes:
        if name == EMPTY:
            return self._made(depth, items)
        page = self.shelf.get(name)
        self._give_up(name)
        if page[:1] == _LEAF:
            return self._made(depth, sorted({**dict(_items(page)), **dict(items)}.items()))
        names = [page[at : at + 32] for at in range(1, len(page), 32)]
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

    def _give_up(self, name: bytes) -> None:
        """Let go of a page that is replaced: one of this round at once, one that the durable map has only after it."""
        if name in self._new and name not in self._old:
            self._new.discard(name)
            self.shelf.drop(name)
        else:
            self._old.add(name)

    def _put(self, page: bytes) -> bytes:
        name = self.shelf.put(page)
        self._new.add(name)
        return name


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
