// The frozen pools (SPEC 8): they are the registries as they stood, line for line, and nothing else.

import { compare, hex } from "../lib/bytes.js";
import { Fingerprint, ListError, lines } from "../lib/lists.js";
import { excludedInspector, excludedObject } from "./registries.js";

const few = (ids) => (ids.length > 5 ? `${ids.slice(0, 5).join(", ")} … (${ids.length})` : ids.join(", "));

/** Read a frozen list; return {count, root, fault} and hand every line to `each`. */
function readList(bytes, each, tick) {
  const found = new Fingerprint();
  try {
    for (const { value, line } of lines(bytes)) {
      found.add(line);
      each(value);
      tick?.(line.length);
    }
  } catch (error) {
    if (!(error instanceof ListError)) throw error;
    return { count: found.count, root: null, fault: error.message };
  }
  return { count: found.count, root: hex(found.root()), fault: null };
}

/** Checks the lists of one freeze and keeps of them what the draw needs: `objects`, `inspectors`, `recusals`. */
export class Pools {
  constructor(log, draw, entry, documents) {
    this.log = log;
    this.draw = draw;
    this.index = entry.index;
    this.freeze = entry.data.freeze;
    this.references = entry.data.documents;
    this.documents = documents;
    this.objects = null; // {ids, strata, grounds}
    this.inspectors = null; // Map(id -> ground or null)
    this.recusals = null; // Map(object -> commitment)
    this.grounds = null; // Map(inspector -> ground or null) by the registry, where that can be rebuilt
    this.lines = 0;
  }

  say(check, zh, en) {
    this.log.findings.broken(check, this.index, `${this.draw}：${zh}。`, `${this.draw}: ${en}.`);
  }

  check(registries) {
    this.objects = this._pool("objects", registries.objects, excludedObject);
    const ground = (row) => excludedInspector(row, this.freeze.item, this.freeze.as_of);
    const inspectors = this._pool("inspectors", registries.inspectors, ground);
    if (registries.inspectors?.known) this.grounds = new Map([...registries.inspectors.rows].map(([id, row]) => [id, ground(row)]));
    this.inspectors = inspectors && new Map(inspectors.ids.map((id, n) => [id, inspectors.grounds[n]]));
    this._exclusions();
    this._recusals();
  }

  _pool(kind, registry, groundOf) {
    const bytes = this.documents.get(this.references[kind].sha256);
    const stated = this.freeze[kind];
    const pool = { ids: [], strata: [], grounds: [] };
    const compared = bytes && registry?.known ? new Comparison(kind, registry, groundOf) : null;
    if (bytes) {
      const read = readList(bytes, (line) => {
        pool.ids.push(line.id);
        pool.strata.push(line.stratum);
        pool.grounds.push(line.excluded ?? null);
        compared?.take(line);
      }, this.log.tick);
      this._stated(kind, stated, read);
      this.lines += read.count;
    }
    if (!compared) {
      this.log.findings.unchecked("F07", this.index, `${this.draw}：${kind} 名录无法重建，名单未校验。`, `${this.draw}: the ${kind} registry cannot be rebuilt, the pool is unchecked.`);
    } else compared.tell(this, kind);
    return bytes ? pool : null;
  }

  _stated(name, stated, { count, root, fault }) {
    if (fault) this.say("V2", `${name} 名单不是规范的有序清单：${fault}`, `${name}: it is not a canonical sorted list: ${fault}`);
    else if (count !== stated.count || root !== stated.root) {
      this.say("V2", `${name} 名单的行数或根与冻结不符`, `${name}: count or root are not those of the freeze`);
    }
  }

  _exclusions() {
    const bytes = this.documents.get(this.references.exclusions.sha256);
    if (!bytes || !this.objects) return;
    const { ids, grounds } = this.objects;
    const due = new Map(ids.map((id, n) => [id, grounds[n]]).filter(([, ground]) => ground !== null));
    const byGround = {};
    for (const ground of due.values()) byGround[ground] = (byGround[ground] ?? 0) + 1;
    let same = true;
    const read = readList(bytes, (line) => {
      if (Object.keys(line).join() !== "ground,id" || due.get(line.id) !== line.ground) same = false;
    });
    this._stated("exclusions", this.freeze.exclusions, read);
    if (!same || read.count !== due.size) this.say("V2", "排除名单不是名单中被排除的对象", "the list of exclusions is not that of the excluded objects");
    const stated = this.freeze.exclusions.by_ground;
    const names = new Set([...Object.keys(stated), ...Object.keys(byGround)]);
    if ([...names].some((name) => stated[name] !== byGround[name])) {
      this.say("V2", "各排除理由的数目不符", "the numbers of the grounds of exclusion are not those of the pool");
    }
  }

  _recusals() {
    const bytes = this.documents.get(this.references.recusals.sha256);
    if (!bytes) return;
    this.recusals = new Map();
    const known = this.objects && new Set(this.objects.ids);
    const read = readList(bytes, (line) => {
      const commitment = line.recused?.commitment;
      const right = Object.keys(line).join() === "id,recused" && /^[0-9a-f]{64}$/.test(commitment ?? "");
      if (!right || (known && !known.has(line.id))) this.say("V2", `回避名单的一行不合规定：${line.id}`, `a line of the recusals does not fit: ${line.id}`);
      this.recusals.set(line.id, commitment);
    });
    this._stated("recusals", this.freeze.recusals, read);
  }

  /** No special roster (F07): whoever could be drawn or sent from another registry of the log is in the pool too. */
  others(all, chosen) {
    for (const other of all.values()) {
      if (other === chosen.objects || other === chosen.inspectors || !other.known) continue;
      const isObjects = other.type === "objects";
      if (isObjects && other.item !== this.freeze.item) continue;
      const pool = isObjects ? this.objects && new Set(this.objects.ids) : this.inspectors;
      if (!pool) continue;
      const ground = isObjects ? excludedObject : (row) => excludedInspector(row, this.freeze.item, this.freeze.as_of);
      const without = [...other.rows].filter(([id, row]) => ground(row) === null && !pool.has(id)).map(([id]) => id).sort(compare);
      if (without.length) {
        const what = isObjects ? "objects" : "inspectors";
        this.say("F07", `${other.stream} 中的 ${few(without)} 不在名单内`, `a special roster, without these ${what} of ${other.stream}: ${few(without)}`);
      }
    }
  }
}

/** Compares a pool, line after line, with the rows of a registry. */
class Comparison {
  constructor(kind, registry, groundOf) {
    this.kind = kind;
    this.registry = registry;
    this.groundOf = groundOf;
    this.seen = new Set();
    this.strange = [];
    this.grounds = [];
    this.other = [];
  }

  take(line) {
    const row = this.registry.rows.get(line.id);
    if (!row) {
      this.strange.push(line.id);
      return;
    }
    this.seen.add(line.id);
    const ground = this.groundOf(row);
    if ((line.excluded ?? null) !== ground) this.grounds.push(line.id);
    const due = this.kind === "objects" ? 3 : 2;
    const stratum = this.kind === "objects" ? (row.risk ?? "B") : undefined;
    const keys = Object.keys(line).length - ("excluded" in line ? 1 : 0);
    if (line.row !== this.registry.hashOf(row) || line.stratum !== stratum || keys !== due) this.other.push(line.id);
  }

  tell(pools, kind) {
    const missing = this.registry.ids().filter((id) => !this.seen.has(id));
    if (missing.length || this.strange.length || this.other.length || this.grounds.length) {
      pools.say("F07", "冻结的名单不是名录", `the frozen ${kind} are not the registry`);
    }
    const say = (check, zh, ids, en) => ids.length && pools.say(check, `${zh}：${few(ids)}`, `${en}: ${few(ids)}`);
    say("F07", "名单隐去了名录中的", missing, `it hides ${kind} of the registry`);
    say("F07", "名单多出名录之外的", this.strange, `it names ${kind} that are not in the registry`);
    say("F07", "名单的行与名录不符", this.other, `lines of ${kind} are not as in the registry`);
    say(kind === "objects" ? "F09" : "F07", "无理由被排除，或有理由而未排除", this.grounds, `${kind} excluded without ground, or not excluded though there is one`);
  }
}
