"""A log with a draw that is finished and one that is only frozen, and codes of businesses in and out of their pools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from api.exporting import export
from api.reading import up_to_date
from api.receipts import self_check
from domain import uscc
from tests.api.conftest import Doors
from tests.story import Story, drawn_objects, inspectors, new_ledger, objects

Json = dict[str, Any]
DONE, OPEN = "220100-2026-0001", "220100-2026-0002"


def code(number: int) -> str:
    """Return the social credit code of the business of this number, with its right check character."""
    body = f"91220101YY{number:07d}"
    return body + uscc.check_character(body)


class Told:
    """A log in which one draw is finished and another is only frozen; of businesses 0 to 59 the even ones are in the pools."""

    def __init__(self, folder: Path) -> None:
        story = Story(new_ledger(folder / "log"))
        story.organise()
        plan = story.plan({"CCSW-001": "general", "CCSW-002": "key"})
        rows = [{**row, "id": code(2 * n)} for n, row in enumerate(objects(30))]
        people = inspectors(20, ["CCSW-001", "CCSW-002"])
        self.registries = story.registries("CCSW-001", rows, people)
        done = story.freeze(plan, "CCSW-001", self.registries)
        story.ceremony(done)
        story.freeze(plan, "CCSW-002", story.registries("CCSW-002", rows[:20], people))
        self.ledger = story.ledger
        self.ledger.publish_checkpoint()
        self.vkey = self.ledger.vkey
        self.drawn = drawn_objects(self.ledger, done)
        self.doors = Doors(self.ledger)
        self.export = folder / "export"
        export(self.ledger, self.export)
        self.key_pem = (folder / "log" / "signer" / "key.pem").read_bytes()

    def file(self, business: str, draw: str = DONE) -> Json:
        with up_to_date(self.ledger) as snapshot:
            found = self_check(self.ledger, snapshot.connection, draw, business)
        assert found is not None
        return found
