"""The board of an assignment: who holds which seat, who may hold it, and how a chain of moves is found and made.

A *chain* gives a seat to somebody, who therefore gives up another seat, and so on until somebody simply keeps what he
got. Its nodes are numbers: inspector i is i ("has one seat too many"), seat q is m + q ("is without a holder"), and
m + S + load is a *level*, where one inspector keeps the extra seat and another with one seat more is relieved instead.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence

NOBODY = -1
_NONE: frozenset[int] = frozenset()

Tasks = Sequence[tuple[str, Sequence[int]]]


class Board:
    """The seats of all tasks in order, numbered from 0, with their holders; empty at first.

    `tasks` are (task id, group number of each seat), `groups` lists of inspector indexes in strictly ascending order,
    `recusals` maps the position of a task to inspectors who may not take part in it, `caps` the most seats of each
    inspector. Raises ValueError for numbers out of range, since a negative index would silently count from the end.
    """

    def __init__(
        self,
        tasks: Tasks,
        groups: Sequence[Sequence[int]],
        inspectors: int,
        recusals: Mapping[int, Collection[int]],
        caps: Sequence[int] | None,
    ) -> None:
        _refuse_bad_numbers(tasks, groups, inspectors, recusals, caps)
        self.inspectors = inspectors
        self.groups = groups
        self.members = [frozenset(group) for group in groups]
        self.task_of = [t for t, (_, seats) in enumerate(tasks) for _ in seats]
        self.group_of = [group for _, seats in tasks for group in seats]
        self.seats = len(self.task_of)
        self.first = [0]  # first[t] : first[t + 1] are the seats of task t
        for _, in_task in tasks:
            self.first.append(self.first[-1] + len(in_task))
        self.recused = {t: frozenset(people) for t, people in recusals.items() if people}
        self.caps = [self.seats] * inspectors if caps is None else list(caps)
        self.holder = [NOBODY] * self.seats
        self.load = [0] * inspectors
        self.held: list[set[int]] = [set() for _ in range(inspectors)]  # seats that may still change hands

    def recused_in(self, task: int) -> frozenset[int]:
        return self.recused.get(task, _NONE)

    def team(self, task: int) -> list[int]:
        """Return the holders of the seats of `task`, in seat order."""
        return self.holder[self.first[task] : self.first[task + 1]]

    def has_room(self, i: int) -> bool:
        return self.load[i] < self.caps[i]

    def move(self, moves: Iterable[tuple[int, int]]) -> None:
        """Give each seat to its new holder; the old ones were read before, so that the order does not matter."""
        for seat, taker in moves:
            giver = self.holder[seat]
            if giver != NOBODY:
                self.load[giver] -= 1
                self.held[giver].discard(seat)
            self.holder[seat] = taker
            self.load[taker] += 1
            self.held[taker].add(seat)


class Search(ABC):
    """A breadth-first search for a chain. A subclass says which nodes count and where the chain may end.

    `came` maps each node reached to the one before it. After a failure its keys are closed: no chain leaves them.
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self.came: dict[int, int] = {}
        self.last = NOBODY
        self.closing = NOBODY
        self._queue: list[int] = []
        self._rest: dict[int, Iterable[int]] = {}

    @abstractmethod
    def reach_person(self, i: int, before: int) -> bool:
        """Note that inspector `i` can have one seat too many; True if the chain may end there."""

    @abstractmethod
    def reach_seat(self, seat: int, before: int) -> bool:
        """Note that `seat` can be given up; True if the chain may end there."""

    def candidates(self, group: int) -> Iterable[int]:
        return self.board.groups[group]

    def run(self) -> bool:
        """Go on from the nodes reached so far; True when a chain was found."""
        return any(self.go_on(node) for node in self._queue)  # the queue grows while it is read

    def go_on(self, node: int) -> bool:
        """Go on from one node, a seat to be given up; True when the chain is found."""
        return self._give(node - self.board.inspectors)

    def moves(self) -> list[tuple[int, int]]:
        """Return (seat, new holder) along the chain that was found, the last move first."""
        board, taker, node = self.board, self.closing, self.last
        moves = []
        while node != NOBODY:
            seat = node - board.inspectors
            if seat < 0:
                taker = node
            elif seat < board.seats:
                moves.append((seat, taker))
                taker = board.holder[seat]
            node = self.came[node]
        return moves

    def _give(self, seat: int) -> bool:
        """Give `seat` to everybody who may hold it: a teammate then gives up his own seat, others have one too many.

        Each group is read once: whoever was reached need not be looked at again, so only those who were recused from
        one task or already in its team remain for the next seat of the same group.
        """
        board, came, node = self.board, self.came, seat + self.board.inspectors
        task, group = board.task_of[seat], board.group_of[seat]
        members, recused, team = board.members[group], board.recused_in(task), board.team(task)
        for other, i in enumerate(team, start=board.first[task]):
            if other != seat and i in members and i not in recused and self.reach_seat(other, node):
                return True
        remaining = []
        for i in self._rest[group] if group in self._rest else self.candidates(group):
            if i in came:
                continue
            if i in team or i in recused:
                remaining.append(i)
            elif self.reach_person(i, node):
                return True
        self._rest[group] = remaining
        return False


class Relief(Search):
    """A search for somebody with room whose load is at most `limit`; nodes in `closed` are known to lead nowhere."""

    def __init__(self, board: Board, limit: int, closed: Collection[int] = _NONE) -> None:
        super().__init__(board)
        self._limit, self._closed = limit, closed

    def reach_person(self, i: int, before: int) -> bool:
        if i in self._closed:
            return False
        self.came[i] = before
        if self.board.load[i] <= self._limit and self.board.has_room(i):
            self.last = i
            return True
        for seat in self.board.held[i]:
            self.reach_seat(seat, i)
        return False

    def reach_seat(self, seat: int, before: int) -> bool:
        node = seat + self.board.inspectors
        if node not in self.came and node not in self._closed:
            self.came[node] = before
            self._queue.append(node)
        return False


def _refuse_bad_numbers(
    tasks: Tasks,
    groups: Sequence[Sequence[int]],
    inspectors: int,
    recusals: Mapping[int, Collection[int]],
    caps: Sequence[int] | None,
) -> None:
    for number, group in enumerate(groups):
        if list(group) != sorted(set(group)) or (group and not 0 <= group[0] <= group[-1] < inspectors):
            raise ValueError(f"group {number} does not list inspectors 0 to {inspectors - 1} in ascending order")
    for task_id, in_task in tasks:
        if in_task and not 0 <= min(in_task) <= max(in_task) < len(groups):
            raise ValueError(f"a seat of task {task_id} names a group that does not exist")
    if recusals and not 0 <= min(recusals) <= max(recusals) < len(tasks):
        raise ValueError("a recusal names a task that does not exist")
    if caps is not None and len(caps) != inspectors:
        raise ValueError(f"there are {inspectors} inspectors, but {len(caps)} caps")
