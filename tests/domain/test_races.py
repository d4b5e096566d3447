"""Several processes on one log: whatever happens between a decision and its recording, it counts as if made alone.

Two ledgers are open on one log. The first decides; before it records, the second does something. Each race says what must
come of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from domain.core import ATTEMPTS, BESIDE_OTHERS, Decided, Decision, Receipt
from domain.draws import Draw
from domain.errors import Conflict, Forbidden
from domain.ledger import Ledger
from domain.organisation import Unit
from domain.roles import Cause
from domain.store.contract import Moved
from tests.postgres import Postgres
from tests.story import CALENDAR_2026, Story, entry_data, inspectors, item, new_ledger, objects
from verify import entries
from verify.calendar import Calendar

CODES = {"CCSW-003": "general", "CCSW-002": "key"}


@dataclass
class Race:
    """Two stories on one log; `between` lets the second act once the first has decided."""

    first: Story
    second: Story
    monkeypatch: pytest.MonkeyPatch
    acted: list[Receipt] = field(default_factory=list)
    decided: int = 0

    def between(self, act: Callable[[], Receipt]) -> None:
        save = self.first.ledger._record

        def interrupted(decided: Sequence[Decided]) -> list[Receipt]:
            self.decided += 1
            if not self.acted:
                self.acted.append(act())
            return save(decided)

        self.monkeypatch.setattr(self.first.ledger, "_record", interrupted)


@pytest.fixture
def race(tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Race]:
    with new_ledger(tmp_path / "log", store=postgres.place().store) as first, Ledger.open(tmp_path / "log") as second:
        story = Story(first)
        story.organise()
        yield Race(story, Story(second, number=iter(range(10_000, 20_000))), monkeypatch)


@pytest.fixture
def planned(race: Race) -> tuple[Race, str, dict[str, tuple[str, str]]]:
    """The race with a published plan and the filed registries of its items."""
    plan = race.first.plan(CODES)
    return race, plan, {c: race.first.registries(c, objects(60), inspectors(20, list(CODES))) for c in CODES}


def opening(story: Story, plan: str, code: str, registries: dict[str, tuple[str, str]]) -> Receipt:
    objects_registry, people = registries[code]
    return story.do("market", "open_draw", plan=plan, item=code, objects=objects_registry, inspectors=people)


def test_two_lists_drafted_at_once_get_two_numbers(race: Race) -> None:
    facts = {"title": "清单", "items": [item("CCSW-003", "general")]}
    race.between(lambda: race.second.do("market", "draft_item_list", **facts))

    receipt = race.first.do("market", "draft_item_list", **facts)

    assert race.acted[0].stream == "itemlist/220100-1"
    assert (receipt.stream, race.decided) == ("itemlist/220100-2", 2)


def test_two_draws_of_two_items_opened_at_once_get_two_numbers(planned) -> None:
    race, plan, registries = planned
    race.between(lambda: opening(race.second, plan, "CCSW-002", registries))

    receipt = opening(race.first, plan, "CCSW-003", registries)

    assert race.acted[0].stream == "draw/220100-2026-0001"
    assert (receipt.stream, race.decided) == ("draw/220100-2026-0002", 2)


def test_of_two_draws_of_one_item_opened_at_once_the_second_is_refused(planned) -> None:
    race, plan, registries = planned
    race.between(lambda: opening(race.second, plan, "CCSW-003", registries))

    with pytest.raises(Conflict, match="no second draw"):
        opening(race.first, plan, "CCSW-003", registries)

    assert race.acted[0].stream == "draw/220100-2026-0001"
    assert race.first.ledger.store.streams("draw/") == [race.acted[0].stream]


def test_a_freeze_holds_the_registry_as_it_stands_when_it_is_recorded(planned) -> None:
    race, plan, registries = planned
    registry, rows = registries["CCSW-003"][0], objects(1, start=500)
    draw = opening(race.second, plan, "CCSW-003", registries).stream
    race.second.do("discipline", "check_in", draw=draw, phase="freeze")
    race.between(
        lambda: race.second.do("market", "import_rows", registry=registry, rows=rows, mode="merge", source=b"late")
    )

    receipt = freeze(race.first, draw)

    population = entry_data(race.first.ledger, receipt.index)["freeze"]["objects"]
    assert race.decided == 2
    assert (population["version"], population["count"]) == (race.acted[0].version, 61)
    assert receipt.index == race.acted[0].index + 1


def freeze(story: Story, draw: str) -> Receipt:
    now = story.ledger._seconds()
    return story.do(
        "market",
        "freeze",
        draw=draw,
        parties=[
            {"id": "discipline", "role": "discipline", "account": "discipline", "key": None},
            {"id": "organiser", "role": "organiser", "account": "market", "key": None},
        ],
        t_commit=now + 600,
        t_reveal=now + 1200,
        delta=600,
        beacons=[{"kind": "dice", "sides": 10, "rolls": 40, "simulated": True}],
        waivers=dict.fromkeys(story.ledger.preview_freeze(draw)["waivers_needed"], "不足五户"),
        cap=None,
        fallback=[],
    )


def test_a_calendar_that_is_recorded_meanwhile_is_worked_by(race: Race) -> None:
    next_year = {"year": 2027, "holidays": ["2027-01-01"], "makeup_workdays": [], "papers": ["https://example.cn/1"]}
    race.between(lambda: race.second.do("admin", "record_calendar", record=next_year))
    seen: list[Calendar] = []

    def decide(cause: Cause) -> Decision:
        seen.append(race.first.ledger.calendar())
        unit = Unit("unit/fresh")
        unit.register(cause, "fresh", "单位", "office", None)
        return Decision(unit)

    race.first.ledger._do(race.first.actor("admin"), "fresh", "unit.registered", {}, decide)

    assert [2027 in calendar.years for calendar in seen] == [False, True]


def test_an_account_that_was_closed_meanwhile_acts_no_more(race: Race) -> None:
    race.between(lambda: race.second.do("admin", "close_account", account="market", reason="离岗"))

    with pytest.raises(Forbidden, match="is closed"):
        race.first.do("market", "draft_item_list", title="清单", items=[item("CCSW-003", "general")])

    assert race.first.ledger.size == race.acted[0].index + 1


def test_two_administrators_do_not_close_each_other(race: Race) -> None:
    race.first.do("admin", "open_account", account="deputy", role="admin", unit="220100")
    race.between(lambda: race.second.do("admin", "close_account", account="deputy", reason="离岗"))

    with pytest.raises(Forbidden, match="deputy is closed"):
        race.first.do("deputy", "close_account", account="admin", reason="离岗")

    assert race.second.actor("admin").role == "admin"


def test_a_registry_of_inspectors_that_appears_meanwhile_hides_nobody_from_a_freeze(planned) -> None:
    race, plan, registries = planned
    draw = opening(race.second, plan, "CCSW-003", registries).stream
    race.second.do("discipline", "check_in", draw=draw, phase="freeze")

    def another() -> Receipt:
        race.second.do("market", "create_registry", registry="more", type="inspectors", title="另册", item=None)
        person = {**inspectors(1, list(CODES))[0], "id": "INS-220100-900"}
        return race.second.do(
            "market", "import_rows", registry="registry/more", rows=[person], mode="merge", source=b"more"
        )

    race.between(another)

    with pytest.raises(Conflict, match="there is no special roster"):
        freeze(race.first, draw)

    assert race.decided == 1  # the second time it was refused before anything could be recorded
    assert race.first.ledger._get(Draw, draw).state == "opened"


def test_a_command_that_reaches_two_processes_is_carried_out_once(race: Race) -> None:
    facts = {"unit": "220103", "name": "宽城区商务局", "kind": "county", "parent": "220100"}
    race.between(lambda: race.second.ledger.register_unit(race.second.actor("admin"), "same", **facts))

    receipt = race.first.ledger.register_unit(race.first.actor("admin"), "same", **facts)

    assert receipt == race.acted[0]
    assert race.first.ledger.size == receipt.index + 1


def test_a_command_that_another_process_carried_out_is_not_refused_for_what_it_did_itself(
    race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = {"unit": "220103", "name": "宽城区商务局", "kind": "county", "parent": "220100"}
    lookup, looked = race.first.ledger.store.command, list[Receipt]()

    def late(account: str, command: str) -> tuple[bytes, bytes] | None:
        found = lookup(account, command)
        if not looked:
            looked.append(race.second.ledger.register_unit(race.second.actor("admin"), command, **facts))
        return found

    monkeypatch.setattr(race.first.ledger.store, "command", late)

    receipt = race.first.ledger.register_unit(race.first.actor("admin"), "same", **facts)

    assert looked == [receipt]


def test_a_deadline_that_passed_meanwhile_has_passed(race: Race) -> None:
    plan = race.first.plan(CODES)
    registries = race.first.registries("CCSW-003", objects(60), inspectors(20, list(CODES)))
    draw = opening(race.first, plan, "CCSW-003", {"CCSW-003": registries}).stream
    race.first.do("discipline", "check_in", draw=draw, phase="freeze")
    freeze(race.first, draw)
    race.first.do("discipline", "check_in", draw=draw, phase="commit")

    def late() -> Receipt:
        race.second.ledger.advance_clock(3600)
        return race.second.do("admin", "close_account", account="clerk", reason="离岗")

    race.between(late)

    with pytest.raises(Conflict, match="the time for commitments is over"):
        race.first.do("market", "commit", draw=draw, party="organiser", commitment="00" * 32)

    assert race.acted
    assert race.first.ledger._get(Draw, draw).commitments == {}


def test_what_was_decided_yesterday_is_decided_again_today(race: Race) -> None:
    def overnight() -> Receipt:
        race.second.ledger.advance_clock(86_400)
        return race.second.do("admin", "close_account", account="clerk", reason="离岗")

    race.between(overnight)

    receipt = race.first.do("admin", "record_calendar", record=CALENDAR_2026)

    assert race.decided == 2
    assert receipt.at[:10] == race.acted[0].at[:10] == race.first.ledger.clock.now()[:10]


def test_who_always_comes_too_late_is_let_through_alone(race: Race, monkeypatch: pytest.MonkeyPatch) -> None:
    save, number, sizes = race.first.ledger._record, iter(range(100)), list[int]()
    facts = {"title": "清单", "items": [item("CCSW-003", "general")]}

    def hindered(decided: Sequence[Decided]) -> list[Receipt]:
        sizes.append(race.first.ledger.size)
        if race.first.ledger.store._held.connection is None:  # type: ignore[attr-defined]
            race.second.do("market", "draft_item_list", **facts)
        receipts = save(decided)
        next(number)
        return receipts

    monkeypatch.setattr(race.first.ledger, "_record", hindered)

    receipt = race.first.do("market", "draft_item_list", **facts)

    assert len(sizes) == BESIDE_OTHERS + 1
    assert receipt.stream == "itemlist/220100-3"
    assert next(number) == 1


def test_a_command_that_can_never_be_recorded_is_refused_and_not_tried_for_ever(
    race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = list[int]()

    def moved(*_: object) -> None:
        tries.append(1)
        raise Moved("always")

    monkeypatch.setattr(race.first.ledger, "_record", moved)
    size = race.first.ledger.size

    with pytest.raises(Conflict, match="collides with others"):
        race.first.do("admin", "close_account", account="clerk", reason="离岗")

    assert (len(tries), race.first.ledger.size) == (ATTEMPTS, size)


def test_two_processes_publish_in_turn_and_never_two_histories(race: Race) -> None:
    notes = set()
    for number, story in enumerate([race.first, race.second] * 5):
        story.do("admin", "register_unit", unit=f"p{number}", name="单位", kind="office", parent="220100")
        notes.add(story.ledger.publish_checkpoint())
    assert race.first.ledger.publish_checkpoint() == race.second.ledger.publish_checkpoint()

    assert len(notes) == 10
    assert race.first.ledger.published_size == race.first.ledger.size
    recorded = [entries.parse(raw) for raw in race.first.ledger.store.entries()]
    assert [e.index for e in recorded] == list(range(len(recorded)))


def test_no_process_hashes_an_entry_twice_whoever_signs_meanwhile(race: Race, monkeypatch: pytest.MonkeyPatch) -> None:
    stories, read = (
        [race.first, race.second],
        {id(story.ledger.store): list[range]() for story in (race.first, race.second)},
    )
    entries_of: Any = type(race.first.ledger.store).entries

    def noted(self: Any, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        if stop is not None and stop > start:
            read[id(self)].append(range(start, stop))
        yield from entries_of(self, start, stop)

    for turn in range(6):
        story = stories[turn % 2]
        story.do("admin", "register_unit", unit=f"t{turn}", name="单位", kind="office", parent="220100")
        with monkeypatch.context() as patched:
            patched.setattr(type(story.ledger.store), "entries", noted)
            story.ledger.publish_checkpoint()

    size = race.first.ledger.size
    for story in stories:
        seen = [index for part in read[id(story.ledger.store)] for index in part]
        assert seen == list(range(story.ledger._tree.size)) != []
    assert race.second.ledger._tree.size == size
