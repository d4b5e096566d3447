// What a verifier says (SPEC 13): findings with an outcome, an index and a reason in Chinese and English.

export const OUTCOMES = ["BROKEN", "UNCHECKED", "NOTED", "HOLDS"];
const MOST = 100;

/** Collects findings; of more than a hundred faults of one check without end, the rest is only counted. */
export class Findings {
  constructor() {
    this.all = [];
    this.counts = new Map();
  }

  _add(outcome, check, index, zh, en) {
    this.all.push({ check, outcome, index, reason_zh: zh, reason: en });
  }

  broken(check, index, zh, en) {
    this._limited("BROKEN", check, index, zh, en);
  }

  unchecked(check, index, zh, en) {
    this._limited("UNCHECKED", check, index, zh, en);
  }

  noted(check, index, zh, en) {
    this._limited("NOTED", check, index, zh, en);
  }

  holds(check, zh, en, index = null) {
    this._add("HOLDS", check, index, zh, en);
  }

  _limited(outcome, check, index, zh, en) {
    const most = { inspections: 10_000, F14: 10_000, F12: 10_000, F15: 10_000 }[check] ?? (/^[VF]/.test(check) ? 10_000 : MOST);
    const key = `${outcome} ${check}`;
    const count = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, count);
    if (count <= most) this._add(outcome, check, index, zh, en);
  }

  has(outcome, check) {
    return this.counts.has(`${outcome} ${check}`);
  }

  /** Whether nothing of a check is broken or unchecked. */
  sound(check) {
    return !this.has("BROKEN", check) && !this.has("UNCHECKED", check);
  }

  get exit() {
    const some = (outcome) => this.all.some((each) => each.outcome === outcome);
    return some("BROKEN") ? 1 : some("UNCHECKED") ? 2 : 0;
  }

  get outcome() {
    return ["HOLDS", "BROKEN", "UNCHECKED"][this.exit];
  }
}
