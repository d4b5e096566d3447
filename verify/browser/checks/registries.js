// Registries (SPEC 7): what each holds after every batch, who may change it, and who in it may be drawn or sent.

import { compare, hex, utf8 } from "../lib/bytes.js";
import { plusDays } from "../lib/calendar.js";
import { Fingerprint, ListError, lines } from "../lib/lists.js";
import { findIn } from "../lib/personal.js";
import { leafHash } from "../lib/sha256.js";
import * as s from "../lib/shapes.js";

const COMMITMENT = s.object({ commitment: s.nullable(s.hex32) });
const ROWS = {
  objects: s.object({
    id: s.key,
    name: s.text,
    type: s.any,
    district: s.any,
    tags: s.list(s.any),
    established: s.nullable(s.date),
    risk: s.nullable(s.one("A", "B", "C", "D")),
    status: s.text,
  }),
  inspectors: s.object({
    id: s.id,
    unit: s.any,
    office: s.any,
    kind: s.text,
    name: COMMITMENT,
    certificate: COMMITMENT,
    certificate_valid_to: s.nullable(s.date),
    lines: s.list(s.any),
    items: s.list(s.any),
    status: s.text,
  }),
};
const CHANGE = s.object({ id: s.id, op: s.one("added", "changed"), row: s.any });
const REMOVAL = s.object({ id: s.id, op: s.one("removed") });

/** Why an inspector of a registry is not eligible for an item on a day, or null. */
export function excludedInspector(row, item, day) {
  if (row.kind === "expert") return "expert";
  if (row.status !== "active") return `status:${row.status}`;
  if (!row.certified || row.validTo === null || row.validTo < day) return "certificate";
  return item === null || row.items.includes(item) ? null : "item";
}

export const excludedObject = (row) => (row.status === "active" ? null : `status:${row.status}`);

/** The rows of one registry: id -> what matters of a row, its leaf hash in a slab beside it. */
class Registry {
  constructor(stream, data) {
    this.stream = stream;
    this.type = data.type;
    this.item = data.item;
    this.unit = data.unit;
    this.rows = new Map();
    this.slab = new Uint8Array(32 * 256);
    this.used = 0;
    this.order = null;
    this.known = true; // false once a batch could not be read
    this.version = 1;
    this.filed = false;
    this.paired = null;
    this.importers = new Set();
    this.changes = []; // {index, at, account, added, changed, removed}
    this.gone = []; // {id, at} of removed rows
  }

  put(id, row, bytes) {
    const old = this.rows.get(id);
    const slot = old ? old.slot : this.used++;
    if (this.slab.length < 32 * this.used) {
      const wider = new Uint8Array(2 * this.slab.length);
      wider.set(this.slab);
      this.slab = wider;
    }
    leafHash(bytes, this.slab, 32 * slot);
    if (!old) this.order = null;
    this.rows.set(id, this.type === "objects" ? ofObject(slot, row) : ofInspector(slot, row));
  }

  remove(id) {
    this.rows.delete(id);
    this.order = null;
  }

  hashOf(row) {
    return hex(this.slab, 32 * row.slot, 32 * row.slot + 32);
  }

  /** The ids, sorted. */
  ids() {
    this.order ??= [...this.rows.keys()].sort(compare);
    return this.order;
  }

  fingerprint() {
    const found = new Fingerprint();
    for (const id of this.ids()) found.addHash(this.slab, 32 * this.rows.get(id).slot);
    return { count: found.count, root: hex(found.root()) };
  }
}

const ofObject = (slot, row) => ({ slot, status: row.status, risk: row.risk });
const ofInspector = (slot, row) => ({
  slot,
  kind: row.kind,
  status: row.status,
  certified: row.certificate.commitment !== null,
  validTo: row.certificate_valid_to,
  items: row.items,
});

export class Registries {
  constructor(log) {
    this.log = log;
    this.all = new Map();
    this.batches = 0;
    this.watched = []; // rows that were away at a freeze: {registry, id, draw}
  }

  _say(index, zh, en, check = "registries") {
    this.log.findings.broken(check, index, `${zh}。`, `${en}.`);
  }

  take(entry, documents) {
    const { kind, stream, data, index, actor } = entry;
    if (kind === "registry.created") return this._create(entry);
    const registry = this.all.get(stream);
    if (!registry) return undefined;
    registry.version = entry.version;
    if (kind === "registry.imported") return this._import(registry, entry, documents.get(data.document.sha256));
    if (kind === "registry.filed") {
      registry.filed = true;
      if (registry.importers.has(actor.account)) {
        this._say(index, `${stream} 由导入者 ${actor.account} 自己备案`, `${stream} was filed by ${actor.account}, who imported it`);
      }
    } else this._pair(registry, entry);
    return undefined;
  }

  _create({ stream, data, index, actor }) {
    this.all.set(stream, new Registry(stream, data));
    if (actor.unit !== data.unit) this._say(index, `${stream} 由 ${actor.unit} 建立，不是 ${data.unit}`, `${stream} was created by ${actor.unit}, not by ${data.unit}`);
    if ((data.type === "objects") !== (data.item !== null)) {
      this._say(index, `${stream} 的事项不合规定`, `${stream}: a registry of objects has one item, one of inspectors none`);
    }
  }

  _pair(registry, { stream, data, index, actor }) {
    const other = this.all.get(data.inspectors);
    if (registry.type !== "objects" || other?.type !== "inspectors") {
      this._say(index, `${stream} 与 ${data.inspectors} 不能配对`, `${stream} and ${data.inspectors} are not a registry of objects and one of inspectors`);
    }
    if (actor.unit !== registry.unit) this._say(index, `${stream} 由别的单位配对`, `${stream} was paired by ${actor.unit}, it is ${registry.unit}'s`);
    if (registry.paired === null) registry.paired = data.inspectors;
    else this._say(index, `${stream} 已与 ${registry.paired} 配对，又与 ${data.inspectors} 配对`, `${stream} is paired with ${registry.paired}, and then again with ${data.inspectors}`, "F07");
  }

  _import(registry, entry, bytes) {
    const { stream, data, index, actor, at } = entry;
    registry.importers.add(actor.account);
    if (actor.unit !== registry.unit) this._say(index, `${stream} 由别的单位 ${actor.unit} 导入`, `${stream} was imported by ${actor.unit}, it is ${registry.unit}'s`);
    const { added, changed, removed } = data;
    registry.changes.push({ index, at, account: actor.account, added, changed, removed });
    if (!bytes || !registry.known) {
      registry.known = false;
      this.log.findings.unchecked("registries", index, `${stream} 的一批数据不在，此后状态无法重建。`, `A batch of ${stream} is not here: its later state cannot be rebuilt.`);
      return;
    }
    this.batches++;
    const fault = this._fold(registry, entry, bytes);
    if (fault) {
      registry.known = false;
      this._say(index, `${stream} 的一批数据不成立：${fault}`, `A batch of ${stream} does not hold: ${fault}`);
    }
  }

  /** Apply a batch line by line; return what is wrong with it, or null. */
  _fold(registry, { stream, data, index, at }, bytes) {
    const found = new Fingerprint();
    const counts = { added: 0, changed: 0, removed: 0 };
    let numbers = 0;
    try {
      for (const { value, line } of lines(bytes)) {
        found.add(line);
        const fault = this._apply(registry, value, line, { at, index });
        if (fault) return fault;
        counts[value.op]++;
        if (value.row && findIn(value.row, "id")) numbers++;
        this.log.tick?.(line.length);
      }
    } catch (error) {
      if (error instanceof ListError) return error.message;
      throw error;
    }
    if (numbers) this._say(index, `${stream} 的名单中 ${numbers} 处疑有个人号码`, `${numbers} texts in a list of ${stream} hold what looks like a person's number`, "personal");
    for (const op of Object.keys(counts)) {
      if (counts[op] !== data[op]) this._say(index, `${stream} 称 ${op} ${data[op]} 行，实为 ${counts[op]}`, `${stream} states ${data[op]} rows ${op}, the batch has ${counts[op]}`);
    }
    if (data.mode === "merge" && counts.removed) this._say(index, `${stream} 的合并导入删除了行`, `${stream}: a merge removes nothing`);
    if (found.count !== data.count || hex(found.root()) !== data.root) {
      this._say(index, `${stream} 批次的行数或根不符`, `${stream}: count or root of the batch are not as stated`);
    }
    const state = registry.fingerprint();
    if (state.count !== data.state.count || state.root !== data.state.root) {
      this._say(index, `${stream} 导入后的状态不符`, `${stream} states ${data.state.count} rows after the batch, it has ${state.count}, or another root`);
    }
    return null;
  }

  _apply(registry, value, line, { at, index }) {
    const { id, op, row } = value;
    const said = (op === "removed" ? REMOVAL : CHANGE)(value, "line") ?? (row === undefined ? null : ROWS[registry.type](row, "row"));
    if (said) return said;
    const there = registry.rows.has(id);
    if (op === "added" && there) return `${id} is added, but is in the registry already`;
    if (op !== "added" && !there) return `${id} is ${op}, but is not in the registry`;
    if (op === "removed") {
      registry.remove(id);
      registry.gone.push({ id, at });
      return null;
    }
    if (row.id !== id) return `the row of ${id} has the id ${row.id}`;
    const head = `{"id":${JSON.stringify(id)},"op":"${op}","row":`;
    registry.put(id, row, line.subarray(utf8(head).length, line.length - 1));
    this._watch(registry, id, index);
    return null;
  }

  _watch(registry, id, index) {
    for (const each of this.watched) {
      if (each.registry !== registry || each.id !== id) continue;
      this.log.findings.noted("F08", index, `${registry.stream} 的 ${id} 在 ${each.draw} 冻结前移出、冻结后移回。`, `${registry.stream}: ${id} was taken out before ${each.draw} was frozen, and put back after it.`);
    }
  }

  /** Tell what changed in the ten days before a freeze, and remember whoever was taken out then. */
  beforeFreeze(draw, index, at, registries) {
    const since = plusDays(at.slice(0, 10), -10);
    const told = [];
    for (const registry of registries) {
      for (const each of registry.changes) {
        if (each.at.slice(0, 10) >= since) told.push(`${registry.stream} #${each.index} (+${each.added}, ~${each.changed}, -${each.removed})`);
      }
      for (const { id, at: when } of registry.gone) {
        if (when.slice(0, 10) >= since && !registry.rows.has(id)) this.watched.push({ registry, id, draw });
      }
    }
    if (told.length) {
      this.log.findings.noted("F08", index, `${draw} 冻结前 10 天内名录有变动：${told.join("；")}。`, `Registries changed in the 10 days before ${draw} was frozen: ${told.join("; ")}.`);
    }
  }

  finish() {
    const { findings } = this.log;
    if (this.batches && findings.sound("registries")) {
      findings.holds("registries", `${this.all.size} 个名录库的 ${this.batches} 批变动重放后与记录一致。`, `${this.batches} batches of ${this.all.size} registries were folded and give what the entries say.`);
    }
  }
}
