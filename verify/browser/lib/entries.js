// An entry and its bytes (SPEC 2).

import { isHex32, unbase64 } from "./bytes.js";
import { isAt } from "./calendar.js";
import { NotCanonical, encode, parseAny, readText } from "./canonical.js";

export const LONGEST = 65_535;
const KEYS = ["prev", "index", "at", "v", "stream", "version", "kind", "actor", "command", "data"];
const SIGNED = [...KEYS.slice(0, 9), "signature", "data"];
const CODE = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;
const isText = (value) => typeof value === "string";
const isCount = (value, from) => Number.isSafeInteger(value) && value >= from;
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

const RULES = {
  prev: (v) => isText(v) && /^[0-9a-f]{64}$/.test(v),
  index: (v) => isCount(v, 0),
  at: isAt,
  v: (v) => v === 1,
  stream: (v) => isText(v) && /^[a-z]+\/[A-Za-z0-9._/-]{1,120}$/.test(v),
  version: (v) => isCount(v, 1),
  kind: (v) => isText(v) && /^[a-z]+(?:-[a-z]+)*\.[a-z]+(?:-[a-z]+)*(?:\/[0-9]+)?$/.test(v),
  actor: (v) => isObject(v) && Object.keys(v).join() === "account,role,unit" && Object.values(v).every((each) => isText(each) && CODE.test(each)),
  command: (v) => isText(v) && /^[A-Za-z0-9._-]{1,64}$/.test(v),
  signature: (v) => isObject(v) && Object.keys(v).join() === "expires,key,value" && isCount(v.expires, 0) && isHex32(v.key) && unbase64(v.value) !== null,
  data: isObject,
};

/** Return the entry that a line spells; NotCanonical, with a reason, where it spells none. */
export function parseEntry(bytes) {
  if (bytes.length > LONGEST) throw new NotCanonical(`longer than ${LONGEST} bytes`);
  const text = readText(bytes);
  const entry = parseAny(text);
  if (!isObject(entry)) throw new NotCanonical("no object");
  const names = Object.keys(entry);
  const due = names.length === SIGNED.length ? SIGNED : KEYS;
  if (names.join() !== due.join()) throw new NotCanonical("not the keys of an entry in their order");
  for (const name of names) if (!RULES[name](entry[name])) throw new NotCanonical(`${name} is malformed`);
  const spelled = names.map((name) => `"${name}":${encode(entry[name])}`).join(",");
  if (`{${spelled}}` !== text) throw new NotCanonical("not spelled canonically");
  return entry;
}
