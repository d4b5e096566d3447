// Whose log it is (SPEC 3): the key from outside, the signature of the checkpoint, and the cosignatures of a policy.

import { base64, hex, text } from "../lib/bytes.js";
import { NoteError, parseCheckpoint, parseNote, parseVkey, signedBy } from "../lib/note.js";
import { cosigned } from "../lib/policy.js";
import { readWhole } from "../lib/source.js";
import { olderHead } from "./tree.js";

const LONGEST = 65_536;
const vkeyText = (key) => `${key.name} ${base64(key.key)}`;
const equal = (a, b) => vkeyText(a) === vkeyText(b);

/** Return the key of a file that is one vkey line, or null. */
export function parseVkeyFile(bytes) {
  try {
    const line = text(bytes);
    return line.endsWith("\n") && line.indexOf("\n") === line.length - 1 ? parseVkey(line.slice(0, -1)) : null;
  } catch {
    return null;
  }
}

/** Read `log.vkey` and compare it with the key from outside, which wins; return the key to check signatures with. */
export async function whose(log, given) {
  const { findings } = log;
  const bytes = await readWhole(log.source, "log.vkey", { most: LONGEST });
  const own = bytes && parseVkeyFile(bytes);
  log.ownKey = own;
  if (!own) findings.broken("whose", null, "log.vkey 缺失或不是一行公钥。", "log.vkey is missing or is no verifier key.");
  if (!given) {
    findings.unchecked("whose", null, "没有从外部给出公钥，无法判断这是谁的日志。", "No key was given from outside: whose log it is stays open.");
  } else if (own && !equal(own, given)) {
    findings.broken("whose", null, `这是另一份日志：给出的公钥属于 ${given.name}，log.vkey 属于 ${own.name}。`, `Another log: The key given is ${given.name}'s, log.vkey has another.`);
  } else if (own) {
    findings.holds("whose", `日志属于 ${given.name}，公钥与外部给出的一致。`, `The log is ${given.name}, by the key given.`);
  }
  return given ?? own;
}

/** Compare `log.vkey` with what log.created names. */
export function namedKey(log, named) {
  const broken = (zh, en) => log.findings.broken("whose", 0, zh, en);
  let key = null;
  try {
    key = parseVkey(named.vkey);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
  }
  if (!key || key.name !== named.origin) broken("log.created 的公钥不可用。", "log.created names no usable key.");
  else if (log.ownKey && !equal(log.ownKey, key)) broken("log.vkey 不是 log.created 所称的公钥。", "log.vkey is not the key that log.created names.");
  return key && key.name === named.origin ? key : null;
}

/** Read and check the checkpoint; return {note, head}, or null where there is none to be read. */
export async function checkpoint(log, key) {
  const { findings } = log;
  const file = log.source.names.get("checkpoint");
  const broken = (zh, en) => findings.broken("checkpoint", null, zh, en);
  if (!file) return broken("检查点缺失。", "The checkpoint is missing.") ?? null;
  const bytes = await readWhole(log.source, "checkpoint", { most: LONGEST });
  const read = bytes && readHead(bytes);
  if (!read) return broken("检查点不是签名的检查点。", "The checkpoint is no signed checkpoint.") ?? null;
  const strange = read.note.signatures.filter((each) => !key || each.name !== key.name || hex(each.id) !== hex(key.id)).length;
  if (strange) findings.noted("checkpoint", null, `另有 ${strange} 行签名，其公钥未给出，未校验。`, `${strange} more signature lines, of keys that were not given, were not verified.`);
  if (!key) return read;
  const told = await signedBy(read.note, key);
  if (told === null) findings.unchecked("checkpoint", null, "此浏览器不能校验 Ed25519 签名。", "Ed25519 cannot be checked here: the signature stays open.");
  else if (told !== "signed") broken("检查点不是这份日志签名的。", "The checkpoint is not signed by this log.");
  else if (key.name !== read.head.origin) broken("检查点的名称不是签名者的。", "The checkpoint has another origin than its signer.");
  else findings.holds("checkpoint", `检查点由 ${key.name} 签名：${read.head.size} 条。`, `${key.name} signed ${read.head.size} entries.`);
  return read;
}

/** Compare an older checkpoint, once its signature holds. */
export async function since(log, key, older) {
  const told = key && (await signedBy(older.note, key));
  if (told === "absent" || told === "wrong") log.findings.broken("since", null, "较早的检查点不是这份日志签名的。", "The older checkpoint is not signed by this log.");
  else if (!told) log.findings.unchecked("since", null, "较早检查点的签名未校验。", "The signature of the older checkpoint stays open.");
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

/** Ask a policy for its quorum. */
export async function quorum(log, policy, { note, head }) {
  let about = policy.logs.length === 0;
  for (const key of policy.logs) about ||= key.name === head.origin && (await signedBy(note, key)) !== "absent";
  const told = await cosigned(policy, note);
  const { findings } = log;
  if (told === null) findings.unchecked("policy", null, "此浏览器不能校验联署。", "Cosignatures cannot be checked here.");
  else if (!about) findings.broken("policy", null, "检查点不是联署要求所指的日志。", "The policy names another log, or this log did not sign its checkpoint.");
  else if (told.wrong.length) findings.broken("policy", null, `联署无效：${told.wrong.join("、")}。`, `A cosignature fails: ${told.wrong.join(", ")}.`);
  else if (told.met) findings.holds("policy", `联署达到要求：${told.signed.join("、") || "无需联署"}。`, `The quorum is met: ${told.signed.join(", ") || "none is needed"}.`);
  else findings.broken("policy", null, `联署不足：只有 ${told.signed.join("、") || "无"}。`, `The quorum of ${policy.quorum} is not met: cosigned by ${told.signed.join(", ") || "nobody"}.`);
}
