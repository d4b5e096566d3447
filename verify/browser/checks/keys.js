// The keys of a log (SPEC 3): the first one, those announced later, those retired, and which sign a head of which size.

import { base64, hex, same, unhex, utf8 } from "../lib/bytes.js";
import { ED25519, NoteError, checkpointText, ed25519, parseVkey, splitSignature } from "../lib/note.js";

export class Keys {
  constructor(log) {
    this.log = log;
    this.all = []; // {key, announced, retired: index or null, held: whether the retirement holds}, the oldest first
    this.retirements = [];
  }

  _say(index, zh, en) {
    this.log.findings.broken("keys", index, `${zh}。`, `${en}.`);
  }

  begin(key) {
    if (key) this.all.push({ key, announced: 0, retired: null, held: true });
  }

  take({ kind, index, stream, data }) {
    if (stream !== "log/main") return;
    const standing = this.all.filter((each) => each.retired === null);
    const key = readKey(data.vkey);
    if (kind === "log.key-announced") {
      const known = key && this.all.some((each) => base64(each.key.key) === base64(key.key));
      if (!key || key.name !== this.log.origin) this._say(index, "所公布的公钥不是本日志的", "what is announced is no Ed25519 key of this log");
      else if (known) this._say(index, "所公布的公钥曾经用过", "the key that is announced was used before");
      else if (standing.length !== 1) this._say(index, "上一次交接尚未完成", "a key is announced while not exactly one stands");
      else this.all.push({ key, announced: index, retired: null, held: true });
      return;
    }
    if (standing.length !== 2 || !key || base64(standing[0].key.key) !== base64(key.key)) {
      this._say(index, "停用的不是两把公钥中较早的一把", "what is retired is not the older of two keys");
      return;
    }
    standing[0].retired = index;
    this.retirements.push({ of: standing[0], next: standing[1], index, covered: data.covered });
  }

  /** The keys that sign a head of `size`, the oldest first. */
  dueAt(size) {
    return this.all.filter((each) => each.announced < size && (each.retired === null || each.retired >= size)).map((each) => each.key);
  }

  find(key) {
    return this.all.find((each) => same(each.key.id, key.id) && each.key.name === key.name) ?? null;
  }

  /** Return the key that a key from outside leads to at `size`: itself, or the next ones as far as retirements hold. */
  follow(given, size) {
    const place = this.all.findIndex((each) => base64(each.key.key) === base64(given.key) && each.key.name === given.name);
    for (let n = place; n >= 0 && n < this.all.length; n++) {
      const each = this.all[n];
      if (each.retired === null || each.retired >= size || !each.held) return each.key;
    }
    return given;
  }

  /** The keys of the log from `key` on, itself first whether or not the log knows it. */
  from(key) {
    const place = this.all.findIndex((each) => base64(each.key.key) === base64(key.key) && each.key.name === key.name);
    return [key, ...(place < 0 ? [] : this.all.slice(place + 1).map((each) => each.key))];
  }

  /** Check each retirement: the head it covers is signed by the key that goes, after the next one was announced. */
  async finish() {
    const { tree, findings } = this.log;
    for (const { of, next, index, covered: { size, root, signature } } of this.retirements) {
      const parts = splitSignature(signature);
      let fault = null;
      if (size <= next.announced || size > index) fault = ["所引检查点未覆盖新公钥的公布", "the head it covers is not between the announcement and itself"];
      else if (hex(tree.root(size)) !== root) fault = ["所引检查点的根不符", `the head of ${size} entries has another root`];
      else if (!parts || !same(parts.id, of.key.id)) fault = ["所引检查点不是停用的公钥签名的", "the head is not signed by the key that retires"];
      else {
        const told = await ed25519(of.key.key, utf8(checkpointText(of.key.name, size, unhex(root))), parts.payload);
        if (told === null) findings.unchecked("keys", index, "停用的签名未校验。", "The signature of a retirement stays open.");
        else if (!told) fault = ["所引检查点不是停用的公钥签名的", "the head is not signed by the key that retires"];
      }
      if (fault) {
        of.held = false;
        this._say(index, ...fault);
      }
    }
    if (this.all.length > 1 && findings.sound("keys")) {
      findings.holds("keys", `日志的公钥交接过 ${this.all.length - 1} 次，每次都由旧公钥签名。`, `The key was handed over ${this.all.length - 1} times, each time under the old one.`);
    }
  }
}

function readKey(vkey) {
  try {
    const key = parseVkey(vkey);
    return key.type === ED25519 ? key : null;
  } catch (error) {
    if (error instanceof NoteError) return null;
    throw error;
  }
}
