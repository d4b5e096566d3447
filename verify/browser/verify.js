// The verifier of a fairdraw log in JavaScript, written from SPEC.md alone: it reads a log once and says what holds.
//
// It runs unchanged in a Web Worker and in Node, asks nobody for anything, and judges only the bytes it was given.

import { hex } from "./lib/bytes.js";
import { LONGEST } from "./lib/entries.js";
import { Findings } from "./lib/findings.js";
import { documentsOf } from "./lib/kinds.js";
import { linesOf } from "./lib/source.js";
import { Tree } from "./lib/tree.js";
import { Actors } from "./checks/actors.js";
import { Chain } from "./checks/chain.js";
import { Documents } from "./checks/documents.js";
import { Draws } from "./checks/draws.js";
import { Keys } from "./checks/keys.js";
import { Inspections } from "./checks/inspections.js";
import { Papers } from "./checks/papers.js";
import { Registries } from "./checks/registries.js";
import { firstKey, ownKey, quorum, readCheckpoint, signature, since as sinceThen, stated, trusted, whose } from "./checks/signatures.js";
import { Stamps } from "./checks/stamps.js";
import { Files, headAgainstEntries, rememberedHeads } from "./checks/tree.js";

/** Everything that the checks share about one log. */
class Log {
  constructor(source) {
    this.source = source;
    this.findings = new Findings();
    this.tree = new Tree();
    this.name = null; // the origin, as far as it is known
    this.origin = null; // the origin that log.created names
    this.clock = null;
    this.signed = null; // the size of the checkpoint
    this.spoiled = new Set(); // streams with an entry that cannot be read
    this.documents = new Documents(this);
    this.keys = new Keys(this);
    this.stamps = new Stamps(this);
    this.chain = new Chain(this);
    this.files = new Files(this);
    this.actors = new Actors(this);
    this.papers = new Papers(this);
    this.registries = new Registries(this);
    this.draws = new Draws(this);
    this.inspections = new Inspections(this);
    this.last = null;
  }

  async take(place, line) {
    await this.files.take(place, line);
    const entry = this.chain.take(place, line);
    if (!entry) return;
    this.last = entry;
    this.actors.take(entry);
    const documents = await this.documents.read(entry.index, documentsOf(entry.kind, entry.data));
    await this._hand(entry, documents);
  }

  _hand(entry, documents) {
    switch (entry.kind.split(".")[0]) {
      case "checkpoint":
        return this.stamps.take(entry, documents);
      case "log":
        return this._own(entry);
      case "itemlist":
      case "plan":
        return this.papers.take(entry, documents);
      case "registry":
        return this.registries.take(entry, documents);
      case "draw":
        return this.draws.take(entry, documents);
      case "inspection":
      case "result":
        return this.inspections.take(entry);
      case "calendar":
        return this.inspections.calendar(entry, documents);
      default:
        return undefined;
    }
  }

  _own(entry) {
    const { kind, index, stream, data } = entry;
    if (kind.startsWith("log.key-")) return this.keys.take(entry);
    if (kind === "log.recovered") {
      return this.findings.noted("log", index, `日志从备份恢复过：${data.reason}。`, `The log was recovered: ${data.reason}.`);
    }
    if (kind === "log.verifier-released") {
      const what = `${data.version}, ${data.sha256}`;
      return this.findings.noted("verifier", index, `日志发布了校验程序 ${what}，本页面是另一份。`, `The log released the verifier ${what}; this one is another.`);
    }
    if (kind !== "log.created" || stream !== "log/main") return undefined;
    this.origin = data.origin;
    this.clock = data.clock;
    this.keys.begin(firstKey(this, data));
    const demo = data.origin.startsWith("demo.");
    if (demo) this.findings.noted("log", 0, `这是演示日志（${data.origin}），不是真实抽查。`, `A demonstration: ${data.origin}.`);
    if (data.clock === "stepped") {
      if (demo) this.findings.noted("log", 0, "日志的时钟是步进式的，时间不是真实时间。", "The log runs on a stepped clock, not on real time.");
      else this.findings.broken("log", 0, "步进时钟只能用于演示。", "The stepped clock is for demonstrations only.");
    }
    return undefined;
  }
}

/**
 * Verify a log and return {origin, size, root, outcome, exit, findings, head, signers, log}.
 *
 * `options`: `vkey` and `policy` parsed, from outside; `since`: an older checkpoint {note, head};
 * `remembered`: the function from a key to the {origin, size, root} that was last seen under it, or null; `live`: whether this
 * is the log itself, not a copy that may be older; `progress(done, of)`: called now and then.
 */
export async function verify(source, { vkey = null, policy = null, since = null, remembered = null, live = false, progress = null } = {}) {
  const log = new Log(source);
  const own = await ownKey(log);
  const given = vkey ?? (policy && stated(policy, own));
  const read = await readCheckpoint(log);
  log.signed = read?.head.size ?? null;
  log.name = given?.name ?? own?.name ?? read?.head.origin ?? null;
  await entries(log, progress);
  await log.keys.finish();
  const key = whose(log, given, own);
  if (read) await signature(log, read, key, own);
  if (policy && read) await quorum(log, policy, read, key, given);
  if (read) headAgainstEntries(log, read.head);
  await log.files.finish();
  log.documents.finish();
  log.chain.finish(log.tree.size);
  log.actors.finish();
  log.papers.finish();
  log.registries.finish();
  await log.stamps.finish();
  if (log.last) {
    await log.draws.finish(log.last);
    log.inspections.finish(log.last);
  }
  if (policy) trusted(log, policy);
  if (since) await sinceThen(log, since);
  // Whoever rewrites the log may hand it over as well: what was seen under any of its keys counts, the retired ones too.
  const ring = [given, key, ...log.keys.all.map((each) => each.key)].filter(Boolean);
  if (remembered) rememberedHeads(log, ring.map(remembered).filter(Boolean), live);
  const { findings, tree } = log;
  const { exit, outcome } = findings;
  return { origin: log.origin ?? log.name, size: tree.size, root: hex(tree.root()), outcome, exit, findings: findings.all, head: read?.head ?? null, signers: signersOf(log, given, key), log };
}

/** The keys that a head is remembered under: without one from outside only the signer, for a log can announce anybody's. */
function signersOf(log, given, key) {
  if (given) return log.keys.from(given);
  return key ? [key] : [];
}

async function entries(log, progress) {
  const file = log.source.names.get("entries.jsonl");
  if (!file || file.size < 0) {
    log.findings.broken("entries", null, "entries.jsonl 缺失。", "entries.jsonl is missing.");
    return;
  }
  const total = [...log.source.names.values()].reduce((sum, each) => sum + Math.max(0, each.size), 0);
  let place = 0, done = 0;
  const told = progress && throttled(() => progress(Math.min(done, total), total));
  log.tick = (bytes) => {
    done += bytes;
    told?.();
  };
  for await (const { line, ended } of linesOf(file, LONGEST)) {
    if (!ended) log.findings.broken("entries", place, "最后一行没有换行符。", "The last line does not end with a line feed.");
    log.tick(line.length);
    await log.take(place++, line);
    if (log.chain.gaveUp) {
      log.findings.broken("entries", place, "太多行不是记录，已放弃。", "Too many lines are no entries: given up.");
      return;
    }
  }
}

/** Call `act` at most ten times a second. */
function throttled(act) {
  let last = 0;
  return () => {
    const now = performance.now();
    if (now - last < 100) return;
    last = now;
    act();
  };
}
