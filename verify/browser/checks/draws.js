// Draws (SPEC 8 to 11): from the opening to the sign-off, every act in its turn, every value recomputed.

import { utf8 } from "../lib/bytes.js";
import { encode } from "../lib/canonical.js";
import { secondsOf } from "../lib/calendar.js";
import { freezeHash } from "../lib/seed.js";
import { Anchors } from "./anchors.js";
import { Ceremony } from "./ceremony.js";
import { Outcome } from "./outcome.js";
import { Pools } from "./pools.js";
import { checkCosigners, checkRatios, checkTerms } from "./terms.js";

// The acts in their order; a number that several share may repeat.
const ORDER = {
  "draw.opened": 0,
  "draw.frozen": 1,
  "draw.contribution-committed": 2,
  "draw.commitments-closed": 3,
  "draw.contribution-revealed": 4,
  "draw.contribution-withheld": 4,
  "draw.reveals-closed": 5,
  "draw.beacon-recorded": 6,
  "draw.seed-derived": 7,
  "draw.objects-drawn": 8,
  "draw.inspectors-assigned": 9,
  "draw.witness-signed-off": 10,
};
const REPEAT = new Set([2, 4, 6]);
const OF_THE_SEED = new Set([2, 3, 4, 5, 6]);
// Before which act the discipline office checks in, and after which one.
const PHASES = { freeze: [1, 0], commit: [2, 1], reveal: [4, 3], beacon: [6, 5], result: [8, 7] };
export const CODES = ["V2", "V3", "V4", "V5", "V6", "V7", "V9", "V10", "F03", "F04", "F05", "F06", "F07", "F09", "F12"];
const THREE_DAYS = 72 * 3600;

export class Draws {
  constructor(log) {
    this.log = log;
    this.all = new Map();
    this.years = new Map();
    this.ceremony = new Ceremony(log);
    this.anchors = new Anchors(log);
    this.outcome = new Outcome(log);
  }

  _sayer(draw, index) {
    return (check, zh, en) => {
      draw.faults.add(check);
      this.log.findings.broken(check, index, `${draw.stream}：${zh}。`, `${draw.stream}: ${en}.`);
    };
  }

  async take(entry, documents) {
    if (entry.kind === "draw.opened") return this._open(entry);
    const draw = this.all.get(entry.stream);
    if (!draw) return undefined;
    const say = this._sayer(draw, entry.index);
    draw.latest = entry.index;
    if (entry.kind === "draw.witness-checked-in") return this._checkIn(draw, entry);
    this._inOrder(draw, entry, say);
    switch (entry.kind) {
      case "draw.frozen":
        return this._freeze(draw, entry, documents, say);
      case "draw.objects-drawn":
        draw.drawnAt ??= { index: entry.index, at: entry.at };
        return this.outcome.objects(draw, entry, documents, say);
      case "draw.inspectors-assigned":
        return this.outcome.inspectors(draw, entry, documents, say);
      case "draw.witness-signed-off":
        draw.signedOff = true;
        return undefined;
      default:
        return this.ceremony.take(draw, entry, say, this.anchors);
    }
  }

  _open(entry) {
    const { stream, index, data, actor } = entry;
    const draw = {
      stream,
      index,
      ...data,
      stage: 0,
      reached: new Set([0]),
      checkIns: new Map(),
      checked: new Set(),
      parties: new Map(),
      committed: new Map(),
      revealed: new Map(),
      withheld: new Set(),
      beacons: [],
      faults: new Set(),
      signedOff: false,
    };
    const say = this._sayer(draw, index);
    this._number(entry, say);
    if (actor.unit !== data.unit) say("F04", `由 ${actor.unit} 开启，不是 ${data.unit}`, `opened by ${actor.unit}, not by ${data.unit}`);
    this._papers(draw, say);
    this._noneBefore(draw, say);
    this.all.set(stream, draw);
  }

  _number({ stream, at }, say) {
    const year = at.slice(0, 4);
    const due = (this.years.get(year) ?? 0) + 1;
    const number = Number(stream.slice(stream.lastIndexOf("-") + 1));
    if (number !== due) say("V1", `编号应为 ${due}：有缺漏，可能隐去了抽取`, `its number should be ${due}: the numbers have a gap, a draw may be hidden`);
    this.years.set(year, number);
  }

  _papers(draw, say) {
    const { papers, registries } = this.log;
    const f04 = (zh, en) => say("F04", zh, en);
    const plan = papers.plans.get(draw.plan);
    if (!plan || plan.published === null) f04(`在计划 ${draw.plan} 公布之前开启`, `it was opened before the plan ${draw.plan} was published`);
    if (plan && !plan.data.items.some((each) => each.item === draw.item)) f04(`事项 ${draw.item} 不在计划中`, `the item ${draw.item} is not in ${draw.plan}`);
    if (plan && plan.data.unit !== draw.unit) f04("计划属于别的单位", `the plan is ${plan.data.unit}'s`);
    for (const kind of ["objects", "inspectors"]) {
      const registry = registries.all.get(draw[kind]);
      if (registry?.type !== kind) f04(`${draw[kind]} 不是 ${kind} 名录`, `${draw[kind]} is no registry of ${kind}`);
      else if (!registry.filed) f04(`${draw[kind]} 未备案`, `${draw[kind]} is not filed`);
    }
    const objects = registries.all.get(draw.objects);
    if (objects && objects.item !== draw.item) f04(`${draw.objects} 不是事项 ${draw.item} 的名录`, `${draw.objects} is not of the item ${draw.item}`);
    if (objects?.paired !== draw.inspectors) f04(`${draw.objects} 未与 ${draw.inspectors} 配对`, `${draw.objects} is not paired with ${draw.inspectors}`);
  }

  _noneBefore(draw, say) {
    const period = (name) => this.log.papers.plans.get(name)?.data.period;
    const own = period(draw.plan);
    for (const other of this.all.values()) {
      const its = period(other.plan);
      if (other.item !== draw.item || other.unit !== draw.unit || !own || !its) continue;
      if (its.from <= own.to && own.from <= its.to) {
        say("F17", `在同一时期再次抽取 ${draw.item}，此前已有 ${other.stream}`, `draws ${draw.item} of the same period again, after ${other.stream}: no redraw`);
        return;
      }
    }
  }

  _checkIn(draw, { data: { phase }, index }) {
    const [, after] = PHASES[phase];
    if (draw.checkIns.has(phase)) return;
    draw.checkIns.set(phase, index);
    draw.checkIns.set(`${phase} early`, !draw.reached.has(after));
  }

  _inOrder(draw, { kind, index }, say) {
    const stage = ORDER[kind];
    const again = draw.reached.has(stage) && !REPEAT.has(stage);
    const skipped = stage > 0 && !draw.reached.has(stage - 1);
    if (again || skipped || stage < draw.stage) {
      say(OF_THE_SEED.has(stage) ? "F06" : "V1", `${kind} 不在其次序`, `${kind} is not in its turn`);
    }
    for (const [phase, [before]] of Object.entries(PHASES)) {
      if (stage >= before && !draw.checked.has(phase)) {
        draw.checked.add(phase);
        this._present(draw, phase, index);
      }
    }
    draw.reached.add(stage);
    draw.stage = Math.max(draw.stage, stage);
  }

  /** At the act that a phase begins with: the discipline office must have checked in. A late check-in is told at the end. */
  _present(draw, phase, index) {
    const say = this._sayer(draw, index);
    if (!draw.checkIns.has(phase)) (draw.absent ??= []).push({ phase, index });
    else if (draw.checkIns.get(`${phase} early`)) {
      say("F05", `${phase} 阶段的纪检签到早于该阶段`, `phase ${phase}: the check-in of the discipline office came before the phase began`);
    }
  }

  _freeze(draw, entry, documents, say) {
    const { freeze } = entry.data;
    if (draw.freeze) return;
    Object.assign(draw, { freeze, frozenAt: entry.index, frozenTime: secondsOf(entry.at), c0: freezeHash(utf8(encode(freeze))) });
    draw.poolReference = entry.data.documents.objects;
    for (const each of freeze.parties) draw.parties.set(each.id, each);
    checkTerms(this.log, draw, entry, say);
    const { all } = this.log.registries;
    const chosen = { objects: all.get(freeze.objects.registry), inspectors: all.get(freeze.inspectors.registry) };
    draw.pools = new Pools(this.log, draw.stream, entry, documents);
    draw.pools.check(chosen);
    draw.pools.others(all, chosen);
    draw.counts = countsOf(draw.pools.objects);
    checkRatios(this.log, draw, freeze, draw.counts, say);
    this.log.registries.beforeFreeze(draw.stream, entry.index, entry.at, Object.values(chosen).filter(Boolean));
    this._notes(draw, entry.index);
  }

  _notes(draw, index) {
    const { findings } = this.log;
    const waived = Object.entries(draw.freeze.waivers).map(([name, reason]) => `${name}: ${reason}`);
    if (waived.length) findings.noted("F03", index, `${draw.stream} 的比例豁免：${waived.join("；")}。`, `${draw.stream}, ratios waived: ${waived.join("; ")}.`);
    if (!draw.freeze.quorum?.cosigners?.length) findings.noted("V2", index, `${draw.stream} 未指定联署方。`, `${draw.stream}: no cosigner is named.`);
    for (const each of draw.freeze.beacons) {
      if (each.kind === "drand") continue;
      const what = each.simulated ? ["骰子是模拟的", "the dice are simulated"] : ["骰子或彩票须与公开记录对照", "dice or lottery are to be compared with the public record"];
      findings.noted("V5", index, `${draw.stream}：${what[0]}。`, `${draw.stream}: ${what[1]}.`);
    }
    findings.noted("V13", index, `${draw.stream} 所指的校验程序不是本页面（本页面是另一份独立实现）。`, `${draw.stream} names another verifier than this one, which is an implementation of its own.`);
  }

  /** What can only be said at the end of the log: who never checked in, which cosigner is the log, what was left lying. */
  async finish(last) {
    const { findings } = this.log;
    await this.anchors.finish();
    for (const draw of this.all.values()) {
      for (const { phase, index } of draw.absent ?? []) {
        const late = draw.checkIns.has(phase);
        this._sayer(draw, index)("F05", `${phase} 阶段的纪检签到${late ? "太晚" : "缺失"}`, `phase ${phase}: ${late ? "the check-in of the discipline office came too late" : "no check-in of the discipline office"}`);
      }
      if (draw.freeze) checkCosigners(this.log, draw.freeze, this._sayer(draw, draw.frozenAt));
      this._leftLying(draw, last);
      if (!draw.signedOff && !draw.notified) findings.noted("F05", draw.latest ?? draw.index, `${draw.stream} 正在进行。`, `${draw.stream} is under way.`);
    }
    this._hold();
  }

  _leftLying(draw, last) {
    if (draw.revealsClosed === undefined || !draw.freeze) return;
    const due = draw.freeze.t_reveal + draw.freeze.delta + THREE_DAYS;
    const drawn = draw.drawnAt;
    const say = this._sayer(draw, drawn ? drawn.index : draw.revealsClosed);
    const period = this.log.papers.plans.get(draw.plan)?.data.period;
    if (!drawn) {
      const over = period && last.at.slice(0, 10) > period.to;
      if (secondsOf(last.at) > due || over) say("F17", "结果已可得知，却搁置未抽", "its outcome can be known, but nothing was drawn: it was left lying");
      return;
    }
    const day = drawn.at.slice(0, 10);
    if (secondsOf(drawn.at) > due) say("F17", "抽取晚于期限 72 小时", "the objects were drawn more than 72 hours after the beacon's time");
    if (period && (day < period.from || day > period.to)) say("F17", "抽取不在计划期间内", "the objects were drawn outside the plan's period");
  }

  _hold() {
    const { findings } = this.log;
    const whole = [...this.all.values()].filter((draw) => !this.log.spoiled.has(draw.stream));
    const asked = whole.filter((draw) => draw.freeze).length;
    if (!asked || whole.length < this.all.size) return;
    for (const check of ["V1", ...CODES, "F17"]) {
      if (findings.sound(check)) findings.holds(check, `${asked} 次抽取全部成立。`, `It holds in all ${asked} draws.`);
    }
  }
}

function countsOf(pool) {
  if (!pool) return null;
  const counts = new Map();
  pool.strata.forEach((name, n) => {
    if (pool.grounds[n] === null) counts.set(name, (counts.get(name) ?? 0) + 1);
  });
  return counts;
}

