// What a part of the seed rests on was public (SPEC 9): each names a signed checkpoint that covers it (F06).

import { hex, same, unhex, utf8 } from "../lib/bytes.js";
import { checkpointText, ed25519, splitSignature } from "../lib/note.js";

export class Anchors {
  constructor(log) {
    this.log = log;
    this.pending = [];
    this.cited = 0;
  }

  /** Check `covered` of an entry; it must cover the entry at `base`. Signatures are checked at the end, all together. */
  take(draw, entry, base, what, say) {
    const { size, root, signature } = entry.data.covered;
    this.cited++;
    if (base !== undefined && size <= base) {
      say("F06", `所引检查点未覆盖 ${what}`, `${entry.kind} cites a checkpoint of ${size} entries that does not cover ${what} (#${base})`);
    }
    if (size > entry.index) say("F06", "所引检查点在其后", `${entry.kind} cites a checkpoint of ${size} entries, after itself`);
    else if (size > this.log.tree.size || hex(this.log.tree.root(size)) !== root) {
      say("F06", `所引 ${size} 条的检查点根不符`, `the checkpoint of ${size} entries that ${entry.kind} cites has another root`);
    }
    this.pending.push({ draw, index: entry.index, kind: entry.kind, size, root, signature, say });
  }

  async finish() {
    const { findings, signer } = this.log;
    const known = new Map();
    const open = new Map();
    for (const each of this.pending) {
      const key = `${each.size} ${each.root} ${each.signature}`;
      if (!known.has(key)) known.set(key, await this._signed(each, signer));
      const told = known.get(key);
      if (told === null) open.set(each.draw, (open.get(each.draw) ?? 0) + 1);
      else if (!told) each.say("F06", "所引检查点没有签名", `the checkpoint that ${each.kind} cites is not signed`);
    }
    for (const [draw, count] of open) {
      findings.unchecked("F06", draw.index, `${draw.stream}：${count} 个所引检查点的签名未校验。`, `${draw.stream}: the signatures of ${count} cited checkpoints stay open.`);
    }
  }

  async _signed({ size, root, signature }, signer) {
    if (!signer) return null;
    const parts = splitSignature(signature);
    if (!parts || !same(parts.id, signer.id)) return false;

    return ed25519(signer.key, utf8(checkpointText(signer.name, size, unhex(root))), parts.payload);
  }
}
