"""Logs that are only as true as a measurement needs: linked, well-formed entries of inspections, made in a moment.

A draw of 5,000 inspections is notified, then inspected and recorded, then published, as in life: the four entries of one
inspection stand far apart. Nothing of the draws themselves is there, so only the chain, the tree and the views can be measured.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from domain.signer import Signer
from domain.store.sqlite import Store
from verify.entries import genesis
from verify.tree import root

ORIGIN = "demo.ledger.example.cn/220100"
AT = "2026-03-02T09:00:00.000+08:00"
A_DRAW = 5_000


class Made(NamedTuple):
    """What an entry is made of, before `prev`, `index` and `at` are given; `data` is canonical JSON."""

    stream: str
    version: int
    kind: str
    account: str
    role: str
    command: str
    data: str

    @property
    def tail(self) -> bytes:
        """The bytes after `at`."""
        return (
            f'"v":1,"stream":"{self.stream}","version":{self.version},"kind":"{self.kind}","actor":{{"account":'
            f'"{self.account}","role":"{self.role}","unit":"220100"}},"command":"{self.command}","data":{self.data}}}'
        ).encode()


def beginning(vkey: str) -> list[Made]:
    """Return what every log begins with: itself, its bureau, its first account."""
    facts = {"clock": "stepped", "origin": ORIGIN, "specification": "fairdraw-ledger/1", "vkey": vkey}
    log = json.dumps(facts, separators=(",", ":"))
    return [
        Made("log/main", 1, "log.created", "system", "system", "create-log", log),
        Made(
            "unit/220100",
            1,
            "unit.registered",
            "system",
            "system",
            "create-unit",
            '{"kind":"bureau","name":"示例局","parent":null,"unit":"220100"}',
        ),
        Made(
            "account/admin",
            1,
            "account.opened",
            "system",
            "system",
            "create-account",
            '{"account":"admin","role":"admin","unit":"220100"}',
        ),
    ]


def notified(draw: int, number: int) -> Made:
    """Return the notice of one inspection."""
    thing = f"91220101{draw:04}{number:06}"
    stream = f"inspection/220100-2026-{draw:04}/{thing}"
    data = (
        f'{{"draw":"draw/220100-2026-{draw:04}","inspectors":["INS-220100-{number % 180:03}",'
        f'"INS-220100-{(number + 7) % 180:03}"],"item":"SC-{draw % 20:02}","object":"{thing}","visit_on":"2026-03-09"}}'
    )
    return Made(stream, 1, "inspection.notified", "clerk", "clerk", f"notify-{thing}", data)


def inspections() -> Iterator[Made]:
    """Yield the entries of inspections without end, draw after draw."""
    draw = 0
    while True:
        draw += 1
        notices = [notified(draw, number) for number in range(A_DRAW)]
        yield from notices
        for notice in notices:
            thing = notice.stream[-18:]
            inspectors = notice.data[notice.data.index("[") : notice.data.index("]") + 1]
            done = f'{{"completed_on":"2026-03-09","inspectors":{inspectors},"methods":["onsite"]}}'
            found = '{"categories":["NO_PROBLEM"],"follow_up":null,"not_checkable":null}'
            actor = ("inspector", "inspector")
            yield Made(notice.stream, 2, "inspection.completed", *actor, f"complete-{thing}", done)
            yield Made(notice.stream, 3, "result.recorded", *actor, f"record-{thing}", found)
        for notice in notices:
            told = '{"channel":"公示系统","deadline":null,"late":false,"provisional":true,"reference":"已公示"}'
            yield Made(notice.stream, 4, "result.published", "clerk", "clerk", f"publish-{notice.stream[-18:]}", told)


def made(n: int, vkey: str = "key") -> Iterator[Made]:
    """Yield what the first n entries are made of."""
    yield from islice(beginning(vkey), n)
    yield from islice(inspections(), max(0, n - 3))


def linked(some: Iterator[Made], prev: str = "", index: int = 0) -> Iterator[tuple[Made, bytes, bytes]]:
    """Yield each with its whole entry and its leaf; `prev` is that of the first of them."""
    prev = prev or genesis(ORIGIN)
    for each in some:
        raw = b'{"prev":"%s","index":%d,"at":"%s",%s' % (prev.encode(), index, AT.encode(), each.tail)
        leaf = sha256(b"\x00" + raw)
        yield each, raw, leaf.digest()
        prev, index = leaf.hexdigest(), index + 1


def chain(n: int, vkey: str = "key") -> Iterator[bytes]:
    """Yield the first n entries."""
    return (raw for _, raw, _ in linked(made(n, vkey)))


def fill(store: Store, n: int) -> None:
    """Put n entries into an empty SQLite store, past every check, because that takes a tenth of the time."""
    with store.writing() as connection:
        connection.executemany(f"INSERT INTO entries VALUES ({','.join('?' * 9)})", rows(made(n)))


Row = tuple[int, bytes, bytes, str, int, str, str, bytes, bytes]


def rows(some: Iterator[Made]) -> Iterator[Row]:
    """Yield the rows of the table of the entries, in the order of its columns; the tree is that of the naive rule."""
    edge: list[bytes] = []
    for index, (each, raw, leaf) in enumerate(linked(some)):
        made, node = b"", leaf
        while index & 1 << len(made) // 32:
            node = sha256(b"\x01" + edge.pop() + node).digest()
            made += node
        edge.append(node)
        yield index, leaf, made, each.stream, each.version, each.account, each.command, bytes(32), raw


def export(folder: Path, n: int) -> str:
    """Write a log of n entries with its signed checkpoint and its key to a new folder; return the key."""
    signer = Signer.create(folder.with_name(f"{folder.name}-signer"), ORIGIN)
    folder.mkdir()
    leaves = []
    with (folder / "entries.jsonl").open("wb") as file:
        for _, raw, leaf in linked(made(n, signer.vkey)):
            file.write(raw + b"\n")
            leaves.append(leaf)
    (folder / "checkpoint").write_bytes(signer.sign(n, root(leaves), []))
    (folder / "log.vkey").write_text(signer.vkey + "\n", "ascii")
    return signer.vkey
