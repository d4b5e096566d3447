// The Merkle tree of RFC 6962: its root, its proofs, and a tree that grows by a leaf and knows every older root.

import { compareBytes, same } from "./bytes.js";
import { nodeHash, nodeInto, sha256 } from "./sha256.js";

export const EMPTY = sha256(new Uint8Array(0));

/** The largest power of two below n (n > 1). */
export function split(n) {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** Leaves in one growing array, and above them the hashes of all complete subtrees: any older root costs O(log n). */
export class Tree {
  constructor() {
    this.size = 0;
    this.levels = [new Uint8Array(32 * 64)];
  }

  /** Append one leaf hash of 32 bytes. */
  append(leaf) {
    this._put(0, this.size, leaf);
    let index = this.size++;
    for (let level = 0; index & 1; level++, index = (index - 1) / 2) {
      const below = this.levels[level];
      if (!this.levels[level + 1]) this.levels.push(new Uint8Array(32 * 64));
      this._grow(level + 1, (index - 1) / 2);
      nodeInto(below, 32 * (index - 1), 32 * index, this.levels[level + 1], 16 * (index - 1));
    }
  }

  _grow(level, index) {
    const old = this.levels[level];
    if (old.length >= 32 * (index + 1)) return;
    const wider = new Uint8Array(2 * old.length);
    wider.set(old);
    this.levels[level] = wider;
  }

  _put(level, index, hash) {
    this._grow(level, index);
    this.levels[level].set(hash, 32 * index);
  }

  /** Return hash `index` of `level`: the root over the leaves [index·2^level, (index+1)·2^level). */
  node(level, index) {
    return this.levels[level].slice(32 * index, 32 * index + 32);
  }

  leaf(index) {
    return this.node(0, index);
  }

  /** Return the root over the leaves [from, to). */
  range(from, to) {
    const n = to - from;
    if (n === 0) return EMPTY;
    const level = Math.log2(n);
    if (Number.isInteger(level) && from % n === 0) return this.node(level, from / n);
    const k = split(n);
    return nodeHash(this.range(from, from + k), this.range(from + k, to));
  }

  /** Return the root over the first `size` leaves. */
  root(size = this.size) {
    return this.range(0, size);
  }

  /** Return the inclusion proof of a leaf in the tree of `size` leaves, the leaf's sibling first. */
  inclusion(index, size = this.size) {
    const path = (from, to) => {
      if (to - from === 1) return [];
      const middle = from + split(to - from);
      return index < middle ? [...path(from, middle), this.range(middle, to)] : [...path(middle, to), this.range(from, middle)];
    };
    return path(0, size);
  }

  /** Return the consistency proof from the tree of `old` leaves to that of `size`. */
  consistency(old, size = this.size) {
    const sub = (from, to, whole) => {
      if (old === to) return whole ? [] : [this.range(from, to)];
      const middle = from + split(to - from);
      if (old <= middle) return [...sub(from, middle, whole), this.range(middle, to)];
      return [...sub(middle, to, false), this.range(from, middle)];
    };
    return old === 0 || old === size ? [] : sub(0, size, true);
  }
}

/** Return the root over `count` leaf hashes that stand behind one another in `leaves`, which is overwritten. */
export function rootInPlace(leaves, count) {
  if (count === 0) return EMPTY;
  while (count > 1) {
    const pairs = count >> 1;
    for (let n = 0; n < pairs; n++) nodeInto(leaves, 64 * n, 64 * n + 32, leaves, 32 * n);
    if (count & 1) leaves.copyWithin(32 * pairs, 64 * pairs, 64 * pairs + 32);
    count = pairs + (count & 1);
  }
  return leaves.slice(0, 32);
}

const odd = (n) => n % 2 === 1;
const half = (n) => Math.floor(n / 2);

/** RFC 9162, 2.1.3.2: whether the proof leads from the leaf hash at `index` to the root of `size` leaves. */
export function verifyInclusion(leaf, index, size, root, proof) {
  if (!(index >= 0 && index < size) || leaf.length !== 32) return false;
  let fn = index, sn = size - 1, hash = leaf;
  for (const each of proof) {
    if (sn === 0 || each.length !== 32) return false;
    if (odd(fn) || fn === sn) {
      hash = nodeHash(each, hash);
      while (!odd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      hash = nodeHash(hash, each);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && same(hash, root);
}

/** RFC 9162, 2.1.4.2: whether the tree of `size` leaves begins with that of `old`. */
export function verifyConsistency(old, size, oldRoot, root, proof) {
  if (old < 0 || old > size) return false;
  if (old === size) return proof.length === 0 && compareBytes(oldRoot, root) === 0;
  if (old === 0 || proof.length === 0) return false;
  const path = Number.isInteger(Math.log2(old)) ? [oldRoot, ...proof] : proof;
  let fn = old - 1, sn = size - 1;
  while (odd(fn)) [fn, sn] = [half(fn), half(sn)];
  let first = path[0], second = path[0];
  if (path.some((each) => each.length !== 32)) return false;
  for (const each of path.slice(1)) {
    if (sn === 0) return false;
    if (odd(fn) || fn === sn) {
      first = nodeHash(each, first);
      second = nodeHash(each, second);
      while (!odd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      second = nodeHash(second, each);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && same(first, oldRoot) && same(second, root);
}
