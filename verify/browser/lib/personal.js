// What no public text may hold (SPEC 5): identity numbers and mobile phones of people; and how a private field is committed to.

import { lp, utf8 } from "./bytes.js";
import { encode } from "./canonical.js";
import { isDate } from "./calendar.js";
import { sha256of } from "./sha256.js";

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const LONG = /\p{Nd}{11}/u;
const WIDE = /[^\x00-\x7f]/;
const RUNS = /(?<![0-9A-Za-z])(?:1[3-9][0-9]{9}|[0-9]{17}[0-9Xx])(?![0-9A-Za-z])/g;

function isIdentity(number) {
  if (!/^(?:19|20)/.test(number.slice(6))) return false;
  if (!isDate(`${number.slice(6, 10)}-${number.slice(10, 12)}-${number.slice(12, 14)}`)) return false;
  const sum = WEIGHTS.reduce((total, weight, n) => total + weight * Number(number[n]), 0);
  return "10X98765432"[sum % 11] === number[17].toUpperCase();
}

/** Return the first thing in a text that looks like a person's number, all but three characters hidden, or null. */
export function findNumber(text) {
  if (!LONG.test(text)) return null;
  // A digit of another width or script is a digit: NFKC knows the wide ones.
  for (const [found] of (WIDE.test(text) ? text.normalize("NFKC") : text).matchAll(RUNS)) {
    if (found.length === 11 || isIdentity(found)) return found.slice(0, 3) + "*".repeat(found.length - 3);
  }
  return null;
}

/** Return the first find in all texts of a value; texts behind a key `but` are left out. */
export function findIn(value, but = null) {
  if (typeof value === "string") return value.length < 11 ? null : findNumber(value);
  if (value === null || typeof value !== "object") return null;
  for (const key of Object.keys(value)) {
    if (key === but) continue;
    const found = findIn(value[key], but);
    if (found) return found;
  }
  return null;
}

/** Return the commitment to a value of text under a label; `salt` has 32 bytes. */
export const commitField = (label, salt, value) => sha256of(utf8("fairdraw/field/v1\0"), lp(label), salt, utf8(value));

/** Return the commitment to who is recused from an object of a draw, `inspectors` being sorted ids. */
export const commitRecusal = (draw, object, salt, inspectors) =>
  commitField(`recusals/${draw}/${object}`, salt, encode(inspectors));

