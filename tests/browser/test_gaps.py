"""Where a rule is easily read in two ways, both verifiers read the same: what is BROKEN, and under which codes."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

import pytest

from tests.asking import answer, of
from tests.browser.javascript import Verifier, broken
from tests.cheats import on_inspections, on_keys
from tests.cheats.common import LATE, Files, first_draw, first_round
from tests.forge import Forge, Json, write
from verify import documents, note


@pytest.fixture(scope="module")
def javascript() -> Iterator[Verifier]:
    with Verifier() as verifier:
        yield verifier


def calendar_of_another_shape(forge: Forge) -> Files:
    return on_inspections.calendar(holidays="none")(forge)


def later_calendar_unreadable(forge: Forge) -> Files:
    """The deadline of a published result is false, and nobody is told: a calendar of the log cannot be read."""
    first_round(forge)
    forge.first("result.published")["data"]["deadline"] = "2026-12-31"
    reference = documents.reference(b"[]", documents.JSON)
    forge.documents[str(reference["sha256"])] = b"[]"
    forge.add(forge.entries[-1], "calendar/2027", "calendar.recorded", "admin", {"year": 2027, "document": reference})
    return forge.settle(LATE)


def excluded_without_ground(forge: Forge) -> Files:
    def edit(rows: list[Json]) -> None:
        next(row for row in rows if "excluded" not in row)["excluded"] = "status:closed"

    first_draw(forge)
    forge.edit_pool(forge.first("draw.frozen"), "objects", edit)
    return forge.settle(("objects",))


def seed_of_the_cheat(forge: Forge) -> Files:
    first_draw(forge)
    forge.first("draw.seed-derived")["data"]["seed"] = "ab" * 32
    return forge.resign()


def repeated(right_first: bool) -> Callable[[Forge], Files]:
    """Let the new key sign rightly and wrongly while the log is handed over, in this order or the other."""

    def cheat(forge: Forge) -> Files:
        first_draw(forge)
        on_keys.announced(forge)
        files = on_keys.signed_by(forge, forge.private, on_keys.NEW)
        text, _, lines = files["checkpoint"].rpartition(b"\n\n")
        key = note.parse_vkey(on_keys.new_key(forge))
        wrong = f"\N{EM DASH} {key.name} ".encode() + base64.b64encode(key.key_id + bytes(64)) + b"\n"
        return files | {"checkpoint": text + b"\n\n" + (lines + wrong if right_first else wrong + lines)}

    return cheat


CASES: dict[str, tuple[Callable[[Forge], Files], set[str]]] = {
    "a calendar of another shape": (calendar_of_another_shape, {"documents"}),
    "a later calendar that cannot be read leaves every deadline open": (later_calendar_unreadable, {"documents"}),
    "an object excluded without ground": (excluded_without_ground, {"F07", "F09"}),
    "a false seed, and the draw of the right one": (seed_of_the_cheat, {"V6"}),
    "a key that signs rightly, and then wrongly": (repeated(True), set()),
    "a key that signs wrongly, and then rightly": (repeated(False), {"keys"}),
}


@pytest.mark.parametrize(("cheat", "codes"), CASES.values(), ids=CASES.keys())
def test_both_name_the_same_codes(cheat, codes, story, javascript, tmp_path, capsys):
    forge = Forge(story.export, story.key_pem)
    folder = write(cheat(forge), tmp_path / "log")

    python, other = answer(capsys, str(folder), "--vkey", story.vkey), javascript.ask(folder, story.vkey)

    assert codes <= {code for code, _ in broken(python)} if codes else not broken(python), of(python, "BROKEN")
    assert broken(other) == broken(python)
    assert other["exit"] == python["exit"]
