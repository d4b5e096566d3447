// Documents (SPEC 4): each is read once, when its entry comes, and given to whoever needs it only if its bytes hold.

import { hex } from "../lib/bytes.js";
import { NotCanonical, decode } from "../lib/canonical.js";
import { ListError, lines } from "../lib/lists.js";
import { digest } from "../lib/sha256.js";
import { readWhole } from "../lib/source.js";

const LONGEST = 2 ** 29;

export class Documents {
  constructor(log) {
    this.log = log;
    this.known = new Map(); // sha256 -> whether its bytes hold
  }

  /** Check the documents that an entry names; return Map(sha256 -> bytes) of those that hold. */
  async read(index, references) {
    const found = new Map();
    for (const { reference, type } of references) {
      if (type !== null && reference.type !== type) {
        this.log.findings.broken(
          "documents",
          index,
          `文档 ${reference.sha256} 的类型是 ${reference.type}，应为 ${type}。`,
          `The document ${reference.sha256} is of the type ${reference.type}, not ${type}.`,
        );
      }
      const bytes = await this._bytes(index, reference);
      if (bytes) found.set(reference.sha256, bytes);
    }
    return found;
  }

  /** Return the bytes of a document that was checked before, or null. */
  async again(reference) {
    if (!this.known.get(reference.sha256)) return null;
    return readWhole(this.log.source, `documents/${reference.sha256}`, { exactly: reference.bytes });
  }

  async _bytes(index, { sha256, bytes: length }) {
    const { findings, source } = this.log;
    const file = source.names.get(`documents/${sha256}`);
    const first = !this.known.has(sha256);
    if (first) this.known.set(sha256, false);
    const say = (zh, en) => findings.broken("documents", index, zh, en);
    if (!file) {
      if (first) say(`公开文档 ${sha256} 缺失。`, `The public document ${sha256} is missing.`);
      return null;
    }
    if (file.size !== length) {
      say(`文档 ${sha256} 有 ${file.size} 字节，记录称 ${length}。`, `The document ${sha256} has ${file.size} bytes, the entry says ${length}.`);
      return null;
    }
    if (length > LONGEST) {
      findings.unchecked("documents", index, `文档 ${sha256} 过大，未读取。`, `The document ${sha256} is too long to be read here.`);
      return null;
    }
    const bytes = await readWhole(source, `documents/${sha256}`, { exactly: length });
    const right = bytes !== null && hex(await digest(bytes)) === sha256;
    if (!right && first) say(`公开文档 ${sha256} 被改动。`, `The public document ${sha256} was altered.`);
    if (right) this.known.set(sha256, true);
    return right ? bytes : null;
  }

  finish() {
    const { findings } = this.log;
    const count = this.known.size;
    if (count && findings.sound("documents")) {
      findings.holds("documents", `${count} 个公开文档都在，长度和哈希与记录一致。`, `All ${count} public documents are there, with length and hash as named.`);
    }
  }
}

/** Return all values of a short list, and the fault that ends it: {rows, fault}. */
export function rowsOf(bytes) {
  const rows = [];
  try {
    for (const { value } of lines(bytes)) rows.push(value);
    return { rows, fault: null };
  } catch (error) {
    if (error instanceof ListError) return { rows, fault: error.message };
    throw error;
  }
}

/** Return the value of a document of one JSON value, or null where it is not canonical. */
export function valueOf(bytes) {
  try {
    return decode(bytes);
  } catch (error) {
    if (error instanceof NotCanonical) return null;
    throw error;
  }
}

