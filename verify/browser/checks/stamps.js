// Time stamps of checkpoints (SPEC 3): the stamped checkpoint is the log's, and the stamp is over it and no other bytes.
//
// Whether a token is the authority's is not asked here: that needs its certificates, and stays UNCHECKED.

import { hex, same, utf8 } from "../lib/bytes.js";
import { sha256 } from "../lib/sha256.js";
import { ed25519, signedBy, splitSignature } from "../lib/note.js";
import { readHead } from "./signatures.js";

const LONGEST = 65_536;

export class Stamps {
  constructor(log) {
    this.log = log;
    this.all = [];
  }

  take({ index, data }, documents) {
    const { type, bytes } = data.token;
    if (type !== "application/timestamp-reply" || bytes > LONGEST || data.checkpoint.type !== "text/plain; charset=utf-8") {
      this.log.findings.broken("anchors", index, "时间戳文档的类型或长度不对。", "Checkpoint or token are not of their types, or too long.");
      return;
    }
    const [checkpoint, token] = [documents.get(data.checkpoint.sha256), documents.get(data.token.sha256)];
    if (checkpoint && token) this.all.push({ index, covered: data.covered, checkpoint, token });
  }

  async finish() {
    const { findings, tree, keys } = this.log;
    for (const { index, covered, checkpoint, token } of this.all) {
      const say = (zh, en) => findings.broken("anchors", index, `${zh}。`, `${en}.`);
      const read = readHead(checkpoint);
      if (!read) {
        say("所盖时间戳的不是检查点", "what was stamped is no checkpoint");
        continue;
      }
      const { origin, size, root } = read.head;
      if (size !== covered.size || hex(root) !== covered.root || size > index || origin !== this.log.origin || !same(tree.root(size), root)) {
        say("所盖时间戳的检查点不是本日志的", "the stamped checkpoint is not one of this log, as the entry names it");
      }
      const parts = splitSignature(covered.signature);
      const signer = parts && keys.dueAt(size).find((each) => same(each.id, parts.id));
      if (!signer || (await ed25519(signer.key, utf8(read.note.text), parts.payload)) === false) {
        say("记录中的签名不成立", "the signature in the entry fails");
      }
      for (const key of keys.dueAt(size)) {
        const told = await signedBy(read.note, key);
        if (told === "absent" || told === "wrong") say("所盖时间戳的检查点没有签名", "the stamped checkpoint is not signed by the keys due");
      }
      if (!includes(token, sha256(checkpoint))) say("时间戳盖在别的内容上", "the stamp is over other bytes: a replayed one");
    }
    if (this.all.length) {
      findings.unchecked("anchors", null, `${this.all.length} 个时间戳是否出自时间戳机构，此处未校验。`, `Whether ${this.all.length} time stamps are an authority's is not checked here.`);
    }
  }
}

function includes(bytes, part) {
  for (let at = bytes.indexOf(part[0]); at >= 0 && at + part.length <= bytes.length; at = bytes.indexOf(part[0], at + 1)) {
    if (same(bytes.subarray(at, at + part.length), part)) return true;
  }
  return false;
}
