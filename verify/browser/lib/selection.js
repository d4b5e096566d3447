// Which objects are drawn (SPEC 10): in every stratum those with the smallest tickets.

import { compare, utf8 } from "./bytes.js";
import { sha256of } from "./sha256.js";

const LABEL = utf8("FAIRDRAW-TICKET/1\0");

/** Return the 32 bytes of an object's ticket. */
export const ticket = (key, id) => sha256of(LABEL, key, utf8(id));

/** Return how many of n are drawn at `bp` ten-thousandths, with the legal maximum `hi` where there is one. */
export function quota(n, bp, hi) {
  if (n === 0) return 0;
  const k = Math.max(1, Math.ceil((n * bp) / 10000));
  return hi === null || hi === undefined ? k : Math.max(1, Math.min(k, Math.floor((n * hi) / 10000)));
}

/**
 * Whether a threshold (hex) lies where k of n tickets put it, within four standard deviations, k below n; without a root:
 * (threshold * n - k * 2^256)^2 * n <= 16 * k * (n - k) * 2^512.
 */
export function likely(n, k, threshold) {
  const [all, some] = [BigInt(n), BigInt(k)];
  const off = BigInt(`0x${threshold}`) * all - (some << 256n);
  return off * off * all <= (16n * some * (all - some)) << 512n;
}

/** Order tickets as {words, id}: the first 32 bits decide nearly always. */
export function before(a, b) {
  for (let n = 0; n < 32; n++) if (a.ticket[n] !== b.ticket[n]) return a.ticket[n] - b.ticket[n];
  return compare(a.id, b.id);
}

/**
 * Return Map(stratum -> {n, k, threshold, drawn: [{id, ticket, rank}]}) for rows of {id, stratum, excluded}.
 *
 * A stratum whose objects are all excluded has n 0, k 0 and no threshold (null).
 */
export function select(key, rows, quotas, hi) {
  const strata = new Map();
  for (const { id, stratum, excluded } of rows) {
    if (!strata.has(stratum)) strata.set(stratum, []);
    if (!excluded) strata.get(stratum).push({ id, ticket: ticket(key, id) });
  }
  const result = new Map();
  for (const [stratum, tickets] of strata) {
    const n = tickets.length;
    const k = quota(n, quotas[stratum], hi);
    const drawn = tickets.sort(before).slice(0, k);
    drawn.forEach((each, place) => (each.rank = place + 1));
    result.set(stratum, { n, k, threshold: k ? drawn[k - 1].ticket : null, drawn });
  }
  return result;
}
