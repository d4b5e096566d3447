"""The three steps of an assignment: seat everybody, make the loads even, then settle seat by seat what the lists say.

Sources: augmenting paths (Ford and Fulkerson); cost-reducing paths for even loads (Harvey, Ladner, Lovasz and Tamir,
semi-matchings, 2006). The result is fixed by its definition (see `verify.assignment`), so none of the choices made here
between equal chains can be seen in it.
"""

from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush

from verify.assignment_board import NOBODY, Board, Relief, Search

SETTLED = -1


def seat_all(board: Board) -> bool:
    """Give every seat of an empty board a holder; False if that is impossible.

    The rarest groups first, each seat to the least loaded; what is left over gets its seat by a chain of moves. A seat
    without a chain proves that there is no solution: the searched inspectors are too few for their seats (Hall).
    """
    by_group: dict[int, list[int]] = {}
    for seat, group in enumerate(board.group_of):
        by_group.setdefault(group, []).append(seat)
    for group in sorted(by_group, key=lambda group: (len(board.groups[group]), group)):
        _seat_group(board, board.groups[group], by_group[group])
    return all(_seat_by_chain(board, seat) for seat in range(board.seats) if board.holder[seat] == NOBODY)


def _seat_group(board: Board, group: Iterable[int], seats: Iterable[int]) -> None:
    waiting = [(board.load[i], i) for i in group if board.has_room(i)]
    heapify(waiting)
    for seat in seats:
        task = board.task_of[seat]
        recused, team = board.recused_in(task), board.team(task)
        passed = []
        while waiting:
            load, i = heappop(waiting)
            if i not in team and i not in recused:
                board.move([(seat, i)])
                if board.has_room(i):
                    heappush(waiting, (load + 1, i))
                break
            passed.append((load, i))
        for entry in passed:
            heappush(waiting, entry)


def _seat_by_chain(board: Board, seat: int) -> bool:
    search = Relief(board, limit=board.seats)
    search.reach_seat(seat, NOBODY)
    found = search.run()
    if found:
        board.move(search.moves())
    return found


def even_out(board: Board, only_look: bool = False) -> bool:
    """Move seats until the sum of load squared is minimal; return whether it was so from the start.

    It is minimal exactly when no chain leads from one inspector to another with two seats less or fewer. From the
    highest load down; nodes from which nothing was found stay closed, for no later chain passes them.
    With `only_look` the board is left as it is.
    """
    was_even = True
    closed: set[int] = set()
    for load in range(max(board.load, default=0), 1, -1):
        for i in [i for i, of_i in enumerate(board.load) if of_i == load]:
            if i in closed:
                continue
            search = Relief(board, load - 2, closed)
            search.reach_person(i, NOBODY)
            if not search.run():
                closed.update(search.came)
                continue
            was_even = False
            if only_look:
                return False
            board.move(search.moves())
    return was_even


class Exchange(Search):
    """A search for a chain that frees a seat from its holder and leaves the sum of load squared as it is.

    It stays inside one cell (see `Settling`). It ends where the holder takes another seat for it, or where somebody
    keeps an extra seat and so comes to the load that the holder had.
    """

    def __init__(self, settling: "Settling", seat: int) -> None:
        board = settling.board
        super().__init__(board)
        self._cell, self._cell_of = settling.cell[seat + board.inspectors], settling.cell
        self._levels = settling.levels[self._cell]
        self._size = settling.sizes[self._cell]
        self._task, self._holder = board.task_of[seat], board.holder[seat]
        self._keeps_at = board.load[self._holder] - 1

    def reach_person(self, i: int, before: int) -> bool:
        if self._cell_of[i] != self._cell:
            return False
        board = self.board
        self.came[i] = before
        load = board.load[i]
        room = load < board.caps[i]
        if room and load == self._keeps_at:
            self.last = i
            return True
        for seat in board.held[i]:
            if self.reach_seat(seat, i):
                return True
        level = board.inspectors + board.seats + load
        if room and level not in self.came:
            self.came[level] = i
            self._queue.append(level)
        return False

    def reach_seat(self, seat: int, before: int) -> bool:
        board, holder = self.board, self._holder
        node = seat + board.inspectors
        if node in self.came or self._cell_of[node] != self._cell:
            return False
        self.came[node] = before
        task = board.task_of[seat]
        free = task == self._task or holder not in board.team(task)
        if free and holder in board.members[board.group_of[seat]] and holder not in board.recused_in(task):
            self.last, self.closing = node, holder
            return True
        self._queue.append(node)
        return False

    def go_on(self, node: int) -> bool:
        level = node - self.board.inspectors - self.board.seats
        if level < 0:
            return super().go_on(node)
        # From somebody with this load who keeps the extra seat: whoever has one more may be relieved.
        relieved = self._levels.get(level + 1, ())
        return any(self.reach_person(i, node) for i in relieved if i not in self.came)

    def candidates(self, group: int) -> Iterable[int]:
        if self._size >= len(self.board.groups[group]):
            return self.board.groups[group]
        members = self.board.members[group]
        return [i for people in self._levels.values() for i in people if i in members]


class Settling:
    """The last step: each seat in turn goes to the first name of its list that leaves everything else possible.

    The board must be full and its loads even. A *cell* is a set of inspectors and seats that no chain which closes
    again can leave: when a search fails, what it reached is closed for ever, because settling only takes moves away.
    `levels[cell][load]` are the inspectors of a cell by their load, `sizes[cell]` counts them.
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self.cell = [0] * (board.inspectors + board.seats)
        self.levels: list[dict[int, set[int]]] = [{}]
        self.sizes = [board.inspectors]
        for i, load in enumerate(board.load):
            self.levels[0].setdefault(load, set()).add(i)

    def settle(self, seat: int, names: Iterator[int]) -> None:
        """Give `seat` to the first of `names` who can have it, and take it out of the game."""
        board, cell = self.board, self.cell
        task, node, holder = board.task_of[seat], seat + board.inspectors, board.holder[seat]
        recused = board.recused_in(task)
        team = board.team(task)
        for i in names:
            if i == holder:
                break
            if i in recused:
                continue
            # A teammate takes the seat for his own, anybody else takes it as one more.
            start = board.inspectors + board.first[task] + team.index(i) if i in team else i
            if cell[start] == cell[node] and self._exchange(seat, start, i):
                break
        cell[node] = SETTLED
        board.held[board.holder[seat]].discard(seat)

    def _exchange(self, seat: int, start: int, taker: int) -> bool:
        search = Exchange(self, seat)
        own = start - self.board.inspectors
        found = search.reach_seat(own, NOBODY) if own >= 0 else search.reach_person(start, NOBODY)
        if found or search.run():
            self._move([*search.moves(), (seat, taker)])
            return True
        self._split(search)
        return False

    def _move(self, moves: list[tuple[int, int]]) -> None:
        board = self.board
        people = {board.holder[seat] for seat, _ in moves} | {taker for _, taker in moves}
        before = [(i, board.load[i]) for i in people]
        board.move(moves)
        for i, load in before:
            if board.load[i] != load:
                levels = self.levels[self.cell[i]]
                levels[load].discard(i)
                levels.setdefault(board.load[i], set()).add(i)

    def _split(self, search: Search) -> None:
        """Make a cell of what a failed search has reached."""
        board, new = self.board, len(self.sizes)
        levels: dict[int, set[int]] = {}
        people = 0
        for node in search.came:
            if node < board.inspectors:
                load = board.load[node]
                self.levels[self.cell[node]][load].discard(node)
                levels.setdefault(load, set()).add(node)
                people += 1
            if node < len(self.cell):
                if node < board.inspectors:
                    self.sizes[self.cell[node]] -= 1
                self.cell[node] = new
        self.levels.append(levels)
        self.sizes.append(people)
