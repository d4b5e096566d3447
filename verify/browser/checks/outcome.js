// What came out of a draw (SPEC 10, 11): the drawn objects and the teams, replayed from the seed.

import { compare, hex, unhex } from "../lib/bytes.js";
import { commitRecusal } from "../lib/personal.js";
import { Fingerprint, ListError, lines } from "../lib/lists.js";
import { subkey } from "../lib/seed.js";
import { before, select, ticket } from "../lib/selection.js";
import { teams } from "../lib/assignment.js";
import * as s from "../lib/shapes.js";
import { ladder, keepsTheLaw } from "./terms.js";

const few = (ids) => (ids.length > 5 ? `${ids.slice(0, 5).join(", ")} … (${ids.length})` : ids.join(", "));
const keysOf = (value) => Object.keys(value).join();
const MANY_RECUSED = 3;
const LINE = s.object({ id: s.id, rank: s.pos, stratum: s.one("A", "B", "C", "D"), ticket: s.hex32 });

/** Return Map(id -> line) of a list that an entry names, or null; complains as `check` where it is not what is stated. */
function readListed(reference, stated, documents, check, what, say) {
  const bytes = documents.get(reference.sha256);
  if (!bytes) return null;
  const found = new Fingerprint();
  const rows = new Map();
  try {
    for (const { value, line } of lines(bytes)) {
      found.add(line);
      rows.set(value.id, value);
    }
  } catch (error) {
    if (!(error instanceof ListError)) throw error;
    say(check, `${what[0]}不是规范的有序清单：${error.message}`, `${what[1]}: it is not a canonical sorted list: ${error.message}`);
    return null;
  }
  if (stated && (found.count !== stated.count || hex(found.root()) !== stated.root)) {
    say(check, `${what[0]}的行数或根不符`, `${what[1]}: count or root are not as stated`);
  }
  return rows;
}

export class Outcome {
  constructor(log) {
    this.log = log;
  }

  _missing(draw, index, zh, en) {
    this.log.findings.unchecked("F02", index, `${draw.stream}：${zh}。`, `${draw.stream}: ${en}.`);
  }

  objects(draw, { data, index }, documents, say) {
    if (draw.drawn || !draw.freeze) return;
    const listed = readListed(data.document, data, documents, "F02", ["抽中名单", "drawn list"], say);
    draw.drawn = listed;
    draw.strata = data.strata;
    this._law(draw, data.strata, say);
    const pool = draw.pools?.objects;
    if (!pool || !draw.seed) {
      this._missing(draw, index, "冻结名单或种子不在，未重放", "pool or seed are not here, nothing was replayed");
      return;
    }
    const key = subkey(draw.seed, "object");
    const rows = pool.ids.map((id, n) => ({ id, stratum: pool.strata[n], excluded: pool.grounds[n] !== null }));
    const known = rows.every((row) => Object.hasOwn(draw.freeze.quota_bp, row.stratum));
    if (!known) return;
    const result = select(key, rows, draw.freeze.quota_bp, draw.freeze.hi_bp);
    draw.replayed = this._compareStrata(result, data.strata, say);
    if (listed === null) {
      draw.drawn = draw.replayed; // what follows is asked about what should have been listed
      if (!documents.has(data.document.sha256)) this._missing(draw, index, "抽中名单不在，无法比较", "the drawn list is not here to be compared");
      return;
    }
    this._compareObjects(draw, listed, pool, say);
  }

  _compareStrata(result, stated, say) {
    const drawn = new Map();
    for (const [name, { n, k, threshold, drawn: chosen }] of result) {
      const told = stated[name];
      const due = { n, k, threshold: threshold && hex(threshold) };
      if (!told || told.n !== n || told.k !== k || told.threshold !== due.threshold) {
        say("V7", `${name} 层应为 ${JSON.stringify(due)}`, `stratum ${name}: ${JSON.stringify(due)} is due, ${JSON.stringify(told ?? null)} is stated`);
      }
      for (const each of chosen) drawn.set(each.id, { ...each, stratum: name });
    }
    for (const name of Object.keys(stated)) {
      if (!result.has(name) && stated[name].n !== 0) say("V7", `${name} 层没有对象`, `stratum ${name} has no objects, but is stated`);
    }
    return drawn;
  }

  _compareObjects(draw, listed, pool, say) {
    const due = draw.replayed;
    const grounds = new Map(pool.ids.map((id, n) => [id, pool.grounds[n]]));
    const excluded = [...listed.keys()].filter((id) => grounds.get(id));
    for (const id of excluded) say("F09", `${id} 已被排除却被抽中`, `${id} was drawn though excluded (${grounds.get(id)})`);
    const lacking = [...due.keys()].filter((id) => !listed.has(id)).sort(compare);
    const surplus = [...listed.keys()].filter((id) => !due.has(id));
    if (lacking.length) say("F02", `重放抽中 ${few(lacking)}，名单没有`, `the replay draws ${few(lacking)}, the list lacks them`);
    if (surplus.length) say("F02", `名单有 ${few(surplus)}，重放没有抽中`, `the list names ${few(surplus)}, the replay does not draw them`);
    for (const [id, line] of listed) {
      const each = due.get(id);
      if (!each) continue;
      if (LINE(line, id)) {
        say("F02", `${id} 一行的格式不对`, `the line of ${id} does not fit`);
        continue;
      }
      const right = line.rank === each.rank && line.stratum === each.stratum && line.ticket === hex(each.ticket);
      if (!right) say("V7", `${id} 的名次、层或票号不符`, `${id} has ${each.stratum}/${each.rank}/${hex(each.ticket).slice(0, 12)}…, the list says otherwise`);
    }
  }

  _law(draw, strata, say) {
    for (const [name, { n, k }] of Object.entries(strata)) {
      if (!keepsTheLaw(draw.freeze, name, n, k)) say("F03", `${name} 层 ${n} 取 ${k}，超出法定比例`, `stratum ${name}: ${k} of ${n} is outside the legal ratio`);
    }
  }

  inspectors(draw, { data, index }, documents, say) {
    if (draw.teams || !draw.freeze || !draw.drawn) return;
    const listed = readListed(data.document, data, documents, "V10", ["选派名单", "list of teams"], say);
    const opened = readListed(data.opened, null, documents, "V9", ["公开的回避名单", "opened recusals"], say);
    draw.teams = listed ?? new Map();
    const people = draw.pools?.inspectors;
    const recused = opened && draw.pools?.recusals ? this._recusals(draw, opened, say) : null;
    if (!people || !recused || !listed || !draw.seed) {
      this.log.findings.unchecked("V10", index, `${draw.stream}：名单不全，选派未重放。`, `${draw.stream}: lists are missing, the teams were not replayed.`);
      return;
    }
    this._constraints(listed, draw.pools.grounds ?? people, recused, say);
    this._replay(draw, data, listed, people, recused, say);
    this._held(draw, people);
    draw.pools = null; // nobody needs the lists any more
  }

  _held(draw, people) {
    if (!draw.pools.objects || !draw.replayed) return;
    if (["V6", "V7", "F02", "F09", "V9", "V10", "F12"].some((check) => draw.faults.has(check))) return;
    const { grounds } = draw.pools.objects;
    const [pool, drawn] = [grounds.filter((each) => each === null).length, draw.drawn.size];
    const sent = [...people.values()].filter((each) => each === null).length;
    this.log.findings.holds("F02", `${draw.stream} 重放一致：${pool} 个对象中抽取 ${drawn} 个，由 ${sent} 名检查人员中选派，逐项相同。`, `${draw.stream} replayed: ${drawn} of ${pool} objects, teams of ${sent} eligible inspectors, all as recorded.`, draw.index);
  }

  /** Every drawn object with a recusal is opened by one line that fits its commitment; return Map(object -> Set of ids). */
  _recusals(draw, opened, say) {
    const { recusals } = draw.pools;
    const name = draw.stream.slice("draw/".length);
    const recused = new Map();
    for (const id of draw.drawn.keys()) {
      if (recusals.has(id) && !opened.has(id)) say("V9", `${id} 的回避未公开`, `the recusal of ${id} was not opened`);
    }
    for (const [id, line] of opened) {
      const salt = unhex(line.salt);
      const names = line.inspectors;
      const right = keysOf(line) === "id,inspectors,salt" && salt?.length === 32 && Array.isArray(names) && names.every((each) => typeof each === "string");
      if (!recusals.has(id) || !draw.drawn.has(id)) say("V9", `公开了不该公开的回避 ${id}`, `a recusal of ${id} is opened, which has none or was not drawn`);
      else if (!right || hex(commitRecusal(name, id, salt, names)) !== recusals.get(id) || names.some((each, n) => n && compare(names[n - 1], each) >= 0)) {
        say("V9", `${id} 公开的回避与冻结的承诺不符`, `the recusal of ${id} does not open the frozen commitment`);
      }
      if (right) recused.set(id, new Set(names));
    }
    this._manyRecused(draw, recused);
    return recused;
  }

  _manyRecused(draw, recused) {
    if (!recused.size || !draw.pools.inspectors) return;
    const { findings } = this.log;
    const eligible = [...draw.pools.inspectors.values()].filter((ground) => ground === null).length;
    findings.noted("V9", draw.index, `${draw.stream}：公开了 ${recused.size} 个被抽中对象的回避名单。`, `${draw.stream}: ${recused.size} recusals of drawn objects were opened.`);
    for (const [id, names] of recused) {
      if (names.size > MANY_RECUSED || 10 * names.size > eligible) findings.noted("V9", draw.index, `${draw.stream}：${id} 有 ${names.size} 人回避。`, `${draw.stream}: ${names.size} inspectors are recused from ${id}.`);
    }
  }

  _constraints(listed, people, recused, say) {
    for (const [id, { inspectors: team }] of listed) {
      if (Array.isArray(team) && team.length === 0) continue; // without a team: whether that is due, the replay says
      if (!Array.isArray(team) || team.length !== 2 || team[0] === team[1]) {
        say("F12", `${id} 的检查组不是两名不同的人员`, `the team of ${id} is not two different inspectors`);
      }
      for (const name of Array.isArray(team) ? team : []) {
        if (!people.has(name)) say("F12", `派往 ${id} 的 ${name} 不在名单中`, `${name}, sent to ${id}, is not in the pool`);
        else if (people.get(name) !== null) say("F12", `派往 ${id} 的 ${name} 不合资格`, `${name}, sent to ${id}, is not eligible (${people.get(name)})`);
        if (recused.get(id)?.has(name)) say("V9", `${name} 应回避 ${id} 却被派出`, `${name} is recused from ${id}, but was sent`);
      }
    }
  }

  _replay(draw, data, listed, people, recused, say) {
    const key = subkey(draw.seed, "object");
    const order = [...draw.drawn.keys()].map((id) => ({ id, ticket: ticket(key, id) })).sort(before).map((each) => each.id);
    const eligible = new Set([...people].filter(([, ground]) => ground === null).map(([id]) => id));
    const sorted = [...people.keys()].sort(compare);
    const due = teams(subkey(draw.seed, "assign"), order, sorted, eligible, recused, draw.freeze.seats, ladder(draw.freeze));
    if (due.rung !== data.rung || due.unassigned !== data.unassigned) {
      say("V10", `应为第 ${due.rung} 级、${due.unassigned} 个无组`, `rung ${due.rung} and ${due.unassigned} without a team are due, stated are ${data.rung} and ${data.unassigned}`);
    }
    for (const [id, team] of due.teams) {
      const line = listed.get(id);
      const right = team ? line && keysOf(line) === "id,inspectors" && String(line.inspectors) === String(team) : line && keysOf(line) === "id,inspectors" && line.inspectors?.length === 0;
      if (!right) say("V10", `种子派往 ${id} 的是 ${team}，不是 ${line?.inspectors}`, `the seed sends ${team} to ${id}, not ${line?.inspectors}`);
    }
    for (const id of listed.keys()) if (!due.teams.has(id)) say("V10", `${id} 未被抽中却有检查组`, `${id} has a team, but was not drawn`);
  }
}

