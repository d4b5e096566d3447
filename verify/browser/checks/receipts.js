// What a person holds in the hand (SPEC 14): a receipt of one entry, and the self-check of a business, each as one file.

import { Refusal, compareBytes, hex, unhex, utf8 } from "../lib/bytes.js";
import { decode, encode } from "../lib/canonical.js";
import { parseEntry } from "../lib/entries.js";
import { KINDS } from "../lib/kinds.js";
import { ED25519, parseCheckpoint, parseNote, signedBy } from "../lib/note.js";
import { cosigned } from "../lib/policy.js";
import { parseProof, proofHolds } from "../lib/proof.js";
import { freezeHash, subkey } from "../lib/seed.js";
import { likely, quota, ticket } from "../lib/selection.js";
import { leafHash, sha256of } from "../lib/sha256.js";
import * as s from "../lib/shapes.js";
import { verifyInclusion } from "../lib/tree.js";
import { equal } from "./signatures.js";

class NotSo extends Refusal {}

const text = (value, path) => (typeof value === "string" ? null : `${path} is no text`);
const placed = (name) => s.object({ index: s.nat, [name]: text, path: s.list(s.hex32) });
const ANY = { format: s.one("fairdraw-selfcheck/1"), checkpoint: s.list(text), draw: s.stream("draw"), object: s.id };
const LATEST = s.object({ frozen: placed("entry"), reached: placed("entry") });
const DECIDED = s.object({
  ...ANY,
  entries: s.object({ frozen: placed("entry"), seed: placed("entry"), drawn: placed("entry") }),
  pool: placed("line"),
  "listed?": placed("line"),
  seed: s.hex32,
  stratum: s.text,
  ticket: s.hex32,
  threshold: s.nullable(s.hex32),
  result: s.one("excluded", "drawn", "not-drawn"),
});
/** The forms of a file that tells no result: the freeze, the latest act, and the line of the pool or its two neighbours. */
const UNDECIDED = {
  "in-pool": s.object({ ...ANY, entries: LATEST, pool: placed("line"), result: s.one("in-pool") }),
  absent: s.object({ ...ANY, entries: LATEST, around: s.object({ "before?": placed("line"), "after?": placed("line") }), result: s.one("absent") }),
};
const POOL_LINE = s.object({ id: s.id, row: s.hex32, stratum: s.one("A", "B", "C", "D"), "excluded?": s.text });
const LISTED_LINE = s.object({ id: s.id, rank: s.pos, stratum: s.one("A", "B", "C", "D"), ticket: s.hex32 });
const KIND_OF = { frozen: "draw.frozen", seed: "draw.seed-derived", drawn: "draw.objects-drawn" };
const AFTER_THE_DRAW = ["draw.objects-drawn", "draw.inspectors-assigned", "draw.witness-signed-off"];

const need = (holds, why) => {
  if (!holds) throw new NotSo(why);
};
const fits = (shape, value, what) => need(shape(value, what) === null, shape(value, what));
const leads = (line, { index, path }, size, root) => verifyInclusion(leafHash(utf8(line)), index, size, root, path.map(unhex));

/**
 * Check the self-check of a business; return {draw, object, result, rank, size, note, signed}, and where the draw was made
 * {stratum, ticket, threshold, n, k, likely}, else {reached, reason, excluded, count, place}.
 *
 * Refused with a reason where it does not hold. `key` is the log's, from outside; `signed` is null where signatures cannot
 * be checked here.
 */
export async function checkSelf(bytes, key) {
  const told = decode(bytes.at(-1) === 10 ? bytes.subarray(0, -1) : bytes);
  const open = typeof told?.result === "string" && Object.hasOwn(UNDECIDED, told.result);
  fits(open ? UNDECIDED[told.result] : DECIDED, told, "the self-check");
  const { head, note, signed } = await signedHead(told.checkpoint, key);
  const shown = open ? checkUndecided(told, head) : checkDecided(told, head);
  return { draw: told.draw, object: told.object, result: told.result, rank: null, ...shown, size: head.size, note, signed };
}

function checkDecided(told, head) {
  const entries = entriesOf(told, KIND_OF, head);
  const { freeze } = entries.frozen.data;
  const line = poolLine(told, freeze);
  const { n, k, threshold } = stratumOf(line, entries.drawn.data, freeze);
  need(told.seed === entries.seed.data.seed, "the seed is not that of the entry");
  need(told.stratum === line.stratum, "the stratum is not that of the pool");
  need(told.ticket === hex(ticket(subkey(unhex(told.seed), "object"), told.object)), "the ticket is another");
  need(told.threshold === threshold, "the threshold is not that of the entry");
  need(k === quota(n, freeze.quota_bp[line.stratum], freeze.hi_bp), "k is not the quota of n");
  const drawn = threshold !== null && told.ticket <= threshold;
  need(told.result === ("excluded" in line ? "excluded" : drawn ? "drawn" : "not-drawn"), "the result does not follow");
  const rank = rankOf(told, entries.drawn.data, k);
  return { rank, stratum: line.stratum, ticket: told.ticket, threshold, n, k, likely: k && k < n ? likely(n, k, threshold) : null };
}

function checkUndecided(told, head) {
  const { frozen, reached } = entriesOf(told, { frozen: KIND_OF.frozen, reached: null }, head);
  const { freeze } = frozen.data;
  need(reached.index === frozen.index || reached.kind !== KIND_OF.frozen, "the draw was frozen once more after this freeze");
  const shown = { reached: reached.kind, reason: typeof reached.data.reason === "string" ? reached.data.reason : null, excluded: null, count: freeze.objects.count };
  if (told.result === "absent") return { ...shown, place: absentAt(told.around, freeze.objects, told.object) };
  const line = poolLine(told, freeze);
  need(!AFTER_THE_DRAW.includes(reached.kind), "the draw has a result, and the file does not tell it");
  return { ...shown, excluded: line.excluded ?? null, stratum: line.stratum, place: told.pool.index };
}

/** Return where an id would stand in a list that has none, as the two lines there show: neighbours, and one on either side. */
function absentAt({ before, after }, list, id) {
  const place = before ? before.index + 1 : 0;
  need(place === (after ? after.index : list.count), "the two lines are not neighbours: it may stand between them");
  need(list.count > 0 || list.root === hex(sha256of()), "the list is said to be empty, its root is another one");
  const order = [before && lineOf(POOL_LINE, before, list, "the line before").id, id, after && lineOf(POOL_LINE, after, list, "the line after").id];
  const sorted = order.filter((each) => each !== undefined).map(utf8);
  need(sorted.every((each, n) => n === 0 || compareBytes(sorted[n - 1], each) < 0), "it does not stand between these two lines");
  return place;
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

/** Return the entries of the file by their names, in the order of the log; of the last one any kind will do where it is null. */
function entriesOf(told, kinds, head) {
  const found = {};
  let last = -1;
  for (const [name, kind] of Object.entries(kinds)) {
    const given = told.entries[name];
    const entry = parseEntry(utf8(given.entry));
    need(entry.index === given.index && (kind === null || entry.kind === kind) && entry.stream === told.draw, `the entry ${name} is another`);
    if (Object.hasOwn(KINDS, entry.kind)) fits(KINDS[entry.kind].data, entry.data, "data");
    need(leads(given.entry, given, head.size, head.root), `the entry ${name} is not in the tree`);
    need(entry.index > last || (kind === null && entry.index === last), "the entries are not in their order");
    last = entry.index;
    found[name] = entry;
  }
  const { freeze, c0 } = found.frozen.data;
  need(hex(freezeHash(utf8(encode(freeze)))) === c0, "C0 is not that of the freeze");
  return found;
}

function poolLine(told, freeze) {
  const line = lineOf(POOL_LINE, told.pool, freeze.objects, "the line of the pool");
  need(line.id === told.object, "the line of the pool is of another business");
  return line;
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
