// The seats of an assignment and who holds them, and the paths along which seats change hands.
//
// A search walks the residual graph. It stands either at an inspector with one seat too many, who gives away one of his
// seats that are not fixed, or at a vacant seat, which is taken by somebody outside the task, who then has one too many,
// or by somebody of the same task, whose seat then is the vacant one. Inspectors are numbers below `count`.

const NOBODY = -1;

export class Board {
  constructor(tasks, groups, count, recusals, caps) {
    this.groups = groups;
    this.count = count;
    this.recusals = recusals;
    this.caps = caps;
    this.seats = tasks.reduce((sum, task) => sum + task.seats.length, 0);
    this.taskOf = new Int32Array(this.seats);
    this.groupOf = new Int32Array(this.seats);
    this.first = new Int32Array(tasks.length + 1);
    this.holder = new Int32Array(this.seats).fill(NOBODY);
    this.fixed = new Uint8Array(this.seats);
    this.of = Array.from({ length: count }, () => []);
    this.cell = new Int32Array(count);
    this.cells = 1;
    this.member = groups.map((group) => {
      const in_ = new Uint8Array(count);
      for (const each of group) in_[each] = 1;
      return in_;
    });
    let seat = 0;
    tasks.forEach((task, n) => {
      this.first[n] = seat;
      for (const group of task.seats) {
        this.taskOf[seat] = n;
        this.groupOf[seat++] = group;
      }
    });
    this.first[tasks.length] = seat;
    this.seen = new Int32Array(count); // stamps of the search that came to an inspector, and to a seat
    this.seenSeat = new Int32Array(this.seats);
    this.stamp = 0;
    this.from = new Int32Array(count); // whence: a seat that he took (≥ 0), or -2 - the inspector relieved before, or -1
    this.fromSeat = new Int32Array(this.seats); // whence: an inspector who gives it (≥ 0), or -2 - the seat its holder took, or -1
  }

  load(inspector) {
    return this.of[inspector].length;
  }

  hasRoom(inspector) {
    return this.caps === null || this.of[inspector].length < this.caps[inspector];
  }

  /** The seat that somebody holds in a task, or -1. */
  seatIn(task, inspector) {
    for (let seat = this.first[task]; seat < this.first[task + 1]; seat++) if (this.holder[seat] === inspector) return seat;
    return NOBODY;
  }

  isRecused(task, inspector) {
    const names = this.recusals.get(task);
    return names !== undefined && names.has(inspector);
  }

  /** Whether somebody may sit there at all, whatever else he holds. */
  may(seat, inspector) {
    return this.member[this.groupOf[seat]][inspector] === 1 && !this.isRecused(this.taskOf[seat], inspector);
  }

  put(seat, inspector) {
    const old = this.holder[seat];
    if (old !== NOBODY) {
      const held = this.of[old];
      held[held.indexOf(seat)] = held[held.length - 1];
      held.pop();
    }
    this.holder[seat] = inspector;
    if (inspector !== NOBODY) this.of[inspector].push(seat);
  }

  /** Fill all seats, least loaded first; false where that is impossible. */
  fill() {
    const order = this.groups.map((group) => [[...group]]); // per group: inspectors by load, some at an outdated one
    for (let seat = 0; seat < this.seats; seat++) {
      const found = this._leastLoaded(order[this.groupOf[seat]], seat);
      if (found !== NOBODY) this.put(seat, found);
      else if (!this._search({ seat, goal: (each) => this.hasRoom(each) })) return false;
    }
    return true;
  }

  _leastLoaded(byLoad, seat) {
    const task = this.taskOf[seat];
    for (let load = 0; load < byLoad.length; load++) {
      const names = byLoad[load];
      for (let n = names.length - 1; n >= 0; n--) {
        const each = names[n];
        if (this.load(each) > load) {
          names.splice(n, 1);
          (byLoad[this.load(each)] ??= []).push(each);
          for (let gap = 0; gap < byLoad.length; gap++) byLoad[gap] ??= [];
        } else if (this.hasRoom(each) && this.seatIn(task, each) === NOBODY && !this.isRecused(task, each)) return each;
      }
    }
    return NOBODY;
  }

  /** Shift seats until nobody could hand one on to somebody with at least two fewer: the sum of squares is least then. */
  even() {
    for (let moved = true; moved; ) {
      moved = false;
      const closed = new Uint8Array(this.count);
      const order = Array.from({ length: this.count }, (_, n) => n).sort((a, b) => this.load(b) - this.load(a));
      for (const each of order) {
        if (closed[each]) continue;
        const least = this.load(each) - 2;
        if (least < 0) break;
        if (this._search({ inspector: each, goal: (other) => this.load(other) <= least && this.hasRoom(other) })) {
          moved = true;
          break;
        }
        for (let n = 0; n < this.count; n++) if (this.seen[n] === this.stamp) closed[n] = 1;
      }
    }
  }

  /** Give an unfixed seat to `name` and leave all else feasible and as even; false where that is impossible. */
  give(seat, name) {
    const task = this.taskOf[seat];
    const holder = this.holder[seat];
    const own = this.seatIn(task, name);
    if (!this.may(seat, name) || (own !== NOBODY && this.fixed[own])) return false;
    if (own === NOBODY && this.cell[name] !== this.cell[holder] && !this._staysInTask(seat, holder)) return false;
    if (own === NOBODY && this.load(holder) === this.load(name) + 1 && this.hasRoom(name)) {
      this.put(seat, name);
      return true;
    }
    if (this._swap(seat, holder, name, own)) return true;
    return this._rotate(seat, holder, name, own);
  }

  /** Whether somebody could move to another seat of the task: then seats change hands there, and his load does not. */
  _staysInTask(seat, holder) {
    const task = this.taskOf[seat];
    for (let other = this.first[task]; other < this.first[task + 1]; other++) {
      if (other !== seat && !this.fixed[other] && this.may(other, holder)) return true;
    }
    return false;
  }

  _swap(seat, holder, name, own) {
    const offered = own === NOBODY ? this.of[name] : [own];
    for (const other of offered) {
      if (this.fixed[other] || !this.may(other, holder)) continue;
      if (other !== own && this.seatIn(this.taskOf[other], holder) !== NOBODY) continue;
      this.put(other, NOBODY);
      this.put(seat, name);
      this.put(other, holder);
      return true;
    }
    return false;
  }

  _rotate(seat, holder, name, own) {
    const loads = this._byLoad();
    if (own !== NOBODY) this.put(own, NOBODY);
    this.put(seat, name);
    this.fixed[seat] = 1;
    const start = own === NOBODY ? { inspector: name } : { seat: own };
    if (this._search({ ...start, goal: (each) => each === holder, loads, first: holder })) return true;
    this.fixed[seat] = 0;
    this.put(seat, holder);
    if (own !== NOBODY) this.put(own, name);
    this._split();
    return false;
  }

  /** The inspectors by load, as long as nothing moved: who could be relieved when another keeps one more. */
  _byLoad() {
    const loads = new Int32Array(this.count);
    const names = [];
    for (let n = 0; n < this.count; n++) {
      loads[n] = this.load(n);
      (names[loads[n]] ??= []).push(n);
    }
    return { loads, names };
  }

  /** Whoever the last search saw is cut off from the rest of his cell for ever: fixing seats only takes ways away. */
  _split() {
    const fresh = new Map();
    for (let n = 0; n < this.count; n++) {
      if (this.seen[n] !== this.stamp) continue;
      const old = this.cell[n];
      if (!fresh.has(old)) fresh.set(old, this.cells++);
      this.cell[n] = fresh.get(old);
    }
  }

  /** Walk from an inspector or a vacant seat to the first inspector who is a goal, and shift seats along the way; else false. */
  _search({ inspector = NOBODY, seat = NOBODY, goal, loads = null, first = NOBODY }) {
    this.stamp++;
    const queue = [];
    const rest = this.groups.map((group) => group); // copied when first shortened
    const come = (to, from) => {
      this.seen[to] = this.stamp;
      this.from[to] = from;
      if (goal(to)) return true;
      queue.push(to);
      return false;
    };
    const vacate = (to, from) => {
      this.seenSeat[to] = this.stamp;
      this.fromSeat[to] = from;
      queue.push(-1 - to);
    };
    if (seat !== NOBODY) vacate(seat, -1);
    else {
      this.seen[inspector] = this.stamp;
      this.from[inspector] = -1;
      queue.push(inspector);
    }
    for (let at = 0; at < queue.length; at++) {
      const node = queue[at];
      const found = node >= 0 ? this._leave(node, vacate, come, loads) : this._take(-1 - node, rest, vacate, come, first);
      if (found !== NOBODY) {
        this._shift(found);
        return true;
      }
    }
    return false;
  }

  /** From somebody with one seat too many: to the seats he can give, and, where he may keep it, to whom that relieves. */
  _leave(node, vacate, come, loads) {
    for (const seat of this.of[node]) if (!this.fixed[seat] && this.seenSeat[seat] !== this.stamp) vacate(seat, node);
    if (loads === null) return NOBODY;
    const load = loads.loads[node];
    if (this.caps !== null && load >= this.caps[node]) return NOBODY;
    for (const other of loads.names[load + 1] ?? []) {
      if (this.seen[other] !== this.stamp && come(other, -2 - node)) return other;
    }
    return NOBODY;
  }

  /** From a vacant seat: to whoever may take it. */
  _take(seat, rest, vacate, come, first) {
    const task = this.taskOf[seat];
    const group = this.groupOf[seat];
    if (first !== NOBODY && this.seen[first] !== this.stamp && this.may(seat, first) && this.seatIn(task, first) === NOBODY) {
      come(first, seat);
      return first;
    }
    const kept = [];
    for (const each of rest[group]) {
      if (this.seen[each] === this.stamp) continue;
      const own = this.seatIn(task, each);
      if (own === NOBODY && !this.isRecused(task, each)) {
        if (come(each, seat)) return each;
        continue;
      }
      kept.push(each);
      if (own !== NOBODY && !this.fixed[own] && this.seenSeat[own] !== this.stamp) vacate(own, -2 - seat);
    }
    rest[group] = kept;
    return NOBODY;
  }

  _shift(inspector) {
    const moves = [];
    for (let node = inspector, isSeat = false; ; ) {
      if (!isSeat) {
        const from = this.from[node];
        if (from === -1) break;
        if (from >= 0) {
          moves.push([from, node]);
          [node, isSeat] = [from, true];
        } else node = -2 - from;
      } else {
        const from = this.fromSeat[node];
        if (from === -1) break;
        if (from >= 0) [node, isSeat] = [from, false];
        else {
          const taken = -2 - from;
          moves.push([taken, this.holder[node]]);
          node = taken;
        }
      }
    }
    for (const [seat] of moves) this.put(seat, NOBODY);
    for (const [seat, name] of moves) this.put(seat, name);
  }
}
