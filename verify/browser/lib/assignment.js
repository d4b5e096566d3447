// Who inspects what (SPEC 11): the least vector of list positions among the evenest feasible assignments.
//
// That is a definition; this is one exact method. First any feasible assignment, then the loads are evened along paths
// of the residual graph, then seat after seat gets the first name of its random list that a residual cycle can bring there.

import { be, concat, lp, utf8 } from "./bytes.js";
import { sha256of } from "./sha256.js";
import { Board } from "./board.js";

const LABEL = utf8("FAIRDRAW-SEAT/1\0");

/** Yield the random list of a seat: a permutation of `group`, made as far as it is asked for. */
export function* seatList(key, task, seat, group) {
  const head = concat(LABEL, key, lp(task), be(seat, 2));
  const swapped = new Map();
  for (let t = 0; t < group.length; t++) {
    const j = t + Number(below(head, t, BigInt(group.length - t)));
    const name = swapped.get(j) ?? j;
    swapped.set(j, swapped.get(t) ?? t);
    yield group[name];
  }
}

function below(head, t, r) {
  const limit = (2n ** 64n / r) * r;
  for (let c = 0; ; c++) {
    const hash = sha256of(head, be(t, 4), be(c, 4));
    const v = new DataView(hash.buffer).getBigUint64(0);
    if (v < limit) return v % r;
  }
}

/**
 * Return the inspector of every seat, or null where no assignment is feasible.
 *
 * `tasks`: [{id, seats: [group number]}] in task order; `groups`: ascending indexes of inspectors; `count`: how many there
 * are; `recusals`: Map(task position -> Set of inspectors); `caps`: for each inspector, or null.
 */
export function assign(key, tasks, groups, count, recusals, caps) {
  const board = new Board(tasks, groups, count, recusals, caps);
  if (!board.fill()) return null;
  board.even();
  for (let seat = 0; seat < board.seats; seat++) settle(board, seat, key, tasks, groups);
  return Array.from(board.holder);
}

/** Whether any assignment is feasible. */
export const feasible = (tasks, groups, count, recusals, caps) => new Board(tasks, groups, count, recusals, caps).fill();

function settle(board, seat, key, tasks, groups) {
  const task = board.taskOf[seat];
  const list = seatList(key, tasks[task].id, seat - board.first[task], groups[board.groupOf[seat]]);
  for (const name of list) {
    if (name === board.holder[seat] || board.give(seat, name)) break;
  }
  board.fixed[seat] = 1;
}

/**
 * Return {rung, teams: Map(object -> [inspectors] or null), unassigned} of a draw.
 *
 * `objects`: ids in task order; `people`: sorted ids of the whole pool; `eligible`: Set of those in the group; `recused`:
 * Map(object -> Set of ids); `ladder`: caps in the order in which they are tried, null = none.
 */
export function teams(key, objects, people, eligible, recused, seats, ladder) {
  const group = people.map((_, n) => n).filter((n) => eligible.has(people[n]));
  const place = new Map(people.map((id, n) => [id, n]));
  const tasks = objects.map((id) => ({ id, seats }));
  const recusals = new Map();
  objects.forEach((id, n) => {
    const names = [...(recused.get(id) ?? [])].map((name) => place.get(name)).filter((each) => each !== undefined);
    if (names.length) recusals.set(n, new Set(names));
  });
  const capsOf = (cap) => (cap === null ? null : new Array(people.length).fill(cap));
  const named = (holders, done, rung) => ({
    rung,
    unassigned: objects.length - done,
    teams: new Map(
      objects.map((id, n) => [id, n < done ? seats.map((_, seat) => people[holders[n * seats.length + seat]]) : null]),
    ),
  });
  for (let rung = 0; rung < ladder.length; rung++) {
    const holders = assign(key, tasks, [group], people.length, recusals, capsOf(ladder[rung]));
    if (holders) return named(holders, tasks.length, rung);
  }
  const last = ladder.length - 1;
  let [can, cannot] = [0, tasks.length];
  while (cannot - can > 1) {
    const middle = (can + cannot) >> 1;
    if (feasible(tasks.slice(0, middle), [group], people.length, recusals, capsOf(ladder[last]))) can = middle;
    else cannot = middle;
  }
  const holders = can ? assign(key, tasks.slice(0, can), [group], people.length, recusals, capsOf(ladder[last])) : [];
  return named(holders, can, last);
}
