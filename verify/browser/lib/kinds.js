// The kinds of entries (SPEC 6): where they stand in their stream, who may cause them, and the form of their data.

import * as s from "./shapes.js";

const LONGEST = 2 ** 53 - 1;
const strata = (shape) => s.object({ A: shape, B: shape, C: shape, D: shape });

export const document = s.object({
  sha256: s.hex32,
  bytes: s.integer(0, LONGEST),
  type: s.text,
  public: s.one(true),
});
const list = { document, count: s.nat, root: s.hex32 };
const covered = s.object({ size: s.pos, root: s.hex32, signature: s.base64, "cosignatures?": s.list(s.base64) });
const pool = s.object({ registry: s.stream("registry"), version: s.pos, count: s.nat, root: s.hex32 });
const fingerprint = s.object({ count: s.nat, root: s.hex32 });

const beacon = (value, path) => {
  const shapes = {
    dice: s.object({ kind: s.any, sides: s.pos, rolls: s.pos, "simulated?": s.bool }),
    lottery: s.object({ kind: s.any, name: s.text, issue: s.text, ordered: s.list(s.bool) }),
    drand: s.object({ kind: s.any, chain_hash: s.hex32, round: s.pos }),
  };
  const shape = Object.hasOwn(shapes, value?.kind) ? shapes[value.kind] : null;
  return shape ? shape(value, path) : `${path} is no kind of beacon`;
};

export const freeze = s.object({
  alg: s.text,
  attempt: s.pos,
  draw: s.stream("draw"),
  plan: s.stream("plan"),
  item: s.code,
  item_class: s.one("general", "key"),
  as_of: s.date,
  ledger_head: s.object({ size: s.nat, root: s.hex32 }),
  objects: pool,
  inspectors: pool,
  exclusions: s.object({ count: s.nat, root: s.hex32, by_ground: s.map(s.any, s.pos) }),
  recusals: fingerprint,
  quota_bp: strata(s.bp),
  "hi_bp?": s.bp,
  waivers: s.map(s.any, s.text),
  groups: s.list(s.object({ name: s.text, rule: s.text })),
  seats: s.list(s.nat),
  cap: s.nullable(s.pos),
  fallback: s.list(s.object({ cap: s.nullable(s.pos) })),
  verifier: s.hex32,
  parties: s.list(s.object({ id: s.key, role: s.text, account: s.key, key: s.nullable(s.text) })),
  t_commit: s.pos,
  t_reveal: s.pos,
  delta: s.nat,
  beacons: s.list(beacon),
  quorum: s.object({ threshold: s.nat, cosigners: s.list(s.text) }),
});

const review = { passed: s.bool, reason: s.text };
const publication = s.object({ channel: s.text, reference: s.text });
const kind = (first, roles, data) => ({ first, roles: roles.split(" "), data: typeof data === "function" ? data : s.object(data) });
const FIRST = "first", LATER = "later", ANY = "any";

export const KINDS = {
  "log.created": kind(FIRST, "system", {
    origin: s.text,
    vkey: s.text,
    clock: s.one("system", "stepped"),
    specification: s.one("fairdraw-ledger/1"),
  }),
  "log.recovered": kind(LATER, "system", { published_size: s.nat, found_size: s.nat, restored: s.any, reason: s.text }),
  "log.key-announced": kind(LATER, "admin", { vkey: s.text }),
  "log.key-retired": kind(LATER, "admin", { vkey: s.text, covered }),
  "checkpoint.anchored": kind(LATER, "system admin", { covered, checkpoint: document, token: document }),
  "log.verifier-released": kind(LATER, "admin", { version: s.text, sha256: s.hex32, bytes: s.pos }),
  "unit.registered": kind(FIRST, "admin system", {
    unit: s.code,
    name: s.text,
    kind: s.one("bureau", "office", "enforcement", "county", "legal", "justice", "coordination", "discipline"),
    parent: s.nullable(s.code),
  }),
  "account.opened": kind(FIRST, "admin system", {
    account: s.key,
    role: s.one("admin", "organiser", "inspector", "clerk", "legal", "justice", "coordinator", "discipline"),
    unit: s.code,
  }),
  "account.closed": kind(LATER, "admin", { reason: s.text }),
  "calendar.recorded": kind(ANY, "admin", { year: s.integer(1, 9999), document }),
  "itemlist.drafted": kind(FIRST, "organiser", { title: s.text, unit: s.code, ...list }),
  "itemlist.legality-reviewed": kind(LATER, "legal", review),
  "plan.legality-reviewed": kind(LATER, "legal", review),
  "itemlist.justice-reviewed": kind(LATER, "justice", { ...review, reference: s.text }),
  "plan.justice-reviewed": kind(LATER, "justice", { ...review, reference: s.text }),
  "itemlist.published": kind(LATER, "organiser", publication),
  "plan.published": kind(LATER, "organiser", publication),
  "plan.drafted": kind(FIRST, "organiser", {
    title: s.text,
    unit: s.code,
    year: s.integer(1, 9999),
    form: s.one("F1", "F2", "F3", "F4", "F5"),
    mode: s.text,
    purpose: s.text,
    itemlist: s.stream("itemlist"),
    period: s.object({ from: s.date, to: s.date }),
    joint_departments: s.list(s.text),
    items: s.list(s.object({ item: s.code, quota_bp: strata(s.bp) })),
  }),
  "registry.created": kind(FIRST, "organiser", {
    type: s.one("objects", "inspectors"),
    title: s.text,
    unit: s.code,
    item: s.nullable(s.code),
  }),
  "registry.imported": kind(LATER, "organiser", {
    mode: s.one("merge", "replace"),
    ...list,
    added: s.nat,
    changed: s.nat,
    removed: s.nat,
    state: fingerprint,
    source: s.object({ sha256: s.hex32, bytes: s.nat }),
  }),
  "registry.filed": kind(LATER, "coordinator", { reference: s.text }),
  "registry.paired": kind(LATER, "organiser", { inspectors: s.stream("registry") }),
  "draw.opened": kind(FIRST, "organiser", {
    plan: s.stream("plan"),
    item: s.code,
    objects: s.stream("registry"),
    inspectors: s.stream("registry"),
    unit: s.code,
  }),
  "draw.witness-checked-in": kind(LATER, "discipline", { phase: s.one("freeze", "commit", "reveal", "beacon", "result") }),
  "draw.frozen": kind(LATER, "organiser", {
    freeze,
    c0: s.hex32,
    documents: s.object({ objects: document, inspectors: document, exclusions: document, recusals: document }),
  }),
  "draw.contribution-committed": kind(LATER, "organiser discipline", { party: s.key, commitment: s.hex32, covered }),
  "draw.commitments-closed": kind(LATER, "organiser", { c1: s.hex32, parties: s.list(s.key) }),
  "draw.contribution-revealed": kind(LATER, "organiser discipline", { party: s.key, secret: s.hex32, covered }),
  "draw.contribution-withheld": kind(LATER, "organiser", { party: s.key }),
  "draw.reveals-closed": kind(LATER, "organiser", { c2: s.hex32, revealed: s.list(s.key), withheld: s.list(s.key) }),
  "draw.beacon-recorded": kind(LATER, "organiser", {
    position: s.nat,
    "key_string?": s.text,
    "signature?": s.hex,
    b: s.hex32,
    covered,
  }),
  "draw.seed-derived": kind(LATER, "organiser", { seed: s.hex32 }),
  "draw.objects-drawn": kind(LATER, "organiser", {
    ...list,
    strata: s.map(s.any, s.object({ n: s.nat, k: s.nat, threshold: s.nullable(s.hex32) })),
  }),
  "draw.inspectors-assigned": kind(LATER, "organiser", { ...list, rung: s.nat, unassigned: s.nat, opened: document }),
  "draw.witness-signed-off": kind(LATER, "discipline", { statement: s.text }),
  "inspection.notified": kind(FIRST, "clerk", {
    draw: s.stream("draw"),
    object: s.id,
    item: s.code,
    inspectors: s.list(s.id),
    visit_on: s.date,
  }),
  "inspection.completed": kind(LATER, "inspector", { completed_on: s.date, inspectors: s.list(s.id), methods: s.list(s.text) }),
  "result.recorded": kind(LATER, "inspector", {
    categories: s.list(s.text),
    not_checkable: s.nullable(s.code),
    follow_up: s.nullable(s.text),
  }),
  "result.published": kind(LATER, "clerk", {
    channel: s.text,
    reference: s.text,
    deadline: s.nullable(s.date),
    late: s.bool,
    provisional: s.bool,
  }),
};

const ELSEWHERE = { result: "inspection", checkpoint: "log" };

/** The noun whose streams a kind stands in. */
export const nounOf = (name) => ELSEWHERE[name.split(".")[0]] ?? name.split(".")[0];

/** Which kinds of units may have accounts of a role; admin may be anywhere. */
export const UNITS_OF = {
  organiser: ["bureau", "office", "enforcement", "county"],
  inspector: ["bureau", "office", "enforcement", "county"],
  clerk: ["bureau", "office", "enforcement", "county"],
  legal: ["legal"],
  justice: ["justice"],
  coordinator: ["coordination"],
  discipline: ["discipline"],
};

/** The documents that the data of an entry names: [{reference, type}], the type being the one due, if any. */
export function documentsOf(kind, data) {
  const of = (reference, type = "application/jsonl") => ({ reference, type });
  if (kind === "calendar.recorded") return [of(data.document, "application/json")];
  if (kind === "checkpoint.anchored") {
    return [of(data.checkpoint, null), of(data.token, null)]; // the types are a matter of their own check
  }
  if (kind === "draw.frozen") return Object.values(data.documents).map((each) => of(each));
  const found = data.document ? [of(data.document)] : [];
  return kind === "draw.inspectors-assigned" ? [...found, of(data.opened)] : found;
}
