// The chain (SPEC 2, 6): every line an entry, every entry behind the one before it, in the right stream at the right place.

import { hex, utf8 } from "../lib/bytes.js";
import { NotCanonical } from "../lib/canonical.js";
import { parseEntry } from "../lib/entries.js";
import { KINDS, nounOf } from "../lib/kinds.js";
import { leafHash, sha256 } from "../lib/sha256.js";

const MOST_WRONG = 10_000;

export class Chain {
  /** With `linksOnly` no kind is looked at. */
  constructor(log, { linksOnly = false } = {}) {
    this.log = log;
    this.linksOnly = linksOnly;
    this.next = 0;
    this.previous = null; // hex of the leaf before
    this.latest = ""; // the greatest `at` so far
    this.versions = new Map();
    this.commands = new Map();
    this.wrong = 0;
    this.bureau = null;
  }

  get gaveUp() {
    return this.wrong > MOST_WRONG;
  }

  /** Take line `place` of the log; return its entry if other checks can read it, else null. */
  take(place, line) {
    const leaf = leafHash(line);
    this.log.tree.append(leaf);
    const entry = this._parse(place, line);
    const before = this.previous;
    this.previous = hex(leaf);
    if (!entry) return null;
    this._links(place, entry, before);
    if (!this.linksOnly && !this._kind(place, entry)) {
      this.log.spoiled.add(entry.stream);
      return null;
    }
    return this.inOrder ? entry : null;
  }

  _say(check, index, zh, en) {
    this.log.findings.broken(check, index, zh, en);
    return false;
  }

  _parse(place, line) {
    try {
      return parseEntry(line);
    } catch (error) {
      if (!(error instanceof NotCanonical)) throw error;
      this.wrong++;
      this._say("entries", place, `第 ${place} 行不是记录：${error.message}。`, `Line ${place} is no entry: ${error.message}.`);
      return null;
    }
  }

  _links(place, entry, before) {
    const { log } = this;
    if (place === 0) {
      const origin = !this.linksOnly && entry.kind === "log.created" && typeof entry.data.origin === "string" ? entry.data.origin : log.name;
      if (origin === null || entry.prev !== hex(sha256(utf8(origin)))) {
        this._say("F01", 0, "第 0 条的 prev 不是日志名称的哈希。", `Entry 0 has prev ${entry.prev}, not SHA-256 of the origin ${origin}.`);
      }
    } else if (entry.prev !== before) {
      this._say("F01", place, `链在第 ${place} 条断开：前一条被改动、调换或删除。`, `The chain is broken: entry ${place} names prev ${entry.prev}, the leaf before is ${before}.`);
    }
    if (entry.index !== this.next) {
      this._say("F01", place, `第 ${place} 行的序号是 ${entry.index}，应为 ${this.next}：有缺漏或重复。`, `Line ${place} has the index ${entry.index}, expected ${this.next}: an entry is missing or repeated.`);
    }
    this.next = entry.index + 1;
    if (entry.at < this.latest) {
      this._say("F01", entry.index, `时间倒退：${entry.at} 早于 ${this.latest}。`, `The clock runs backwards: entry ${entry.index} is of ${entry.at}, one before of ${this.latest}.`);
    } else this.latest = entry.at;
    const due = (this.versions.get(entry.stream) ?? 0) + 1;
    this.inOrder = entry.version === due;
    if (!this.inOrder) {
      this._say("F01", entry.index, `${entry.stream} 的版本是 ${entry.version}，应为 ${due}。`, `${entry.stream} has version ${entry.version}, expected ${due}.`);
    }
    this.versions.set(entry.stream, entry.version);
  }

  _kind(place, entry) {
    const { index, kind: name, stream, version, data } = entry;
    const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : null;
    const key = `${entry.actor.account} ${entry.command}`;
    if (this.commands.has(key)) {
      this._say("entries", place, `同一命令产生两条记录：${this.commands.get(key)} 和 ${index}。`, `Two entries with one command: ${key}, entries ${this.commands.get(key)} and ${index}.`);
    } else this.commands.set(key, index);
    if (!kind) return this._say("entries", index, `未知的记录种类 ${name}。`, `Unknown kind ${name}.`);
    const said = kind.data(data, "data");
    if (said) return this._say("entries", index, `${name} 的数据不合规定：${said}。`, `The data of ${name} does not fit: ${said}.`);
    if ((kind.first === "first") !== (version === 1) && kind.first !== "any") {
      this._say("entries", index, `${name} 不能是 ${stream} 的第 ${version} 条。`, `${name} may not stand at version ${version} of ${stream}.`);
    }
    if (name === "unit.registered") this.bureau ??= data.unit;
    if (name === "log.created" && index !== 0) {
      return this._say("entries", index, `第 ${index} 条再次创建日志。`, `Entry ${index} creates the log again: only entry 0 may.`);
    }
    const wrong = this._wrongStream(entry);
    const check = nounOf(name) === "inspection" ? "inspections" : "entries";
    if (wrong) this._say(check, index, `${name} 在 ${stream} 中，应在 ${wrong}。`, `${name} stands in ${stream}, not in ${wrong}.`);
    return true;
  }

  /** Return the form of the stream that an entry should stand in, or null where it does. */
  _wrongStream({ kind, stream, version, data, at }) {
    const noun = nounOf(kind);
    const exact = {
      log: "log/main",
      unit: version === 1 && `unit/${data.unit}`,
      account: kind === "account.opened" && `account/${data.account}`,
      calendar: kind === "calendar.recorded" && stream, // its year is compared where its document is read
      inspection: kind === "inspection.notified" && `inspection/${data.draw.slice(5)}/${data.object}`,
    }[noun];
    if (exact) return stream === exact ? null : exact;
    const bureau = (this.bureau ?? "").replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const form = {
      itemlist: `${bureau}-[1-9][0-9]*`,
      plan: `${bureau}-${data.year ?? "[0-9]{4}"}-[1-9][0-9]*`,
      registry: "[A-Za-z0-9][A-Za-z0-9._:-]{0,63}",
      draw: `${bureau}-${kind === "draw.opened" ? at.slice(0, 4) : "[0-9]{4}"}-[0-9]{4,}`,
    }[noun];
    const due = form === undefined ? `${noun}/[^ ]+` : `${noun}/${form}`;
    return new RegExp(`^${due}$`).test(stream) ? null : due;
  }

  finish(count) {
    const { findings } = this.log;
    if (!count) {
      findings.unchecked("F01", null, "日志是空的。", "The log is empty.");
      return;
    }
    if (findings.sound("F01")) findings.holds("F01", `${count} 条记录首尾相连，没有缺漏。`, `${count} entries are linked without a gap.`);
    if (findings.sound("entries")) findings.holds("entries", `${count} 条记录的格式都合规定。`, `All ${count} entries are well formed.`);
  }
}
