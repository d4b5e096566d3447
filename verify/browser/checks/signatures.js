// Whose log it is (SPEC 3): the key from outside, the signature of the checkpoint, and the cosignatures of a policy.

import { base64, hex, text } from "../lib/bytes.js";
import { ED25519, NoteError, parseCheckpoint, parseNote, parseVkey, signedBy } from "../lib/note.js";
import { cosigned, reaches } from "../lib/policy.js";
import { readWhole } from "../lib/source.js";
import { cosignersOf } from "./anchors.js";
import { olderHead } from "./tree.js";

const LONGEST = 65_536;
const vkeyText = (key) => `${key.name} ${base64(key.key)}`;
/** Whether two keys are one: by their names and their bytes. */
export const equal = (a, b) => vkeyText(a) === vkeyText(b);

/** Return the key of a file that is one vkey line, or null. */
export function parseVkeyFile(bytes) {
  try {
    const line = text(bytes);
    return line.endsWith("\n") && line.indexOf("\n") === line.length - 1 ? parseVkey(line.slice(0, -1)) : null;
  } catch {
    return null;
  }
}

/** Read `log.vkey`; return its key, or null where there is none. */
export async function ownKey(log) {
  const bytes = await readWhole(log.source, "log.vkey", { most: LONGEST });
  const own = bytes && parseVkeyFile(bytes);
  if (!own) log.findings.broken("whose", null, "log.vkey 缺失或不是一行公钥。", "log.vkey is missing or is no verifier key.");
  return own;
}

/** Return the key of the log that a policy is about: of several the one that the log states; null where it names none. */
export const stated = ({ logs }, own) => logs.find((each) => own && equal(each, own)) ?? logs[0] ?? null;

/** Return the first key of a log, which log.created names, or null where it names none. */
export function firstKey(log, { vkey, origin }) {
  let key = null;
  try {
    key = parseVkey(vkey);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
  }
  if (key && key.name === origin && key.type === ED25519) return key;
  log.findings.broken("whose", 0, "log.created 的公钥不可用。", "log.created names no usable key.");
  return null;
}

/** Compare the key from outside, which wins, with those of the log; return the key that the checkpoint must carry. */
export function whose(log, given, own) {
  const { findings, keys } = log;
  const size = log.signed ?? log.tree.size;
  const [oldest] = keys.dueAt(size);
  if (own && oldest && !equal(own, oldest)) {
    findings.broken("whose", keys.all.length > 1 ? null : 0, "log.vkey 不是记录所称的公钥。", "log.vkey is not the key that log.created names, nor the one it was handed over to.");
  }
  if (!given) {
    findings.unchecked("whose", null, "没有从外部给出公钥，无法判断这是谁的日志。", "No key was given from outside: whose log it is stays open.");
    return own;
  }
  const led = keys.follow(given, size);
  if (own && !equal(own, given) && (equal(led, given) ? !keys.dueAt(size).some((each) => equal(each, given)) || !oldest || !equal(own, oldest) : !equal(own, led))) {
    findings.broken("whose", null, `这是另一份日志：给出的公钥属于 ${given.name}，log.vkey 属于 ${own.name}。`, `Another log: The key given is ${given.name}'s, log.vkey has another.`);
  } else if (own) {
    findings.holds("whose", `日志属于 ${given.name}，公钥与外部给出的一致。`, `The log is ${given.name}, by the key given.`);
  }
  return led;
}

/** Read the checkpoint; return {note, head}, or null where there is none to be read. */
export async function readCheckpoint(log) {
  const broken = (zh, en) => log.findings.broken("checkpoint", null, zh, en);
  if (!log.source.names.has("checkpoint")) {
    broken("检查点缺失。", "The checkpoint is missing.");
    return null;
  }
  const bytes = await readWhole(log.source, "checkpoint", { most: LONGEST });
  const read = bytes && readHead(bytes);
  if (!read) broken("检查点不是签名的检查点。", "The checkpoint is no signed checkpoint.");
  return read || null;
}

/** Check the signature of the checkpoint by `key`, and that no key of the log signs out of its time. */
export async function signature(log, { note, head }, key, own) {
  const { findings, keys } = log;
  const broken = (zh, en) => findings.broken("checkpoint", null, zh, en);
  const due = keys.dueAt(head.size);
  const isLine = (line, of) => line.name === of.name && hex(line.id) === hex(of.id);
  const known = [...keys.all.map((each) => each.key), ...[key, own].filter(Boolean)];
  const strange = note.signatures.filter((line) => !known.some((each) => isLine(line, each))).length;
  if (strange) findings.noted("checkpoint", null, `另有 ${strange} 行签名，其公钥未给出，未校验。`, `${strange} more signature lines, of keys that were not given, were not verified.`);
  for (const { key: other, announced, retired } of keys.all) {
    if (!note.signatures.some((line) => isLine(line, other)) || (key && equal(other, key))) continue;
    const right = due.some((each) => equal(each, other));
    if (!right) findings.broken("keys", announced < head.size ? retired : announced, "检查点带有已停用或尚未公布的公钥的签名。", "The checkpoint carries a line of a key that is retired or not yet announced.");
    else if ((await signedBy(note, other)) === "wrong") findings.broken("keys", announced, "检查点上另一把公钥的签名无效。", "The line of another key of this log fails.");
  }
  for (const other of due) {
    if (key && !equal(other, key) && !note.signatures.some((line) => isLine(line, other))) {
      findings.noted("keys", null, "检查点缺少另一把公钥的签名。", "The checkpoint lacks the line of another key of this log.");
    }
  }
  if (!key) return;
  const told = await signedBy(note, key);
  if (told === null) findings.unchecked("checkpoint", null, "此浏览器不能校验 Ed25519 签名。", "Ed25519 cannot be checked here: the signature stays open.");
  else if (told !== "signed") broken("检查点不是这份日志签名的。", "The checkpoint is not signed by this log.");
  else if (key.name !== head.origin) broken("检查点的名称不是签名者的。", "The checkpoint has another origin than its signer.");
  else findings.holds("checkpoint", `检查点由 ${key.name} 签名：${head.size} 条。`, `${key.name} signed ${head.size} entries.`);
}

/** Compare an older checkpoint, unless none of the keys that were due at its size signed it. */
export async function since(log, older) {
  const all = await Promise.all(log.keys.dueAt(older.head.size).map((each) => signedBy(older.note, each)));
  if (!all.includes("signed") && !all.includes(null)) {
    log.findings.broken("since", null, "较早的检查点不是这份日志当时的公钥签名的。", "The older checkpoint is not signed by a key of this log that was due at its size.");
    return;
  }
  if (!all.includes("signed")) log.findings.unchecked("since", null, "较早检查点的签名未校验。", "The signature of the older checkpoint stays open.");
  olderHead(log, older.head);
}

/** Return {note, head} of the bytes of a signed checkpoint, or null. */
export function readHead(bytes) {
  try {
    const note = parseNote(bytes);
    return { note, head: parseCheckpoint(note.text) };
  } catch (error) {
    if (error instanceof NoteError) return null;
    throw error;
  }
}

/** Ask a policy for its log and its quorum: `key` is the one that the checkpoint must carry, `given` the one that led to it. */
export async function quorum(log, policy, { note, head }, key, given) {
  const named = policy.logs.some((each) => [key, given].some((one) => one && equal(one, each)));
  const signed = named && key.name === head.origin ? await signedBy(note, key) : "absent";
  const told = await cosigned(policy, note);
  const { findings } = log;
  const about = signed === "signed" || signed === null;
  if (about && (signed === null || told === null)) findings.unchecked("policy", null, "此浏览器不能校验联署。", "Cosignatures cannot be checked here.");
  else if (!about) findings.broken("policy", null, "检查点不是联署要求所指的日志。", "The policy names another log, or this log did not sign its checkpoint.");
  else if (told.wrong.length) findings.broken("policy", null, `联署无效：${told.wrong.join("、")}。`, `A cosignature fails: ${told.wrong.join(", ")}.`);
  else if (told.met) findings.holds("policy", `联署达到要求：${told.signed.join("、") || "无需联署"}。`, `The quorum is met: ${told.signed.join(", ") || "none is needed"}.`);
  else findings.broken("policy", null, `联署不足：只有 ${told.signed.join("、") || "无"}。`, `The quorum of ${policy.quorum} is not met: cosigned by ${told.signed.join(", ") || "nobody"}.`);
}

/** Check that whom the draws name as cosigners are those whom a policy trusts, and not only called like them (SPEC 8). */
export function trusted(log, policy) {
  if (policy.quorum === "none") return;
  const witnesses = [...policy.members].filter(([, each]) => each.key);
  for (const { stream, freeze, frozenAt } of log.draws.all.values()) {
    const named = freeze && cosignersOf(freeze.quorum);
    if (!named) continue; // told with the draw
    const known = new Set(witnesses.filter(([, { key }]) => named.some((each) => equal(each, key))).map(([name]) => name));
    const alike = named.filter((each) => witnesses.some(([, { key }]) => key.name === each.name) && !witnesses.some(([, { key }]) => equal(key, each)));
    const names = alike.map((each) => each.name);
    if (alike.length) {
      log.findings.broken("policy", frozenAt, `${stream} 约定的联署方 ${names.join("、")} 与策略中的同名者不是同一公钥。`, `${stream} names ${names.join(", ")} as cosigners with other keys than the policy's.`);
    } else if (!reaches(policy, known)) {
      log.findings.noted("policy", frozenAt, `${stream} 约定的联署方不足策略要求：所依据的检查点未必有您信任的见证人看过。`, `${stream} rests on checkpoints that fewer than the policy demands of your witnesses had to see.`);
    }
  }
}
