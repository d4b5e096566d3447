// What a part of the seed rests on was public (SPEC 9): each names a signed checkpoint that covers it (F06).

import { hex, same, unbase64, unhex, utf8 } from "../lib/bytes.js";
import { COSIGNATURE, NoteError, checkpointText, cosignature, cosignedAt, ed25519, parseVkey, splitSignature } from "../lib/note.js";

export class Anchors {
  constructor(log) {
    this.log = log;
    this.pending = [];
    this.asked = new Set(); // the draws whose freeze asks for cosigners
  }

  /** Check `covered` of an entry; it must cover the entry at `base`. Signatures are checked at the end, all together. */
  take(draw, entry, base, what, say) {
    const { size, root, signature } = entry.data.covered;
    if (base !== undefined && size <= base) {
      say("F06", `所引检查点未覆盖 ${what}`, `${entry.kind} cites a checkpoint of ${size} entries that does not cover ${what} (#${base})`);
    }
    if (size > entry.index) say("F06", "所引检查点在其后", `${entry.kind} cites a checkpoint of ${size} entries, after itself`);
    else if (size > this.log.tree.size || hex(this.log.tree.root(size)) !== root) {
      say("F06", `所引 ${size} 条的检查点根不符`, `the checkpoint of ${size} entries that ${entry.kind} cites has another root`);
    }
    this.pending.push({ draw, entry, index: entry.index, kind: entry.kind, size, root, signature, say });
  }

  async finish() {
    const { findings } = this.log;
    const known = new Map();
    const open = new Map();
    for (const each of this.pending) {
      const key = `${each.size} ${each.root} ${each.signature}`;
      if (!known.has(key)) known.set(key, await this._signed(each));
      const told = known.get(key);
      if (told === null) open.set(each.draw, (open.get(each.draw) ?? 0) + 1);
      else if (!told) each.say("F06", "所引检查点没有签名", `the checkpoint that ${each.kind} cites is not signed`);
      await this._cosigned(each);
    }
    for (const [draw, count] of open) {
      findings.unchecked("F06", draw.index, `${draw.stream}：${count} 个所引检查点的签名未校验。`, `${draw.stream}: the signatures of ${count} cited checkpoints stay open.`);
    }
    if (this.asked.size && findings.sound("F06")) {
      findings.holds("cosigned", `${this.asked.size} 次抽取所引的检查点都有足够的联署。`, `In ${this.asked.size} draws the checkpoints have the quorum of their freeze.`);
    }
  }

  async _signed({ size, root, signature }) {
    const { keys } = this.log;
    if (!keys.all.length) return null;
    const parts = splitSignature(signature);
    const key = parts && keys.dueAt(size).find((each) => same(parts.id, each.id));
    if (!key) return false;
    return ed25519(key.key, utf8(checkpointText(key.name, size, unhex(root))), parts.payload);
  }

  /** Where the freeze asks for cosigners, `threshold` of them must have seen the head. */
  async _cosigned({ draw, entry, size, root, say }) {
    const { threshold, cosigners } = draw.freeze.quorum;
    if (!cosigners.length || !this.log.origin) return;
    this.asked.add(draw);
    const keys = cosigners.map(readCosigner).filter(Boolean);
    const text = checkpointText(this.log.origin, size, unhex(root));
    const before = entry.kind === "draw.beacon-recorded" && this.log.clock === "system" ? draw.freeze.t_reveal + draw.freeze.delta : Infinity;
    const counted = new Set();
    const seen = new Set();
    for (const raw of entry.data.covered.cosignatures ?? []) {
      const bytes = unbase64(raw);
      const key = bytes?.length === 76 && keys.find((each) => same(each.id, bytes.subarray(0, 4)));
      if (!key || seen.has(key.name)) continue;
      seen.add(key.name);
      const told = await cosignature(text, key, bytes.subarray(4));
      if (told === null) return void this.log.findings.unchecked("F06", entry.index, `${draw.stream}：联署未校验。`, `${draw.stream}: cosignatures stay open.`);
      if (!told) say("F06", `${key.name} 的联署无效`, `the cosignature of ${key.name} does not hold`);
      else if (Number(cosignedAt(bytes.subarray(4))) < before) counted.add(key.name);
    }
    if (counted.size < threshold) say("F06", `联署只有 ${counted.size} 个，应有 ${threshold} 个`, `${counted.size} cosignatures are there, the freeze asks for ${threshold}`);
  }
}

/** Return the keys of the quorum of a freeze; null where it cannot be one: too few cosigners, one twice, or a key of another type. */
export function cosignersOf({ threshold, cosigners }) {
  const keys = cosigners.map(readCosigner);
  const distinct = (of) => new Set(keys.map(of)).size === keys.length;
  if (keys.includes(null) || threshold > keys.length || (threshold === 0) !== (keys.length === 0)) return null;
  return distinct((key) => key.name) && distinct((key) => hex(key.id)) && distinct((key) => hex(key.key)) ? keys : null;
}

/** Return the key of a cosigner's vkey line, or null. */
export function readCosigner(line) {
  try {
    const key = parseVkey(line);
    return key.type === COSIGNATURE ? key : null;
  } catch (error) {
    if (error instanceof NoteError) return null;
    throw error;
  }
}
