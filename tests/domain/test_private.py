"""Public bytes hold no name, no certificate and no conflict of a person; what was committed to can be shown to somebody."""

import re

from tests.story import Story, inspectors, objects
from verify import canonical, entries
from verify.personal import field_commitment, recusal_label

CODE = "CCSW-003"


def public_bytes(told: Story) -> bytes:
    documents = (told.ledger.store.document(info["sha256"]) for info in told.ledger.store.documents() if info["public"])
    return b"\n".join([*told.ledger.store.entries(), *(b"".join(pieces or ()) for pieces in documents)])


def test_no_name_certificate_or_reason_of_a_person_is_public(told: Story) -> None:
    plan = told.plan({CODE: "general"})
    people = inspectors(20, [CODE])
    draw = told.freeze(plan, CODE, told.registries(CODE, objects(60), people))
    told.ceremony(draw)

    content = public_bytes(told)

    assert b"INS-220100-001" in content
    for person in people:
        assert person["name"].encode() not in content
        if person["certificate"]:
            assert person["certificate"].encode() not in content
    assert b"conflict" not in content


def test_a_committed_field_can_be_shown_to_somebody(told: Story) -> None:
    told.registries(CODE, objects(10), inspectors(3, [CODE]))
    registry = told.ledger._get(__import__("domain.registries").registries.Registry, "registry/inspectors")
    with told.ledger.shelf.rows(registry) as state:
        row = state.get("INS-220100-001") or {}

    value, salt = told.ledger.private.value(row["name"]["commitment"]) or ("", b"")

    assert value == "检查员0001"
    assert field_commitment("inspectors/INS-220100-001/name", salt, value).hex() == row["name"]["commitment"]


def test_an_import_of_the_same_inspectors_keeps_their_commitments(told: Story) -> None:
    told.registries(CODE, objects(10), inspectors(3, [CODE]))
    more = inspectors(4, [CODE])

    receipt = told.do("market", "import_rows", registry="registry/inspectors", rows=more, mode="merge", source=b"2")

    data = entries.parse(next(told.ledger.store.entries(receipt.index))).data
    assert (data["added"], data["changed"], data["removed"]) == (1, 0, 0)


def test_two_people_with_one_name_have_two_commitments(told: Story) -> None:
    people = [{**person, "name": "同名"} for person in inspectors(2, [CODE])]
    told.registries(CODE, objects(10), people)

    found = set(re.findall(rb'"name":\{"commitment":"([0-9a-f]{64})"', public_bytes(told)))

    assert len(found) == 2


def test_only_the_recusals_of_drawn_objects_are_opened(told: Story) -> None:
    plan = told.plan({CODE: "general"})
    people = inspectors(20, [CODE])
    draw = told.freeze(plan, CODE, told.registries(CODE, objects(60), people))
    told.ceremony(draw)

    recorded = {e.kind: e.data for raw in told.ledger.store.entries() if (e := entries.parse(raw)).stream == draw}
    committed = told.ledger.lines(recorded["draw.frozen"]["documents"]["recusals"]["sha256"])
    opened = told.ledger.lines(recorded["draw.inspectors-assigned"]["opened"]["sha256"])
    drawn = {line["id"] for line in told.ledger.lines(recorded["draw.objects-drawn"]["document"]["sha256"])}

    declared = {name for person in people for name in person["conflicts"]}
    assert {line["id"] for line in committed} == declared
    assert {line["id"] for line in opened} == declared & drawn
    for line in opened:
        value = canonical.encode(line["inspectors"]).decode()
        label = recusal_label(draw.partition("/")[2], line["id"])
        commitment = field_commitment(label, bytes.fromhex(line["salt"]), value).hex()
        assert {"id": line["id"], "recused": {"commitment": commitment}} in committed
