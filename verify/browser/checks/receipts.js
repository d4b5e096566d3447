// What a person holds in the hand (SPEC 14): a receipt of one entry, and the self-check of a business, each as one file.

import { Refusal, hex, unhex, utf8 } from "../lib/bytes.js";
import { decode, encode } from "../lib/canonical.js";
import { parseEntry } from "../lib/entries.js";
import { KINDS } from "../lib/kinds.js";
import { ED25519, parseCheckpoint, parseNote, signedBy } from "../lib/note.js";
import { cosigned } from "../lib/policy.js";
import { parseProof, proofHolds } from "../lib/proof.js";
import { freezeHash, subkey } from "../lib/seed.js";
import { quota, ticket } from "../lib/selection.js";
import { leafHash } from "../lib/sha256.js";
import * as s from "../lib/shapes.js";
import { verifyInclusion } from "../lib/tree.js";
import { equal } from "./signatures.js";

class NotSo extends Refusal {}

const text = (value, path) => (typeof value === "string" ? null : `${path} is no text`);
const placed = (name) => s.object({ index: s.nat, [name]: text, path: s.list(s.hex32) });
const FORM = s.object({
  format: s.one("fairdraw-selfcheck/1"),
  checkpoint: s.list(text),
  draw: s.stream("draw"),
  object: s.id,
  entries: s.object({ frozen: placed("entry"), seed: placed("entry"), drawn: placed("entry") }),
  pool: placed("line"),
  "listed?": placed("line"),
  seed: s.hex32,
  stratum: s.text,
  ticket: s.hex32,
  threshold: s.nullable(s.hex32),
  result: s.one("excluded", "drawn", "not-drawn"),
});
const POOL_LINE = s.object({ id: s.id, row: s.hex32, stratum: s.one("A", "B", "C", "D"), "excluded?": s.text });
const LISTED_LINE = s.object({ id: s.id, rank: s.pos, stratum: s.one("A", "B", "C", "D"), ticket: s.hex32 });
const KIND_OF = { frozen: "draw.frozen", seed: "draw.seed-derived", drawn: "draw.objects-drawn" };

const need = (holds, why) => {
  if (!holds) throw new NotSo(why);
};
const fits = (shape, value, what) => need(shape(value, what) === null, shape(value, what));
const leads = (line, { index, path }, size, root) => verifyInclusion(leafHash(utf8(line)), index, size, root, path.map(unhex));

/**
 * Check the self-check of a business; return {draw, object, result, rank, stratum, ticket, threshold, n, k, size, note, signed}.
 *
 * Refused with a reason where it does not hold. `key` is the log's, from outside; `signed` is null where signatures cannot
 * be checked here.
 */
export async function checkSelf(bytes, key) {
  const told = decode(bytes.at(-1) === 10 ? bytes.subarray(0, -1) : bytes);
  fits(FORM, told, "the self-check");
  const { head, note, signed } = await signedHead(told.checkpoint, key);
  const entries = entriesOf(told, head);
  const { freeze } = entries.frozen.data;
  need(hex(freezeHash(utf8(encode(freeze)))) === entries.frozen.data.c0, "C0 is not that of the freeze");
  const line = lineOf(POOL_LINE, told.pool, freeze.objects, "the line of the pool");
  need(line.id === told.object, "the line of the pool is of another business");
  const { n, k, threshold } = stratumOf(line, entries.drawn.data, freeze);
  need(told.seed === entries.seed.data.seed, "the seed is not that of the entry");
  need(told.stratum === line.stratum, "the stratum is not that of the pool");
  need(told.ticket === hex(ticket(subkey(unhex(told.seed), "object"), told.object)), "the ticket is another");
  need(told.threshold === threshold, "the threshold is not that of the entry");
  need(k === quota(n, freeze.quota_bp[line.stratum], freeze.hi_bp), "k is not the quota of n");
  const drawn = threshold !== null && told.ticket <= threshold;
  need(told.result === ("excluded" in line ? "excluded" : drawn ? "drawn" : "not-drawn"), "the result does not follow");
  const rank = rankOf(told, entries.drawn.data, k);
  return { draw: told.draw, object: told.object, result: told.result, rank, stratum: line.stratum, ticket: told.ticket, threshold, n, k, size: head.size, note, signed };
}

async function signedHead(lines, key) {
  need(lines.every((line) => !line.includes("\n")), "the checkpoint is not given in lines");
  const note = parseNote(utf8(lines.map((line) => `${line}\n`).join("")));
  const head = parseCheckpoint(note.text);
  need(key.type === ED25519 && head.origin === key.name, "the checkpoint is of another log");
  const told = await signedBy(note, key);
  need(told === null || told === "signed", "the checkpoint is not signed by this log");
  return { head, note, signed: told };
}

function entriesOf(told, head) {
  const found = {};
  for (const [name, kind] of Object.entries(KIND_OF)) {
    const given = told.entries[name];
    const entry = parseEntry(utf8(given.entry));
    need(entry.index === given.index && entry.kind === kind && entry.stream === told.draw, `the entry ${name} is another`);
    fits(KINDS[kind].data, entry.data, "data");
    need(leads(given.entry, given, head.size, head.root), `the entry ${name} is not in the tree`);
    found[name] = entry;
  }
  need(found.frozen.index < found.seed.index && found.seed.index < found.drawn.index, "the entries are not in their order");
  return found;
}

/** Return {n, k, threshold} of the stratum of a business, once the numbers of all strata agree with the freeze and the drawn list. */
function stratumOf(line, { strata, count }, freeze) {
  need(Object.hasOwn(strata, line.stratum), "the stratum is not among those drawn from");
  const all = Object.values(strata);
  const sum = (of) => all.reduce((total, each) => total + each[of], 0);
  need(all.every((each) => (each.threshold === null) === (each.k === 0)), "a threshold is null exactly where nobody is drawn");
  need(sum("n") === freeze.objects.count - freeze.exclusions.count, "the strata have not as many businesses as the pool");
  need(sum("k") === count, "the strata draw not as many as the drawn list has");
  const own = strata[line.stratum];
  need("excluded" in line || own.n >= 1, "the stratum has no business, but this one is in it");
  return own;
}

function lineOf(shape, given, { count, root }, what) {
  const line = decode(utf8(given.line));
  fits(shape, line, what);
  need(leads(given.line, given, count, unhex(root)), `${what} is not in its list`);
  return line;
}

function rankOf(told, drawn, k) {
  need((told.result === "drawn") === ("listed" in told), "listed are the drawn, and nobody else");
  if (!told.listed) return null;
  const line = lineOf(LISTED_LINE, told.listed, drawn, "the line of the drawn list");
  need(line.id === told.object && line.ticket === told.ticket && line.stratum === told.stratum, "the line of the drawn list is another");
  need(line.rank <= k, "the rank is beyond the number drawn");
  return line.rank;
}

/** Check a receipt; return {index, size, entry (text), note, signed}. Refused where it does not hold. */
export async function checkReceipt(bytes, key) {
  const proof = parseProof(bytes);
  need(proof.extra !== null, "it carries no entry, so it says nothing");
  const entry = parseEntry(proof.extra);
  need(entry.index === proof.index, "the entry says another index");
  const holds = await proofHolds(proof, proof.extra, key);
  need(holds !== false, "the entry is not in a tree that this log signed");
  return { index: proof.index, size: proof.head.size, entry, note: proof.note, signed: holds };
}

/**
 * Check what somebody holds in the hand, a receipt or a self-check, and return what it shows with {cosigned, outcome, exit}.
 *
 * `key` or else `policy` names the log; `cosigned` are the names of the policy's witnesses who signed. Whoever can edit a
 * file can edit the tree in it too: without the signatures all else that fits shows nothing (UNCHECKED).
 */
export async function checkHeld(bytes, key, policy = null) {
  const log = key ?? policy?.logs[0];
  need(log, "a key from outside is needed for what is in the hand");
  const check = bytes[0] === 0x7b ? checkSelf : checkReceipt; // an opening brace
  const { note, ...told } = await check(bytes, log);
  const names = policy ? await cosignedAs(policy, note, log) : [];
  const exit = told.signed && names ? 0 : 2;
  return { ...told, cosigned: names, exit, outcome: exit ? "UNCHECKED" : "HOLDS" };
}

/** Return the names of those who cosigned as the policy demands, null where nobody can tell. Refused where they are too few. */
async function cosignedAs(policy, note, key) {
  need(policy.logs.some((each) => equal(each, key)), `the policy names no log ${key.name}`);
  const told = await cosigned(policy, note);
  if (told === null) return null;
  need(told.wrong.length === 0, `a cosignature fails: ${told.wrong.join(", ")}`);
  need(told.met, `the quorum ${policy.quorum} is not reached: cosigned by ${told.signed.join(", ") || "nobody"}`);
  return told.signed;
}
