"""The excerpt: the new entries of a log and the older ones that they rest on, as a history that the checks read like a whole.

Streams that were touched, or whose day has come, are there whole, and so is what they refer to. Findings about the others,
of which only a part is here, are for nobody: they were asked when their own entries were new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from verify.entries import Entry
from verify.facts import Facts
from verify.findings import Finding
from verify.history import NAMING_HEADS, History, sizes
from verify.library import Absent, Library, Unlike
from verify.rotation import RETIRED
from verify.watch.following import Reader
from verify.watch.register import Place, Register

LOG = "log/main"


class Excerpt(History):
    """A history of some entries of a log, each read again from the copy by its leaf. Raises `pages.Damaged`."""

    def __init__(self, gathered: Gathering, suspicious: set[int], today: str) -> None:
        super().__init__()
        self._reader = gathered.reader
        self._places = sorted({place.index: place for place in gathered.places()}.values(), key=lambda each: each.index)
        self._today = today
        self.asked = gathered.asked
        facts = Facts()
        for number, place in enumerate(self._places):
            entry = gathered.reader.at(place)
            facts.add(number, entry, True, entry.index in suspicious)
        self.fold(facts, range(len(self._places)), 0, self.numbers_of(facts.stream_names))
        names = list(facts.stream_names)
        self._stream_of = {index: names[each] for index, each in zip(facts.indexes, facts.streams, strict=True)}
        self.unread = {stream for stream in names if gathered.register.unread(stream)}

    def line(self, number: int) -> Entry:
        """Read an entry again."""
        return self._reader.at(self._places[number])

    @property
    def last_day(self) -> str:
        """The day of the last sound entry of the whole log."""
        return self._today

    def concerns(self, finding: Finding) -> bool:
        """Whether a finding is about what was asked, and not about an entry that is here for its sake."""
        return finding.index is None or self._stream_of.get(finding.index) in (None, *self.asked)

    def wanted_heads(self) -> set[int]:
        """Return the sizes of the heads that entries of the asked draws name, and of those by which keys were handed over."""
        entries = self.of_kind(*NAMING_HEADS)
        wanted = {size for entry in entries if entry.stream in self.asked for size in sizes(entry)}
        return wanted | {size for entry in self.of_kind(RETIRED) for size in sizes(entry)}


class Gathering:
    """The streams of an excerpt. `asked`: those that are touched or due; `ended`: draws of which each result is asked."""

    def __init__(self, reader: Reader, register: Register, library: Library) -> None:
        self.reader, self.register, self.library = reader, register, library
        self.asked: set[str] = set()
        self.ended: set[str] = set()
        self._whole: dict[str, Sequence[Place]] = {}
        self._first: dict[str, Sequence[Place]] = {}

    def places(self) -> Iterator[Place]:
        """Yield where all entries of the excerpt stand; some of them twice."""
        for streams in (self._first, self._whole):
            for places in streams.values():
                yield from places

    def has(self, stream: str) -> bool:
        """Whether a stream is whole here."""
        return stream in self._whole

    def entries(self, stream: str) -> list[Entry]:
        """Return the entries of a stream, which is whole here from now on."""
        if stream not in self._whole:
            self._whole[stream] = [*self.register.places(stream)]
        return [self.reader.at(place) for place in self._whole[stream]]

    def beginning(self) -> None:
        """Take what every excerpt needs: the log itself, its bureau and its first account."""
        self.entries(LOG)
        for noun in ("unit", "account"):
            for stream in self.register.listed(noun, 1):
                self.entries(stream)

    def ask(self, stream: str) -> None:
        """Take a stream that is asked, and what its entries rest on."""
        if stream in self.asked:
            return
        self.asked.add(stream)
        entries = self.entries(stream)
        for entry in entries:
            self.entries(f"account/{entry.actor['account']}")
            self._rests_on(entry)
        if stream.startswith("draw/") and entries:
            self._draw(stream, entries)
        elif stream.startswith("inspection/"):
            for calendar in self.register.listed("calendar"):
                self.entries(calendar)

    def end(self, stream: str, today: str) -> None:
        """Take the inspections of an asked draw whose plan has ended."""
        opened, drawn = (_first(self.entries(stream), kind) for kind in ("draw.opened", "draw.objects-drawn"))
        if opened is None or opened.version != 1:
            return
        plan = _first(self.entries(opened.data["plan"]), "plan.drafted")
        if plan is not None and today <= plan.data["period"]["to"]:
            return
        self.ended.add(stream)
        for name in self._names(drawn):
            self.entries(f"inspection/{stream.partition('/')[2]}/{name}")

    def _names(self, drawn: Entry | None) -> Iterable[str]:
        if drawn is None:
            return []
        try:
            return [line["id"] for line in self.library.listing(drawn.data)]
        except (Absent, Unlike):
            return []

    def _rests_on(self, entry: Entry) -> None:
        data = entry.data
        match entry.kind:
            case "account.opened":
                self.entries(f"unit/{data['unit']}")
            case "unit.registered" if data["parent"] is not None:
                self.entries(f"unit/{data['parent']}")
            case "plan.drafted":
                self.entries(data["itemlist"])
            case "registry.paired":
                self._begin(data["inspectors"])
            case "draw.frozen":
                for party in data["freeze"]["parties"]:
                    self.entries(f"account/{party['account']}")
                for registry in self.register.listed("registry"):  # nobody who could be drawn is left to another one
                    self.entries(registry)
            case "inspection.notified":
                for each in self.entries(data["draw"]):
                    if each.kind == "draw.opened":
                        self.entries(each.data["plan"])

    def _draw(self, stream: str, entries: Sequence[Entry]) -> None:
        """Take what a replay needs: plan and list, the registries, and how all other draws began."""
        opened = entries[0]
        if opened.kind == "draw.opened":
            for plan in self.entries(opened.data["plan"])[:1]:
                if plan.kind == "plan.drafted":
                    self.entries(plan.data["itemlist"])
            for kind in ("objects", "inspectors"):
                self.entries(opened.data[kind])
        for other in self.register.listed("draw"):
            for entry in self._begin(other):
                if entry.kind == "draw.opened":
                    self._begin(entry.data["plan"])
        notified = self.register.fact("notified", stream)
        if notified is not None:
            self.entries(notified)

    def _begin(self, stream: str) -> list[Entry]:
        """Take the first entry of a stream."""
        if stream not in self._first:
            self._first[stream] = [*self.register.places(stream, 1)]
        return [self.reader.at(place) for place in self._first[stream]]


def _first(entries: Iterable[Entry], kind: str) -> Entry | None:
    return next((entry for entry in entries if entry.kind == kind), None)
