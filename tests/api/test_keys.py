"""The keys of a log are handed over through the HTTP interface, by an administrator, once."""

from __future__ import annotations

from domain.signer import Signer
from tests.api.conftest import Doors
from verify import note


def test_a_key_is_announced_and_the_old_one_retired_over_http(doors: Doors) -> None:
    old, new = doors.ledger.vkey, Signer(doors.ledger.folder / "signer").add_key()

    announced = doors.post("/log/keys", {"vkey": new}, key="announce")
    again = doors.post("/log/keys", {"vkey": new}, key="announce")
    doors.ledger.publish_checkpoint()
    both = doors.get("/checkpoint").content
    stated = doors.get("/log.vkey").text.strip()
    retired = doors.post("/log/keys/retirement", {"vkey": old}, key="retire")
    doors.ledger.publish_checkpoint()

    assert (announced.status_code, retired.status_code) == (201, 201)
    assert again.json() == announced.json()
    assert [key.key_id.hex() for key in note.open_note(both, [note.parse_vkey(old), note.parse_vkey(new)])[1]] == [
        old.split("+")[1],
        new.split("+")[1],
    ]
    assert stated == old
    assert doors.get("/log.vkey").text.strip() == new
    assert new.split("+")[1] in doors.get("/").text


def test_what_is_no_next_key_is_refused_with_its_reason(doors: Doors) -> None:
    unheld = note.format_vkey(doors.ledger.origin, bytes(31) + b"\x09")

    answers = [
        doors.post("/log/keys", {"vkey": "nonsense"}),
        doors.post("/log/keys", {"vkey": unheld}),
        doors.post("/log/keys/retirement", {"vkey": doors.ledger.vkey}),
        doors.post("/log/keys", {"vkey": unheld}, account=None),
    ]

    assert [answer.status_code for answer in answers] == [422, 409, 409, 401]
    assert doors.ledger.size == 3
