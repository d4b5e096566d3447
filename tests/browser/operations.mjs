// Runs vectors, one list of them on standard input, with the verifier of the browser; prints a list of answers.
//
// An answer is {id, verdict: "pass"|"fail", output?, said?, told?}; the form of the vectors is tests/vectors/fairdraw/README.md.

import { readFileSync } from "node:fs";
import "../../verify/browser/webcrypto.mjs";
import { base64, compare, concat, hex, text, unhex, utf8 } from "../../verify/browser/lib/bytes.js";
import * as canonical from "../../verify/browser/lib/canonical.js";
import { parseEntry } from "../../verify/browser/lib/entries.js";
import { ListError, Fingerprint, lines } from "../../verify/browser/lib/lists.js";
import { leafHash, nodeHash, sha256 } from "../../verify/browser/lib/sha256.js";
import * as tree from "../../verify/browser/lib/tree.js";
import * as notes from "../../verify/browser/lib/note.js";
import { cosigned, parsePolicy } from "../../verify/browser/lib/policy.js";
import * as tiles from "../../verify/browser/lib/tiles.js";
import { commitField, commitRecusal, findNumber } from "../../verify/browser/lib/personal.js";
import * as seeds from "../../verify/browser/lib/seed.js";
import { checkDice, checkLottery, drandHolds, roundAt } from "../../verify/browser/lib/beacon.js";
import { likely, quota, select, ticket } from "../../verify/browser/lib/selection.js";
import { assign, seatList } from "../../verify/browser/lib/assignment.js";
import { Calendars } from "../../verify/browser/lib/calendar.js";
import { parseProof, proofHolds } from "../../verify/browser/lib/proof.js";
import { document } from "../../verify/browser/lib/kinds.js";
import { checkHeld, checkSelf } from "../../verify/browser/checks/receipts.js";
import { Chain } from "../../verify/browser/checks/chain.js";
import { excludedInspector, excludedObject } from "../../verify/browser/checks/registries.js";
import { readHead } from "../../verify/browser/checks/signatures.js";
import { Findings } from "../../verify/browser/lib/findings.js";
import { rooted } from "../../verify/browser/lib/source.js";
import { verify } from "../../verify/browser/verify.js";

class Refused extends Error {}
const refuse = (why) => {
  throw new Refused(why);
};
const need = (holds, why = "it does not hold") => (holds ? undefined : refuse(why));
const hash = (value) => (typeof value === "string" && value.length === 64 ? unhex(value) : null) ?? refuse("no hash");
const loose = (value) => unhex(value) ?? refuse("no hex");

let shared = {};
function bytes(value) {
  if (typeof value === "string") return utf8(value);
  if (Array.isArray(value)) return concat(...value.map(bytes));
  if ("hex" in value) return unhex(value.hex);
  if ("shared" in value) return bytes(shared[value.shared]);
  const one = bytes(value.repeat);
  const out = new Uint8Array(one.length * value.times);
  for (let n = 0; n < value.times; n++) out.set(one, n * one.length);
  return out;
}

function bundleOf(raw) {
  const out = [];
  for (let at = 0; at < raw.length; ) {
    const end = raw.indexOf(10, at);
    out.push(Uint8Array.of((end - at) >> 8, (end - at) & 255), raw.subarray(at, end));
    at = end + 1;
  }
  return concat(...out);
}

function filesOf(input) {
  const made = new Map();
  const make = (path) => {
    if (!made.has(path)) {
      const value = input[path];
      made.set(path, value !== null && typeof value === "object" && "bundle" in value ? bundleOf(make(value.bundle)) : bytes(value));
    }
    return made.get(path);
  };
  return new Map(Object.keys(input).map((path) => [path, { size: make(path).length, bytes: (from, to) => make(path).slice(from, to) }]));
}

async function policyCheck({ policy: raw, note: signed }) {
  const policy = parsePolicy(raw);
  const note = notes.parseNote(bytes(signed));
  const { origin } = notes.parseCheckpoint(note.text);
  const told = await Promise.all(policy.logs.map(async (key) => [key, await notes.signedBy(note, key)]));
  need(told.every(([, each]) => each !== "wrong") && told.some(([key, each]) => each === "signed" && key.name === origin), "signature");
  const { signed: names, met, wrong } = await cosigned(policy, note);
  need(met && wrong.length === 0, "quorum");
  return names.sort(compare);
}

async function noteOpen({ note: signed, keys }) {
  const note = notes.parseNote(bytes(signed));
  const known = keys.map(notes.parseVkey);
  const names = [];
  for (const key of known) {
    const told = await notes.signedBy(note, key);
    need(told !== "wrong", "signature");
    if (told === "signed") names.push([note.signatures.findIndex((each) => each.name === key.name && hex(each.id) === hex(key.id)), key.name]);
  }
  need(names.length, "unsigned");
  return names.sort(([a], [b]) => a - b).map(([, name]) => name);
}

async function checkpointOpen({ note: signed, vkey }) {
  const key = notes.parseVkey(vkey);
  const note = notes.parseNote(bytes(signed));
  const head = notes.parseCheckpoint(note.text);
  need(key.type === notes.ED25519 && (await notes.signedBy(note, key)) === "signed" && head.origin === key.name, "signature");
  return { origin: head.origin, size: head.size, root: hex(head.root) };
}

function chainLinks({ origin, entries }) {
  const log = { findings: new Findings(), tree: new tree.Tree(), name: origin, spoiled: new Set() };
  const chain = new Chain(log, { linksOnly: true });
  entries.forEach((each, place) => chain.take(place, bytes(each)));
  const first = log.findings.all.find((each) => each.outcome === "BROKEN");
  if (first) throw Object.assign(new Refused(first.reason), { index: first.index });
  return hex(log.tree.root());
}

function derive({ freeze, commitments, reveals, beacons }) {
  const c0 = seeds.freezeHash(bytes(freeze));
  const committed = new Map(Object.entries(commitments).map(([party, each]) => [party, hash(each)]));
  const revealed = new Map(Object.entries(reveals).map(([party, each]) => [party, each === null ? null : hash(each)]));
  need(beacons.length > 0, "beacons");
  need(committed.size === revealed.size && [...committed.keys()].every((party) => revealed.has(party)), "parties");
  for (const [party, secret] of revealed) {
    need(secret === null || hex(seeds.commitment(c0, party, secret)) === hex(committed.get(party)), "commitment");
  }
  const values = beacons.map((each) => {
    need(["dice", "lottery", "drand"].includes(each.kind), "kind");
    if (each.kind !== "drand") return seeds.beaconText(each.kind, each.key_string);
    const signature = loose(each.signature);
    need(signature.length === 48, "signature");
    return seeds.beaconDrand(hash(each.chain_hash), each.round, signature);
  });
  const c1 = seeds.commitSet(c0, committed);
  const c2 = seeds.revealSet(c1, revealed);
  const seed = seeds.seed(c0, c1, c2, values);
  const [k_object, k_assign] = ["object", "assign"].map((x) => hex(seeds.subkey(seed, x)));
  return { c0: hex(c0), c1: hex(c1), c2: hex(c2), beacons: values.map((each) => hex(each)), seed: hex(seed), k_object, k_assign };
}

function selectionDraw({ key, rows, quota_bp: quotas, hi_bp: hi }) {
  need(new Set(rows.map(([id]) => id)).size === rows.length && rows.every(([, stratum]) => Object.hasOwn(quotas, stratum)), "rows");
  need(Object.values(quotas).every((bp) => bp >= 1 && bp <= 10000), "quota");
  const found = select(hash(key), rows.map(([id, stratum, excluded]) => ({ id, stratum, excluded })), quotas, hi);
  return Object.fromEntries(
    [...found].map(([name, each]) => [name, { n: each.n, k: each.k, threshold: each.threshold && hex(each.threshold), drawn: each.drawn.map(({ id }) => id) }]),
  );
}

const inspectorRow = (row) => ({
  kind: row.kind,
  status: row.status,
  certified: (row.certificate?.commitment ?? (typeof row.certificate === "string" ? row.certificate : null)) !== null,
  validTo: row.certificate_valid_to,
  items: row.items,
});
const rowHash = (row) => hex(leafHash(utf8(canonical.encode(row))));
const withGround = (line, ground) => (ground === null ? line : { ...line, excluded: ground });

// Any spelling of JSON is free here but that of numbers: 1.0 and 1e0 have no canonical one, and a key occurs once.
function spell({ data }) {
  const raw = text(bytes(data));
  const bare = raw.replaceAll(/"(?:[^"\\]|\\.)*"/gs, '""');
  need(!/[0-9][.eE]/.test(bare), "number");
  const value = canonical.parseAny(raw);
  const keys = (each) => (each === null || typeof each !== "object" ? 0 : Object.values(each).reduce((n, v) => n + keys(v), Array.isArray(each) ? 0 : Object.keys(each).length));
  need(keys(value) === (bare.match(/:/g) ?? []).length, "repeated");
  const spelled = canonical.encode(value);
  canonical.checkCharacters(spelled);
  return spelled;
}

async function logVerify({ files, vkey, since, policy }) {
  const older = since === null || since === undefined ? null : readHead(bytes(since));
  const told = await verify(rooted(filesOf(files)), {
    vkey: vkey ? notes.parseVkey(vkey) : null,
    policy: policy ? parsePolicy(policy) : null,
    since: older,
  });
  if (told.exit) throw Object.assign(new Refused(told.outcome), { told: { outcome: told.outcome, findings: told.findings } });
}

const OPERATIONS = {
  "canonical.decode": ({ data }) => void canonical.decode(bytes(data)),
  "canonical.spell": spell,
  "entry.parse": ({ raw }) => {
    const entry = parseEntry(bytes(raw));
    return { index: entry.index, leaf: hex(leafHash(bytes(raw))), prev: entry.prev };
  },
  "entry.genesis": ({ origin }) => hex(sha256(utf8(origin))),
  "chain.links": chainLinks,
  "tree.leaf": ({ entry }) => hex(leafHash(bytes(entry))),
  "tree.node": ({ left, right }) => hex(nodeHash(hash(left), hash(right))),
  "tree.root": ({ leaves }) => hex(tree.rootInPlace(concat(...leaves.map(hash)), leaves.length)),
  "tree.inclusion": ({ leaf, index, size, root, path }) =>
    need(tree.verifyInclusion(loose(leaf), index, size, loose(root), path.map(loose))),
  "tree.consistency": ({ old, new: size, old_root: oldRoot, new_root: root, path }) =>
    need(old > 0 && tree.verifyConsistency(old, size, loose(oldRoot), loose(root), path.map(loose))),
  "ed25519.verify": async (v) => need(await notes.ed25519(loose(v.public), bytes(v.message), loose(v.signature))),
  "key.parse": ({ vkey }) => {
    const key = notes.parseVkey(vkey);
    return { name: key.name, key_id: hex(key.id), kind: key.type, public: hex(key.key) };
  },
  "note.open": noteOpen,
  "checkpoint.open": checkpointOpen,
  "policy.parse": ({ policy: raw }) => {
    const policy = parsePolicy(raw);
    const groups = [...policy.members].filter(([, each]) => each.of).map(([name, each]) => [name, [each.least, each.of]]);
    const witnesses = [...policy.members].filter(([, each]) => each.key).map(([name]) => name).sort(compare);
    return { quorum: policy.quorum, groups: Object.fromEntries(groups), witnesses };
  },
  "policy.check": policyCheck,
  "tile.path": ({ level, index, width }) => tiles.tilePath(level, index, width) ?? refuse("no such tile"),
  "tile.parse": ({ path }) => tiles.parseTilePath(path) ?? refuse("no path of a tile"),
  "tile.all": ({ size }) => {
    const found = [...tiles.tilesOf(size)];
    const bundles = found.filter(({ level }) => level === 0).map((each) => ({ ...each, level: null }));
    return [...found, ...bundles].map(({ level, index, width }) => tiles.tilePath(level, index, width)).sort(compare);
  },
  "tile.bytes": ({ level, index, width, leaves }) => {
    const made = new tree.Tree();
    for (const each of leaves) made.append(hash(each));
    const there = [...tiles.tilesOf(made.size)].some((t) => t.level === level && t.index === index && width <= t.width);
    need(there && width > 0, "no such tile");
    return hex(sha256(concat(...Array.from({ length: width }, (_, n) => made.node(8 * level, index * 256 + n)))));
  },
  "bundle.decode": ({ data }) => (tiles.readBundle(bytes(data)) ?? refuse("no bundle")).map((each) => hex(each)),
  "list.parse": ({ data }) => {
    const raw = bytes(data);
    const found = new Fingerprint();
    for (const { line } of lines(raw)) found.add(line);
    return { count: found.count, root: hex(found.root()), sha256: hex(sha256(raw)) };
  },
  "document.check": ({ data, reference }) => {
    need(document(reference, "reference") === null, "reference");
    const raw = bytes(data);
    need(raw.length === reference.bytes && hex(sha256(raw)) === reference.sha256, "altered");
  },
  "personal.text": ({ text: value }) => need(findNumber(value) === null),
  "field.open": ({ label, salt, value, commitment }) => {
    need(loose(salt).length === 32, "salt");
    need(hex(commitField(label, loose(salt), value)) === commitment);
  },
  "recusal.open": ({ draw, object, inspectors, salt, commitment }) => {
    need(loose(salt).length === 32 && hex(commitRecusal(draw, object, loose(salt), [...inspectors].sort(compare))) === commitment);
  },
  "pool.object": ({ row }) => withGround({ id: row.id, row: rowHash(row), stratum: row.risk ?? "B" }, excludedObject(row)),
  "pool.inspector": ({ row, item, as_of: day }) =>
    withGround({ id: row.id, row: rowHash(row) }, excludedInspector(inspectorRow(row), item, day)),
  "seed.derive": derive,
  "dice.check": ({ key_string: key, sides, rolls }) => checkDice({ sides, rolls }, key),
  "lottery.check": ({ key_string: key, ordered }) => checkLottery({ ordered }, key),
  "drand.round": ({ genesis, period, t_reveal: reveal, delta }) => roundAt({ genesis, period }, reveal + delta),
  "drand.verify": async ({ public_key: key, round, signature }) => need(await drandHolds(loose(key), round, loose(signature))),
  "selection.quota": ({ n, bp, hi_bp: hi }) => quota(n, bp, hi),
  "selection.ticket": ({ key, id }) => hex(ticket(hash(key), id)),
  "selection.draw": selectionDraw,
  "selection.likely": ({ n, k, threshold }) => likely(n, k, threshold),
  "assignment.list": ({ key, task, seat, group }) => [...seatList(hash(key), task, seat, group)],
  "assignment.assign": ({ key, tasks, groups, inspectors, recusals, caps }) =>
    assign(
      hash(key),
      tasks.map(([id, seats]) => ({ id, seats })),
      groups,
      inspectors,
      new Map(Object.entries(recusals).map(([task, names]) => [Number(task), new Set(names)])),
      caps,
    ) ?? refuse("impossible"),
  "calendar.deadline": ({ calendars: years, start, days }) => {
    const calendars = new Calendars();
    for (const { year, holidays, makeup_workdays: makeup } of years) calendars.record(year, holidays, makeup);
    return calendars.after(start, days) ?? refuse("year");
  },
  "proof.open": async ({ proof: raw, entry, vkey }) => {
    const proof = parseProof(bytes(raw));
    need(await proofHolds(proof, bytes(entry), notes.parseVkey(vkey)));
    return { index: proof.index, size: proof.head.size };
  },
  "selfcheck.check": async ({ file, vkey }) => {
    const { result, rank } = await checkSelf(bytes(file), notes.parseVkey(vkey));
    return { result, rank };
  },
  "held.check": async ({ file, vkey, policy }) => {
    const told = await checkHeld(bytes(file), vkey && notes.parseVkey(vkey), policy && parsePolicy(policy));
    need(told.exit === 0, "unchecked");
    return told.cosigned.sort(compare);
  },
  "log.verify": logVerify,
};

const asked = JSON.parse(text(readFileSync(0)));
shared = asked.shared ?? {};
const answers = [];
for (const { id, operation, input } of asked.vectors) {
  try {
    if (!OPERATIONS[operation]) throw new Error(`unknown operation ${operation}`);
    const output = await OPERATIONS[operation](input);
    answers.push({ id, verdict: "pass", output });
  } catch (error) {
    const own = error instanceof Refused || error.refusal === true;
    answers.push({ id, verdict: own ? "fail" : "fault", said: own ? error.message : error.stack, index: error.index, told: error.told });
  }
}
console.log(JSON.stringify(answers));
