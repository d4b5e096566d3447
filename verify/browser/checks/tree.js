// The tree over the entries (SPEC 3): its root is the one signed, tiles and bundles repeat it, and no file is too many.

import { concat, hex, same } from "../lib/bytes.js";
import { readWhole } from "../lib/source.js";
import { WIDTH, tilePath, tilesOf } from "../lib/tiles.js";

export class Files {
  constructor(log) {
    this.log = log;
    this.due = new Set(["checkpoint", "log.vkey", "entries.jsonl"]);
    this.bundle = [];
    this.bundles = 0;
    this.differing = 0;
  }

  _say(zh, en) {
    this.differing++;
    this.log.findings.broken("tree", null, zh, en);
  }

  async _compare(path, bytes) {
    this.due.add(path);
    const file = this.log.source.names.get(path);
    if (!file) return this._say(`${path} 缺失。`, `${path} is missing.`);
    const there = await readWhole(this.log.source, path, { exactly: bytes.length });
    if (!there || !same(there, bytes)) this._say(`${path} 与 entries.jsonl 不一致。`, `${path} differs from entries.jsonl.`);
  }

  /** How many entries tiles are due for: those that are there and signed. */
  size() {
    return Math.min(this.log.tree.size, this.log.signed ?? Infinity);
  }

  /** Take entry `place` into its bundle; a full bundle is compared at once. */
  async take(place, line) {
    if (place >= (this.log.signed ?? Infinity)) return;
    const length = Math.min(line.length, 65_535);
    this.bundle.push(Uint8Array.of(length >> 8, length & 255), line.slice());
    if (this.bundle.length === 2 * WIDTH) await this._flush();
  }

  async _flush() {
    const width = this.bundle.length / 2;
    const bytes = concat(...this.bundle);
    this.bundle = [];
    await this._compare(tilePath(null, this.bundles++, width), bytes);
  }

  /** Compare the last bundle and all tiles; then no other file may be there. */
  async finish() {
    const { tree, source, findings } = this.log;
    if (this.bundle.length) await this._flush();
    for (const { level, index, width } of tilesOf(this.size())) {
      const parts = Array.from({ length: width }, (_, n) => tree.node(8 * level, index * WIDTH + n));
      await this._compare(tilePath(level, index, width), concat(...parts));
    }
    if (!this.differing && tree.size) {
      findings.holds("tree", "全部瓦片和条目包与 entries.jsonl 逐字节一致。", "All tiles and bundles equal entries.jsonl.");
    }
    for (const sha256 of this.log.documents.known.keys()) this.due.add(`documents/${sha256}`);
    for (const name of source.names.keys()) {
      if (!this.due.has(name)) {
        findings.broken("folder", null, `多余的文件：${name}。`, `A file that belongs to no export of this size: ${name}.`);
      }
    }
    for (const folder of source.folders) findings.broken("folder", null, `空文件夹：${folder}。`, `An empty folder: ${folder}.`);
  }
}

/** Compare the signed head with the entries. */
export function headAgainstEntries(log, head) {
  const { findings, tree } = log;
  const say = (zh, en) => findings.broken("tree", null, zh, en);
  if (log.name !== null && head.origin !== log.name) {
    say(`检查点属于另一份日志：${head.origin}。`, `The checkpoint is of another log: ${head.origin}, the entries are of ${log.name}.`);
  }
  if (tree.size < head.size) {
    say(`检查点有 ${head.size} 条，entries.jsonl 只有 ${tree.size} 条：末尾被截去。`, `The checkpoint has ${head.size} entries, entries.jsonl only ${tree.size}: the tail was cut off.`);
    return;
  }
  if (tree.size > head.size) {
    say(`检查点有 ${head.size} 条，entries.jsonl 有 ${tree.size} 条：其余未经签名。`, `The checkpoint has ${head.size} entries, entries.jsonl has ${tree.size}: the rest is not signed.`);
  }
  if (!same(tree.root(head.size), head.root)) {
    say("记录的根与签名的检查点不一致：记录被改动。", `The root of the entries is ${hex(tree.root(head.size))}, the checkpoint signed ${hex(head.root)}: entries were altered.`);
  } else if (tree.size === head.size && findings.sound("tree")) {
    findings.holds("tree", `${head.size} 条记录的根与检查点一致。`, `The root over ${head.size} entries is the one signed.`);
  }
}

/** Compare an older head with the log: it must be a beginning of it. `check` says which. */
export function olderHead(log, older, check = "since") {
  const { findings, tree } = log;
  if (log.name !== null && older.origin !== log.name) {
    findings.broken(check, null, `较早的检查点属于另一份日志：${older.origin}。`, `The older checkpoint is of another log: ${older.origin}.`);
  } else if (older.size > tree.size) {
    findings.broken(check, null, `日志被回退：以前有 ${older.size} 条，现在只有 ${tree.size} 条。`, `The log was rolled back: it had ${older.size} entries, it has ${tree.size}.`);
  } else if (!same(tree.root(older.size), older.root)) {
    findings.broken(check, null, `历史被改写或分叉：前 ${older.size} 条不是以前签名的那些。`, `History was rewritten or forked: the first ${older.size} entries are not those signed before.`);
  } else {
    findings.holds(check, `日志只增加了：前 ${older.size} 条与以前看到的一致。`, `The log only grew: its first ${older.size} entries are those seen before.`);
  }
}

/** Compare with what this browser saw last under the keys of the log, each head once. */
export function rememberedHeads(log, heads, live) {
  const different = new Map(heads.map((seen) => [`${seen.origin} ${seen.size} ${hex(seen.root)}`, seen]));
  for (const seen of different.values()) rememberedHead(log, seen, live);
}

/** A copy may be older than what was seen, the log itself may not. */
function rememberedHead(log, seen, live) {
  if (!live && seen.size > log.tree.size) {
    log.findings.noted("remembered", null, `这份副本早于本浏览器上次所见（${seen.size} 条）。`, `This copy is older than what this browser saw last (${seen.size} entries).`);
  } else olderHead(log, seen, "remembered");
}
