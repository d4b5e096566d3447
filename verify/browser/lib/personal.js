// What no public text may hold (SPEC 5): identity numbers and mobile phones of people; and how a private field is committed to.

import { lp, utf8 } from "./bytes.js";
import { encode } from "./canonical.js";
import { sha256of } from "./sha256.js";

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const LONG = /[0-9０-９]{11}/;
const WIDE = /[０-９]/g; // a digit of full width is a digit
const RUNS = /(?<![0-9A-Za-z])(?:1[3-9][0-9]{9}|[0-9]{17}[0-9Xx])(?![0-9A-Za-z])/g;

function isIdentity(number) {
  if (!/^(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])$/.test(number.slice(6, 14))) return false;
  const sum = WEIGHTS.reduce((total, weight, n) => total + weight * Number(number[n]), 0);
  return "10X98765432"[sum % 11] === number[17].toUpperCase();
}

/** Return the first thing in a text that looks like a person's number, all but three characters hidden, or null. */
export function findNumber(text) {
  if (!LONG.test(text)) return null;
  const narrow = text.replaceAll(WIDE, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0xfee0));
  for (const [found] of narrow.matchAll(RUNS)) {
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

