"""The facts of a log: what each entry says besides its data, in columns, so that a million entries stay small.

A reader of a segment fills them, the history joins them; the data of an entry stays in the file until somebody asks.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from verify.entries import Entry
from verify.kinds import KINDS

KIND_NAMES = tuple(KINDS)
NUMBERS = {name: number for number, name in enumerate(KIND_NAMES)}
UNKNOWN = len(KIND_NAMES)
FIT, PERSONAL = 1, 2
Actor = tuple[str, str, str]
"""Account, role and unit."""


@dataclass
class Facts:
    """What the entries of a segment say, one value for each line that is an entry, so that a million of them stay small.

    `lines`: numbers within the segment; `kinds`: as in `KIND_NAMES`; `streams`, `actors`: places in the names that this
    segment has; `commands`: a hash of account and command that only processes of one family share; `flags`: FIT where the
    form of the kind is kept, PERSONAL where a text looks like a person's number.
    """

    lines: array[int] = field(default_factory=lambda: array("I"))
    indexes: array[int] = field(default_factory=lambda: array("Q"))
    versions: array[int] = field(default_factory=lambda: array("Q"))
    kinds: array[int] = field(default_factory=lambda: array("H"))
    streams: array[int] = field(default_factory=lambda: array("I"))
    actors: array[int] = field(default_factory=lambda: array("I"))
    commands: array[int] = field(default_factory=lambda: array("q"))
    times: list[str] = field(default_factory=list)
    flags: bytearray = field(default_factory=bytearray)
    stream_names: dict[str, int] = field(default_factory=dict)
    actor_names: dict[Actor, int] = field(default_factory=dict)

    def add(self, line: int, entry: Entry, fit: bool, personal: bool) -> None:
        """Note what an entry says, and what its reader made of it."""
        actor = entry.actor
        who = (actor["account"], actor["role"], actor["unit"])
        self.lines.append(line)
        self.indexes.append(entry.index)
        self.versions.append(entry.version)
        self.kinds.append(NUMBERS.get(entry.kind, UNKNOWN))
        self.streams.append(self.stream_names.setdefault(entry.stream, len(self.stream_names)))
        self.actors.append(self.actor_names.setdefault(who, len(self.actor_names)))
        self.commands.append(hash((who[0], entry.command)))
        self.times.append(entry.at)
        self.flags.append(fit * FIT | personal * PERSONAL)
