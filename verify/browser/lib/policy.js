// A trust policy of C2SP (tlog-policy): which log, which cosigners, and how many of them must have signed.

import { Refusal, base64 } from "./bytes.js";
import { COSIGNATURE, ED25519, NoteError, parseVkey, signedBy } from "./note.js";

export class PolicyError extends Refusal {}

/** Return {logs: [key], members: Map(name -> key or {least, of}), quorum} of a policy's text. */
export function parsePolicy(text) {
  const policy = { logs: [], members: new Map(), quorum: undefined };
  const used = { keys: new Set(), grouped: new Set() };
  text.split("\n").forEach((raw, n) => {
    const words = raw.replace(/\r$/, "").replace(/^\s*#.*$/, "").trim().split(/[ \t]+/).filter(Boolean);
    if (words.length === 0) return;
    try {
      statement(policy, used, words);
    } catch (error) {
      if (error instanceof PolicyError || error instanceof NoteError) throw new PolicyError(`line ${n + 1}: ${error.message}`);
      throw error;
    }
  });
  if (policy.quorum === undefined) throw new PolicyError("no quorum");
  return policy;
}

function statement(policy, used, [word, ...rest]) {
  if (word === "log" && (rest.length === 1 || rest.length === 2)) policy.logs.push(newKey(used, rest[0], ED25519));
  else if (word === "witness" && (rest.length === 2 || rest.length === 3)) {
    define(policy, rest[0], { key: newKey(used, rest[1], COSIGNATURE) });
  } else if (word === "group" && rest.length >= 3) group(policy, used, rest);
  else if (word === "quorum" && rest.length === 1) {
    if (policy.quorum !== undefined) throw new PolicyError("a second quorum");
    if (rest[0] !== "none" && !policy.members.has(rest[0])) throw new PolicyError(`${rest[0]} is not defined`);
    policy.quorum = rest[0];
  } else throw new PolicyError(`not understood: ${word}`);
}

function newKey(used, vkey, type) {
  const key = parseVkey(vkey);
  if (key.type !== type) throw new PolicyError("a key of another type");
  const raw = base64(key.key);
  if (used.keys.has(raw)) throw new PolicyError("one key twice");
  used.keys.add(raw);
  return key;
}

function define(policy, name, member) {
  if (name === "none" || policy.members.has(name)) throw new PolicyError(`${name} is defined twice`);
  policy.members.set(name, member);
}

function group(policy, used, [name, how, ...of]) {
  const least = how === "all" ? of.length : how === "any" ? 1 : /^[1-9][0-9]*$/.test(how) ? Number(how) : 0;
  if (least < 1 || least > of.length) throw new PolicyError(`no group of ${how}`);
  for (const each of of) {
    if (!policy.members.has(each)) throw new PolicyError(`${each} is not defined`);
    if (used.grouped.has(each)) throw new PolicyError(`${each} is in two groups`);
    used.grouped.add(each);
  }
  define(policy, name, { least, of });
}

/** Return {signed: [names], wrong: [names], met} for a note; null where signatures cannot be checked here. */
export async function cosigned(policy, note) {
  const signed = new Set();
  const wrong = [];
  for (const [name, member] of policy.members) {
    if (!member.key) continue;
    const told = await signedBy(note, member.key);
    if (told === null) return null;
    if (told === "signed") signed.add(name);
    if (told === "wrong") wrong.push(name);
  }
  return { signed: [...signed], wrong, met: reaches(policy, signed) };
}

/** Whether the witnesses of these names, a set of names in the policy, are enough for its quorum. */
export function reaches(policy, names) {
  const met = (name) => {
    const member = policy.members.get(name);
    return member.key ? names.has(name) : member.of.filter(met).length >= member.least;
  };
  return policy.quorum === "none" || met(policy.quorum);
}
