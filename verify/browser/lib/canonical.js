// Canonical JSON (SPEC 1): a value has one spelling, so whoever reads it spells it again and compares.

import { Refusal, text as decodeText } from "./bytes.js";
import { fault } from "./characters.js";

export class NotCanonical extends Refusal {}

const NEVER = /[\u0000-\u001f]|\p{Surrogate}/u;
const PRINTABLE = /^[\x20-\x7e]*$/;
export const DEEPEST = 32;

/** Return the one spelling of a value; NotCanonical where it has none. */
export function encode(value, depth = 0) {
  switch (typeof value) {
    case "string": {
      const spelled = JSON.stringify(value);
      // What was escaped may be more than a quotation mark or a backslash.
      if (spelled.length !== value.length + 2 && NEVER.test(value)) throw new NotCanonical("a control character or a lone surrogate");
      return spelled;
    }
    case "number":
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new NotCanonical("a number that is no integer within 2^53");
      return String(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      if (depth >= DEEPEST) throw new NotCanonical(`nested more than ${DEEPEST} deep`);
      return Array.isArray(value) ? encodeArray(value, depth) : encodeObject(value, depth);
    default:
      throw new NotCanonical(`no value of JSON: ${typeof value}`);
  }
}

function encodeArray(value, depth) {
  let out = "[";
  for (let n = 0; n < value.length; n++) out += (n ? "," : "") + encode(value[n], depth + 1);
  return out + "]";
}

// Few keys occur again and again.
const SPELLED = new Map();

function spelledKey(key) {
  if (!PRINTABLE.test(key)) throw new NotCanonical("a key that is not printable ASCII");
  const spelled = `${JSON.stringify(key)}:`;
  if (SPELLED.size < 1000) SPELLED.set(key, spelled);
  return spelled;
}

function encodeObject(value, depth) {
  let keys = Object.keys(value);
  for (let n = 1; n < keys.length; n++) {
    if (keys[n - 1] > keys[n]) {
      keys = keys.sort();
      break;
    }
  }
  let out = "{";
  for (let n = 0; n < keys.length; n++) {
    out += (n ? "," : "") + (SPELLED.get(keys[n]) ?? spelledKey(keys[n])) + encode(value[keys[n]], depth + 1);
  }
  return out + "}";
}

/** Refuse text with characters that no string may hold. */
export function checkCharacters(text) {
  const found = fault(text);
  if (found) throw new NotCanonical(found);
}

/** Return the text of bytes that may be JSON; NotCanonical where they are no UTF-8 or hold a forbidden character. */
export function readText(bytes) {
  let text;
  try {
    text = decodeText(bytes);
  } catch {
    throw new NotCanonical("not UTF-8");
  }
  checkCharacters(text);
  return text;
}

/** Return the value of JSON that need not be canonical; NotCanonical where it is none. */
export function parseAny(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new NotCanonical("not JSON");
  }
}

/** Return the value that `bytes` spell; NotCanonical where they are not its one spelling. */
export function decode(bytes) {
  const text = readText(bytes);
  const value = parseAny(text);
  if (encode(value) !== text) throw new NotCanonical("not spelled canonically");
  return value;
}
