"""What the mapper makes is an entry wherever it is put, and what a fork records does not show in the aggregate it came from."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.base import Fact, Recorded
from domain.draws import Draw
from domain.inspections import Inspection
from domain.itemlists import ItemList
from domain.organisation import Account, CalendarYear, Logbook, Unit
from domain.plans import Plan
from domain.registries import Registry
from domain.roles import Actor
from domain.spelled import spell
from domain.store.mapper import fact_of, tail_of
from tests.conftest import Told
from verify import canonical, entries

AT = "2026-03-02T09:00:00.000+08:00"
ADMIN = Actor("admin", "admin", "220100")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.text('abcXYZ019._-/"\\ é', min_size=0, max_size=20)


@given(VALUES)
def test_both_spellings_agree_on_every_value(value: Any) -> None:
    try:
        expected: bytes | None = canonical.encode(value)
    except canonical.NotCanonical:
        expected = None
    try:
        found: bytes | None = spell(value)
    except canonical.NotCanonical:
        found = None
    assert found == expected


@given(stream=NAMES.map("unit/".__add__) | NAMES, version=st.integers(-1, 3), command=NAMES, data=VALUES)
def test_whatever_the_mapper_makes_every_verifier_reads(stream: str, version: int, command: str, data: Any) -> None:
    fact = Fact(stream, version, "unit.registered", ADMIN, command, data if isinstance(data, dict) else {"data": data})
    try:
        tail = tail_of(fact)
    except (entries.EntryError, canonical.NotCanonical):
        return
    raw = entries.compose("0" * 64, 7, AT, tail)
    entry = entries.parse(raw)
    assert (entry.stream, entry.version, entry.command, entry.data) == (stream, version, command, fact.data)
    assert fact_of(raw) == Fact(stream, version, "unit.registered", ADMIN, command, fact.data, AT, 7)


@pytest.mark.parametrize(
    "fact",
    [
        Fact("unit/a", 1, "unit.unheard", ADMIN, "c", {}),
        Fact("unit/a", 1, "unit.registered", Actor("ad min", "admin", "220100"), "c", {}),
        Fact("unit/a", 1, "unit.registered", ADMIN, "c", {"name": "x" * 65_400}),
        Fact("unit/a", 0, "unit.registered", ADMIN, "c", {}),
        Fact("UNIT/a", 1, "unit.registered", ADMIN, "c", {}),
    ],
    ids=["kind", "actor", "length", "version", "stream"],
)
def test_what_no_entry_can_say_is_refused_where_it_is_made(fact: Fact) -> None:
    with pytest.raises(entries.EntryError):
        tail_of(fact)


CLASSES: dict[str, type[Recorded]] = {
    "log": Logbook,
    "unit": Unit,
    "account": Account,
    "calendar": CalendarYear,
    "itemlist": ItemList,
    "plan": Plan,
    "registry": Registry,
    "draw": Draw,
    "inspection": Inspection,
}


def test_a_fork_grows_by_itself(story: Told) -> None:
    streams: dict[str, list[Fact]] = {}
    for line in (story.export / "entries.jsonl").read_bytes().splitlines():
        fact = fact_of(line)
        streams.setdefault(fact.originator_id, []).append(fact)
    assert {stream.partition("/")[0] for stream in streams} == set(CLASSES)

    for stream, facts in streams.items():
        aggregate = CLASSES[stream.partition("/")[0]](stream)
        for fact in facts:
            before = copy.deepcopy(aggregate.__dict__)
            twin = aggregate.fork()
            twin._replay(fact)
            assert aggregate.__dict__ == before, fact.kind
            aggregate = twin
