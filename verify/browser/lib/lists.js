// Lists (SPEC 4): canonical objects, one a line, sorted by id, with a count and a root over the lines.

import { Refusal, compare } from "./bytes.js";
import { NotCanonical, decode } from "./canonical.js";
import { leafHash } from "./sha256.js";
import { rootInPlace } from "./tree.js";

export class ListError extends Refusal {}

export const LONGEST_LINE = 4_194_304;

/**
 * Yield {value, line} of every line of a list; ListError at the first that is wrong.
 *
 * `line` are the bytes without their line feed, valid until the next step.
 */
export function* lines(bytes) {
  let before = null;
  for (let at = 0, n = 1; at < bytes.length; n++) {
    const end = bytes.indexOf(10, at);
    if (end < 0) throw new ListError(`line ${n} does not end`);
    if (end - at > LONGEST_LINE) throw new ListError(`line ${n} is too long`);
    const line = bytes.subarray(at, end);
    const value = valueOf(line, n);
    if (before !== null && compare(before, value.id) >= 0) throw new ListError(`line ${n}: the id is not after the one before it`);
    before = value.id;
    yield { value, line };
    at = end + 1;
  }
}

function valueOf(line, n) {
  let value;
  try {
    value = decode(line);
  } catch (error) {
    if (error instanceof NotCanonical) throw new ListError(`line ${n}: ${error.message}`);
    throw error;
  }
  if (value === null || typeof value !== "object" || Array.isArray(value) || typeof value.id !== "string") {
    throw new ListError(`line ${n} is no object with an id`);
  }
  return value;
}

/** Collects the leaf hashes of lines and gives their count and root. */
export class Fingerprint {
  constructor() {
    this.count = 0;
    this.leaves = new Uint8Array(32 * 256);
  }

  /** Add a line and return where its leaf hash stands in `leaves`. */
  add(line) {
    leafHash(line, this._room(), 32 * this.count);
    return 32 * this.count++;
  }

  addHash(source, at) {
    const room = this._room();
    for (let n = 0; n < 32; n++) room[32 * this.count + n] = source[at + n];
    this.count++;
  }

  _room() {
    if (this.leaves.length < 32 * (this.count + 1)) {
      const wider = new Uint8Array(2 * this.leaves.length);
      wider.set(this.leaves);
      this.leaves = wider;
    }
    return this.leaves;
  }

  /** Return the root; it may be asked for once, and nothing added after it. */
  root() {
    return rootInPlace(this.leaves, this.count);
  }
}
