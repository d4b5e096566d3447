"""The whole round as one story: what each step leaves behind, and that the order is what makes it count."""

from pathlib import Path

import pytest

from domain.errors import Conflict
from tests.story import Story, drawn_objects, inspectors, new_ledger, objects
from verify import entries

CODE = "CCSW-003"


def test_one_round_leaves_one_entry_per_command_and_every_result_published(tmp_path: Path) -> None:
    with new_ledger(tmp_path / "log") as ledger:
        story = Story(ledger)
        story.organise()
        plan = story.plan({CODE: "general"})
        registries = story.registries(CODE, objects(120), inspectors(20, [CODE]))
        draw = story.freeze(plan, CODE, registries)
        story.ceremony(draw)
        story.inspect(draw)

        recorded = [entries.parse(raw) for raw in ledger.store.entries()]

        assert [e.index for e in recorded] == list(range(len(recorded)))
        assert len(story.did) == len(recorded) - 3  # entry 0, the bureau and its administrator made the log
        assert [(r.index, r.leaf) for r in story.did] == [(e.index, e.leaf.hex()) for e in recorded[3:]]
        kinds = [e.kind for e in recorded if e.stream == draw]
        assert kinds == [
            "draw.opened",
            "draw.witness-checked-in",
            "draw.frozen",
            "draw.witness-checked-in",
            "draw.contribution-committed",
            "draw.contribution-committed",
            "draw.commitments-closed",
            "draw.witness-checked-in",
            "draw.contribution-revealed",
            "draw.contribution-revealed",
            "draw.reveals-closed",
            "draw.witness-checked-in",
            "draw.beacon-recorded",
            "draw.seed-derived",
            "draw.witness-checked-in",
            "draw.objects-drawn",
            "draw.inspectors-assigned",
            "draw.witness-signed-off",
        ]
        published = {e.stream for e in recorded if e.kind == "result.published"}
        assert len(published) == len(drawn_objects(ledger, draw))


def test_a_reopened_log_goes_on_where_it_stood(tmp_path: Path) -> None:
    with new_ledger(tmp_path / "log") as ledger:
        story = Story(ledger)
        story.organise()
        size, now = ledger.size, ledger.clock.now()

    with new_ledger(tmp_path / "log") as again:
        assert (again.size, again.clock.now()) == (size, now)
        told = Story(again, number=story.number)
        receipt = told.do("admin", "open_account", account="second", role="clerk", unit="220102")

    assert receipt.index == size


def test_a_draw_that_displeases_is_not_drawn_again(told: Story) -> None:
    plan = told.plan({CODE: "general"})
    registries = told.registries(CODE, objects(60), inspectors(20, [CODE]))
    first = told.freeze(plan, CODE, registries)
    told.ceremony(first)

    with pytest.raises(Conflict, match="no second draw"):
        told.freeze(plan, CODE, registries)

    assert drawn_objects(told.ledger, first)


def test_the_discipline_office_cannot_check_in_ahead_of_what_it_watches(told: Story) -> None:
    plan = told.plan({CODE: "general"})
    draw = told.freeze(plan, CODE, told.registries(CODE, objects(60), inspectors(20, [CODE])))
    told.do("discipline", "check_in", draw=draw, phase="commit")

    with pytest.raises(Conflict, match="not reveal now"):
        told.do("discipline", "check_in", draw=draw, phase="reveal")
