"""Group commit: requests share a transaction, and whatever happens to one of them, the others do not notice."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from eventsourcing.persistence import IntegrityError

from domain.core import Decision, Intent, Receipt
from domain.errors import Conflict, Invalid, Unavailable
from domain.grouping import MOST, Group, _Request, record, together
from domain.organisation import Account, Unit
from domain.roles import Cause
from domain.store.contract import Change, Grounds, Placed
from tests.domain.stores import FOREVER, START, UNIT, store, told
from tests.story import Story
from verify import entries

__all__ = ["store", "told"]


def unit(told: Story, code: str, command: str | None = None, after: str | None = None) -> Intent:
    def decide(cause: Cause) -> Decision:
        if after is not None:
            told.ledger._get(Unit, f"unit/{after}")
        fresh = told.ledger._fresh(Unit, f"unit/{code}")
        fresh.register(cause, code, **UNIT)
        return Decision(fresh)

    return Intent(told.actor("admin"), command or f"make-{code}", "unit.registered", {"unit": code, **UNIT}, decide)


def closing(told: Story, account: str, command: str) -> Intent:
    def decide(cause: Cause) -> Decision:
        found = told.ledger._get(Account, f"account/{account}")
        found.close(cause, "离岗")
        return Decision(found)

    return Intent(told.actor("admin"), command, "account.closed", {"account": account}, decide)


def all_at_once(told: Story, requests: Sequence[Sequence[Intent]]) -> list[Any]:
    async def run() -> list[Any]:
        group = Group(told.ledger)
        try:
            wanted = (group.carry_out(intents) for intents in requests)
            return await asyncio.gather(*wanted, return_exceptions=True)
        finally:
            group.close()

    return asyncio.run(run())


class Counted:
    """A store that counts its transactions, and may be told to fail."""

    def __init__(self, told: Story, monkeypatch: pytest.MonkeyPatch, fault: Exception | None = None) -> None:
        self.sizes: list[int] = []
        self.fault = fault
        append = told.ledger.store.append

        def counted(changes: Sequence[Change]) -> list[Placed]:
            self.sizes.append(len(changes))
            if self.fault is not None:
                raise self.fault
            return append(changes)

        monkeypatch.setattr(told.ledger.store, "append", counted)


def test_requests_at_once_share_transactions_and_each_gets_its_own_receipt(told: Story, monkeypatch) -> None:
    counted, start = Counted(told, monkeypatch), told.ledger.size

    answers = all_at_once(told, [[unit(told, f"u{n}")] for n in range(40)])

    receipts: list[Receipt] = [receipt for (receipt,) in answers]
    assert counted.sizes[0] == 1
    assert sum(counted.sizes) == 40
    assert len(counted.sizes) <= 3
    assert sorted(r.index for r in receipts) == list(range(start, start + 40))
    for number, receipt in enumerate(receipts):
        entry = entries.parse(next(told.ledger.store.entries(receipt.index)))
        assert (entry.leaf.hex(), entry.command, entry.at) == (receipt.leaf, f"make-u{number}", receipt.at)
    told.ledger.publish_checkpoint()


def test_only_the_guilty_request_is_refused(told: Story, monkeypatch) -> None:
    counted = Counted(told, monkeypatch)
    requests = [[unit(told, "a")], [closing(told, "clerk", "first")], [closing(told, "clerk", "second")]]

    answers = all_at_once(told, [*requests, [unit(told, "b")], [unit(told, "c")]])

    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert [type(each) for each in refused] == [Conflict]
    assert answers.index(refused[0]) in (1, 2)
    assert max(counted.sizes) > 1
    assert {e.stream for e in map(entries.parse, told.ledger.store.entries())} >= {"unit/a", "unit/b", "unit/c"}


def test_a_batch_that_conflicts_with_another_writer_is_taken_apart(told: Story, monkeypatch) -> None:
    append, moved = told.ledger.store.append, list[int]()

    def overtaken(changes: Sequence[Change]) -> list[Placed]:
        """Let somebody else close the account between the decision of the batch and its commit."""
        if not moved and any(change.stream == "account/clerk" for change in changes):
            moved.append(len(changes))
            monkeypatch.setattr(told.ledger.store, "append", append)
            told.do("admin", "close_account", account="clerk", reason="调离")
        return append(changes)

    monkeypatch.setattr(told.ledger.store, "append", overtaken)
    requests = [[unit(told, "a")], [unit(told, "b")], [closing(told, "clerk", "late")], [unit(told, "c")]]

    answers = all_at_once(told, requests)

    assert moved == [3]  # b, the closing and c waited together while a was committed
    assert isinstance(answers[2], Conflict)
    assert [answers[n][0].stream for n in (0, 1, 3)] == ["unit/a", "unit/b", "unit/c"]


def test_the_commands_of_one_request_rest_on_each_other_and_come_together_or_not_at_all(told: Story) -> None:
    size = told.ledger.size
    good = [unit(told, "first"), unit(told, "second", after="first")]
    bad = [unit(told, "third"), unit(told, "fourth", after="nowhere")]

    answers = all_at_once(told, [good, bad])

    assert [receipt.index for receipt in answers[0]] == [size, size + 1]
    assert "there is no unit/nowhere" in str(answers[1])
    assert told.ledger.size == size + 2
    assert told.ledger.carry_out([unit(told, "third"), unit(told, "fourth", after="third")])[1].index == size + 3


def test_a_request_that_is_sent_again_gets_the_first_receipts(told: Story) -> None:
    request = [unit(told, "first"), unit(told, "second", after="first")]
    first = all_at_once(told, [request])
    size = told.ledger.size

    again = all_at_once(told, [request, request])

    assert again == [first[0], first[0]]
    assert told.ledger.size == size
    (mixed,) = all_at_once(told, [[unit(told, "first"), unit(told, "other")]])
    assert isinstance(mixed, Conflict)
    assert told.ledger.size == size


def test_a_store_that_fails_acknowledges_nobody(told: Story, monkeypatch) -> None:
    size = told.ledger.size
    counted = Counted(told, monkeypatch, Unavailable("停机", "away", "LEDGER 7"))

    answers = all_at_once(told, [[unit(told, f"u{n}")] for n in range(5)])

    assert counted.sizes
    assert [type(answer) for answer in answers] == [Unavailable] * 5
    assert told.ledger.size == size


def change(stream: str, command: str, rests_on: str = "", family: str = "") -> Change:
    grounds = Grounds(START, FOREVER, {rests_on: 1} if rests_on else {}, {family: 7} if family else {})
    return Change(stream, 1, b"", START, "a", command, grounds=grounds)


def request(*changes: Change) -> _Request:
    return _Request(list(changes), None)  # type: ignore[arg-type]  # nobody waits for it


@pytest.mark.parametrize(
    "second",
    [change("unit/b", "2", rests_on="unit/a"), change("unit/b", "2", family="unit/"), change("unit/b", "1")],
    ids=["its ground", "its family", "its command id"],
)
def test_whoever_rests_on_what_another_changes_is_not_in_the_same_batch(second: Change) -> None:
    first, third = change("unit/a", "1"), change("unit/c", "3")

    batch, later = together([request(first), request(second), request(third)])

    assert [each.changes for each in batch] == [[first], [third]]
    assert [each.changes for each in later] == [[second]]


def test_a_batch_has_an_end() -> None:
    many = [request(*(change(f"unit/{n}-{m}", f"{n}-{m}") for m in range(200))) for n in range(4)]

    batch, later = together(many)

    assert (len(batch), len(later)) == (2, 2)
    assert sum(len(each.changes) for each in batch) <= MOST
    whole, _ = together([request(*(change(f"unit/{n}", f"{n}") for n in range(MOST + 1)))])
    assert len(whole) == 1


def test_of_a_batch_in_which_one_cannot_be_recorded_the_others_are() -> None:
    class Once:
        def append(self, changes: Sequence[Change]) -> list[Placed]:
            if any(each.stream == "unit/bad" for each in changes):
                raise IntegrityError("taken")
            return [Placed(0, START, b"") for _ in changes]

    outcomes = record(Once(), [[change("unit/a", "1")], [change("unit/bad", "2")], [change("unit/c", "3")]])  # type: ignore[arg-type]

    assert [type(each) for each in outcomes] == [list, IntegrityError, list]


def test_whoever_comes_after_the_end_is_told_so(told: Story) -> None:
    group = Group(told.ledger)
    group.close()

    with pytest.raises(Unavailable):
        asyncio.run(asyncio.wait_for(group.carry_out([unit(told, "late")]), 10))


def test_nobody_waits_for_a_commit_that_died(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    died: list[object] = []

    def die(changes: object) -> None:
        died.append(changes)
        raise SystemExit("in the committing thread")

    monkeypatch.setattr(told.ledger.store, "append", die)

    async def run() -> None:
        await asyncio.wait_for(Group(told.ledger).carry_out([unit(told, "a")]), 10)

    with pytest.raises(SystemExit):
        asyncio.run(run())
    assert died


def test_an_id_does_not_occur_twice_in_one_request(told: Story) -> None:
    (answer,) = all_at_once(told, [[unit(told, "a", "same"), unit(told, "b", "same")]])

    assert isinstance(answer, Invalid)
    with pytest.raises(Invalid, match="occurs twice"):
        told.ledger.carry_out([unit(told, "a", "same"), unit(told, "b", "same")])


def test_what_an_earlier_step_has_made_exists_whether_it_is_read_or_not(told: Story) -> None:
    for fresh in (False, True):
        with pytest.raises(Conflict, match="exists already"):
            told.ledger.decide([unit(told, "twice", "1"), unit(told, "twice", "2")], fresh)
